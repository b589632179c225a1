import Foundation
import GenerationWire
import Guard
import LoopDetection
import Replay
import Rules
import Testing

@Suite struct Scoring {
    private static let loop = #"{"content":"It began well. "},{"content":"round ","times":400}"#

    private static let corpus =
        line("healthy", "healthy", #"{"content":"All is well."}"#)
        + line("repetition that was asked for", "healthy", #"{"content":"again ","times":400}"#)
        + line("found", "loop", loop, #""class":"word","channel":"content","began":15,"#)
        + line("stopped too early", "loop", loop, #""class":"word","channel":"content","began":2000,"#)
        + line("elsewhere", "loop", loop, #""channel":"reasoning","began":0,"#)
        + line("missed", "loop", #"{"content":"round ","times":40}"#, #""class":"word","channel":"content","began":0,"#)

    @Test func verdictsAreComparedWithLabels() async throws {
        try await withFolder(["x.corpus.jsonl": Self.corpus, "y.sse": chunk("a")]) { folder in
            let score = try await Replayer(rules: .default).score(try Recording.find([folder]), jobs: 3)
            #expect(score.total.falseStops == Share(1, of: 2))
            #expect(score.total.earlyStops == Share(2, of: 4))
            #expect(score.total.misses == Share(1, of: 4))
            #expect(score.unlabelled == 1 && score.errors.isEmpty)
            #expect(score.classes["word"]?.loops == 3)
            #expect(
                score.failures.map { $0.file.split(separator: "#")[1] } == [
                    "repetition that was asked for", "stopped too early", "elsewhere", "missed",
                ]
            )
            // 1,024 bytes of loop, and up to the next look of the detector.
            let delivered = try #require(score.total.delivered(0.5))
            #expect(score.total.delivered == [delivered] && delivered >= 1_024 && delivered < 1_024 + 128)
            let tail = try #require(score.detectors.first { $0.id == .tailRepeat })
            #expect(tail.first == 4 && tail.alone.misses.count == 1)
            let simhash = try #require(score.detectors.first { $0.id == .simhashRepeat })
            #expect(simhash.first == 0 && simhash.alone.misses == Share(4, of: 4))
            #expect(score.table.contains("missed"))
            #expect(score.table.contains("2 healthy: 1 stopped; 4 loops: 1 missed, 2 stopped before they began"))
            let page = try JSONSerialization.jsonObject(with: Data(score.json.utf8)) as? [String: Any]
            let all = try #require(page?["all"] as? [String: Any])
            #expect((all["misses"] as? [String: Any])?["rate"] as? Double == 0.25)
            #expect((page?["failures"] as? [Any])?.count == 4)
        }
    }

    @Test(arguments: [
        // From the formula, worked out by hand with z² = 3.8415.
        (0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634),
        (1, 100, 0.0018, 0.0545),
        (0, 3_000, 0.0, 0.00128),
    ])
    func anIntervalIsWilsons(count: Int, total: Int, low: Double, high: Double) {
        let interval = Share(count, of: total).interval
        #expect(abs(interval.lowerBound - low) < 0.0001 && abs(interval.upperBound - high) < 0.0001, "\(interval)")
    }
}

/// The default rules on the corpus: what docs/detectors.md says of them.
@Suite struct Corpus {
    private static let folder = repository + "/fixtures/corpus"

    @Test func thereAreEnoughOfBothAndOfEveryClass() throws {
        let labels = try LabelFile.labels(of: try Recording.find([Self.folder])).compactMap { $0 }
        #expect(labels.count { $0.kind == .loop } >= 300)
        #expect(labels.count { $0.kind == .healthy } >= 300)
        #expect(Set(labels.map(\.group)).count >= 50)
    }

    /// Without optimisation the whole corpus takes a minute: then one of eight, and all of it in `make score`.
    private static let step = ProcessInfo.processInfo.environment["LOOPGUARD_CORPUS"] == "whole" ? 1 : 8

    @Test func theDefaultRulesHarmNothingAndMissOnlyWhatIsDocumented() async throws {
        let all = try Recording.find([Self.folder])
        let recordings = stride(from: 0, to: all.count, by: Self.step).map { all[$0] }
        let labels = try LabelFile.labels(of: recordings)
        let page = try String(contentsOfFile: repository + "/docs/detectors.md", encoding: .utf8)
        var tally = Tally()
        for await result in Replayer(rules: .default).replay(recordings, jobs: 2) {
            let label = try #require(labels[tally.count])
            switch tally.add(label, result.verdict) {
            case .passed, .stopped: break
            case .missed:
                let isDocumented = page.contains("`\(result.file.split(separator: "#")[1])`")
                #expect(isDocumented, "\(result.file) is missed, and docs/detectors.md does not say so")
            case .falseStop, .earlyStop: Issue.record("\(result.file): \(result.jsonLine)")
            }
        }
        if Self.step == 1 { #expect(tally.misses.rate <= 0.02) }
    }
}
