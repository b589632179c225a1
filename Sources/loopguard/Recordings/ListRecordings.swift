import ArgumentParser
import Foundation
import RecordingIndex
import Recordings
import Replay

extension RecordingsCommand {
    /// `loopguard recordings list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List recorded runs, newest first.")

        @Argument(help: "A folder of recordings.")
        var folder: String

        @Option(help: "Only runs that ended so: completed, capped, stopped, disconnected, failed or unfinished.")
        var state: String?

        @Option(help: "Only runs of this model; * stands for any characters.")
        var model: String?

        @Option(help: "Only runs of this client; * stands for any characters.")
        var client: String?

        @Option(help: "Only runs in which this detector went furthest.")
        var detector: String?

        @Option(help: "Only runs that began within this time, such as 30m, 2h or 7d.")
        var since: TimeSpan?

        @Option(help: "Only runs with these words in the last of the request or in the answer.")
        var search: String?

        @Option(help: "The most runs.")
        var limit = 50

        @Flag(help: "Print JSON, one run in a line.")
        var json = false

        func run() throws {
            let place = try RecordedPlace(folder)
            guard place.run == nil else { throw ValidationError("\(folder) is a run; name a folder.") }
            var query = RunQuery()
            query.state = state
            query.model = model
            query.client = client
            query.detector = detector
            query.since = since.map { Date().timeIntervalSince1970 - $0.seconds }
            query.text = search
            query.limit = limit
            let runs = try place.index.runs(query)
            let labels: LabelFile
            do throws(ReplayError) {
                labels = try LabelFile(folder: place.index.directory.path + "/")
            } catch {
                throw ValidationError(error.description)
            }
            if !json, !runs.isEmpty { print(RunSummary.tableHead) }
            for run in runs {
                let label = labels.labels[run.id]?.kind.rawValue
                print(json ? run.json(label: label) : run.tableRow(label: label))
            }
            let lost = try place.index.lostBytes
            if lost > 0 { printError("\(lost) bytes of segments could not be read") }
        }
    }
}

extension RunSummary {
    static let tableHead = row(["began", "state", "detector", "bytes", "seconds", "label", "model", "client", "run"])

    func tableRow(label: String?) -> String {
        let moment = Date(timeIntervalSince1970: request.started).formatted(
            .verbatim(
                "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
                timeZone: .current,
                calendar: Calendar(identifier: .gregorian)
            )
        )
        let seconds = (Double(duration) / 1e8).rounded() / 10
        return Self.row([
            moment, state, verdict?.detector ?? "", "\(cameBytes)", "\(seconds)", label ?? "", request.model,
            request.client ?? "", id,
        ])
    }

    private static let widths = [19, 12, 16, 9, 7, 7, 20, 20]

    private static func row(_ cells: [String]) -> String {
        var row = ""
        for (place, cell) in cells.enumerated() {
            guard place < widths.count else { return row + cell }
            let cell = cell.count > widths[place] ? cell.prefix(widths[place] - 1) + "…" : cell
            let padding = String(repeating: " ", count: widths[place] - cell.count)
            // Numbers stand to the right.
            row += (place == 3 || place == 4 ? padding + cell : cell + padding) + "  "
        }
        return row
    }

    /// One line of JSON, with the names that `/v1/runs` uses.
    func json(label: String?) -> String {
        var members: [String: Any] = [
            "id": id, "state": state, "model": request.model, "path": request.path, "started": request.started,
            "duration_ms": Double(duration) / 1e6, "bytes": cameBytes, "bytes_out": wentBytes,
        ]
        members["client"] = request.client
        members["format"] = request.format
        members["source"] = request.source
        members["reason"] = end?.reason
        members["status"] = end?.status
        members["events"] = end?.events
        members["ttft_ms"] = firstByte.map { Double($0) / 1e6 }
        members["label"] = label
        if request.isTextRedacted { members["redacted"] = "text" }
        if let verdict {
            members["detector"] = verdict.detector
            members["mode"] = verdict.mode
            members["channel"] = verdict.channel
            members["byte"] = verdict.byte
            members["event"] = verdict.event
            let evidence = Data("{".utf8) + Data(verdict.evidence) + Data("}".utf8)
            members["evidence"] = try? JSONSerialization.jsonObject(with: evidence)
        }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? JSONSerialization.data(withJSONObject: members, options: options)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }
}
