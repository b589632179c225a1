import Foundation
import LoopDetection

extension Score {
    /// The score as a JSON object: the same facts as ``table``, and the classes.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Nothing in a page can fail to encode: strings, whole numbers and shares between 0 and 1.
        return String(decoding: (try? encoder.encode(Page(self))) ?? Data(), as: UTF8.self)
    }

    private struct Page: Encodable {
        var all: Row
        var detectors: [Row]
        var classes: [Row]
        var failures: [Case]
        var unlabelled: Int
        var errors: [String]

        init(_ score: Score) {
            all = Row("all", score.total)
            detectors = score.detectors.map { Row($0.id.name, $0.alone, first: $0.first) }
            classes = score.classes.sorted { $0.key < $1.key }.map { Row($0.key, $0.value) }
            failures = score.failures.map {
                Case(
                    file: $0.file,
                    outcome: $0.outcome.name,
                    detector: $0.verdict?.detector.name,
                    mode: $0.verdict.map { "\($0.mode)" },
                    byte: $0.verdict?.byte
                )
            }
            unlabelled = score.unlabelled
            errors = score.errors
        }
    }

    private struct Row: Encodable {
        var name: String
        var first: Int?
        var falseStops: Share
        var earlyStops: Share
        var misses: Share
        var deliveredMedian: Int?
        var deliveredP95: Int?

        init(_ name: String, _ tally: Tally, first: Int? = nil) {
            self.name = name
            self.first = first
            falseStops = tally.falseStops
            earlyStops = tally.earlyStops
            misses = tally.misses
            deliveredMedian = tally.delivered(0.5)
            deliveredP95 = tally.delivered(0.95)
        }

        enum CodingKeys: String, CodingKey {
            case name, misses
            case first = "first_to_stop"
            case falseStops = "false_stops"
            case earlyStops = "early_stops"
            case deliveredMedian = "loop_bytes_median"
            case deliveredP95 = "loop_bytes_p95"
        }
    }

    private struct Case: Encodable {
        var file: String
        var outcome: String
        var detector: String?
        var mode: String?
        var byte: Int?
    }
}
