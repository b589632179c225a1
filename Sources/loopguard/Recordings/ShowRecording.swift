import ArgumentParser
import Foundation
import GenerationWire
import Recordings

extension RecordingsCommand {
    /// `loopguard recordings show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a recorded run: the request, what was said, when, and what was found."
        )

        @Argument(help: "FOLDER/ID; the beginning of the id is enough.")
        var place: String

        @Flag(help: "Show each read and write with its time, as it was, in place of the text.")
        var wire = false

        @Flag(help: "Show the whole body of the request.")
        var request = false

        func run() throws {
            let summary = try RecordedPlace.run(place)
            let recorded = try RecordedRun(summary)
            print(RunSummary.tableHead)
            print(summary.tableRow(label: nil))
            if let asked = recorded.request { print("\n\(asked.path), \(asked.body.count) bytes") }
            for header in recorded.request?.headers ?? [] { print("  \(header.name): \(header.value)") }
            if request, let asked = recorded.request { print("\n" + String(decoding: asked.body, as: UTF8.self)) }
            if let head = recorded.head { print("\nstatus \(head.status)") }
            if wire { printWire(recorded) } else { printText(recorded, summary) }
            for verdict in recorded.verdicts {
                let place = verdict.channel.map { " in \($0)" } ?? ""
                print("\n\(verdict.mode): \(verdict.detector)\(place), byte \(verdict.byte), event \(verdict.event)")
                print("  {\(String(decoding: verdict.evidence, as: UTF8.self))}")
            }
            let reason = summary.end?.reason.map { ", \($0)" } ?? ""
            print("\n\(summary.state)\(reason) after \(Self.time(summary.duration))")
        }

        private func printText(_ recorded: RecordedRun, _ summary: RunSummary) {
            guard let format = WireFormat(path: summary.request.path) else {
                return print("\n" + String(decoding: recorded.came, as: UTF8.self))
            }
            var transcript = Transcript(format: format)
            transcript.receive(recorded.came)
            transcript.finish()
            for passage in transcript.passages {
                let choice = passage.choice > 0 ? " (choice \(passage.choice))" : ""
                switch passage.kind {
                case .content: print("\ncontent\(choice):\n\(passage.text)")
                case .reasoning: print("\nreasoning\(choice):\n\(passage.text)")
                case .call(let name): print("\ncall\(choice): \(name)(\(passage.text))")
                }
            }
        }

        private func printWire(_ recorded: RecordedRun) {
            print("")
            for record in recorded.records {
                let time = Self.time(record.time)
                switch record.event {
                case .bytes(let flow, let bytes):
                    let arrow = [.came: "<  ", .went: "  >", .passed: "< >"][flow, default: ""]
                    print("\(time) \(arrow) \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                case .sent: print("\(time) asked")
                case .head(let head): print("\(time) status \(head.status)")
                case .verdict(let verdict): print("\(time) \(verdict.mode): \(verdict.detector)")
                case .request, .end, .dropped: break
                }
            }
        }

        private static func time(_ nanoseconds: Int64) -> String {
            String(format: "%10.3f ms", Double(nanoseconds) / 1e6)
        }
    }
}
