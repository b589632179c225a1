import Foundation
import Guard
import LoopDetection
import Rules
import Testing

@testable import Replay

@Suite struct Tuning {
    @Test func everyDialStandsAtTheDefault() throws {
        for dial in Dial.all {
            let yaml = "version: 1\ndetectors:\n  \(dial.detector.name):\n    \(dial.steps[dial.usual])\n"
            #expect(try RuleSet.parse(yaml: yaml, file: "dial") == .default, "\(yaml)")
        }
    }

    @Test func everyStepMakesRules() throws {
        for (place, dial) in Dial.all.enumerated() {
            for step in dial.steps.indices {
                var setting = DialSetting()
                setting.steps[place] = step
                #expect(throws: Never.self) { try RuleSet.parse(yaml: setting.yaml(), file: setting.yaml()) }
            }
        }
    }

    /// Lists that differ in their numbers are healthy, and a loop of few lines is told from them by its length only.
    private static func corpus(healthyLines: Int) -> String {
        (0..<6).map { n in
            line("h\(n)", "healthy", #"{"content":"The same line comes again.\n","times":\#(healthyLines)}"#)
        }
        .joined()
            + (0..<6).map { n in
                line(
                    "l\(n)",
                    "loop",
                    #"{"content":"We look at part \#(n) again.\n","times":38}"#,
                    #""channel":"content","began":0,"#
                )
            }
            .joined()
    }

    @Test func aThresholdIsLoweredWhenNothingHealthySpeaksAgainstIt() async throws {
        try await withFolder(["x.corpus.jsonl": Self.corpus(healthyLines: 3)]) { folder in
            let tuned = try await RuleTuner().tune(try Recording.find([folder]))
            #expect(tuned.isChanged)
            #expect(tuned.train.usual.misses == Share(3, of: 3) && tuned.train.tuned.misses == Share(0, of: 3))
            #expect(tuned.test.tuned.misses == Share(0, of: 3) && tuned.test.tuned.falseStops == Share(0, of: 3))
            let rules = try RuleSet.parse(yaml: tuned.yaml, file: "tuned.yaml")
            #expect(rules != .default)
            #expect(tuned.yaml.contains("was prose") && tuned.yaml.contains("stricter"))
        }
    }

    @Test func nothingIsLoweredThatHealthyRecordingsWouldPayFor() async throws {
        try await withFolder(["x.corpus.jsonl": Self.corpus(healthyLines: 34)]) { folder in
            let tuned = try await RuleTuner().tune(try Recording.find([folder]))
            #expect(!tuned.isChanged)
            #expect(tuned.train.tuned.falseStops.count == 0)
            #expect(try RuleSet.parse(yaml: tuned.yaml, file: "tuned.yaml") == .default)
        }
    }

    @Test func oneLabelIsNotEnough() async throws {
        try await withFolder(["x.corpus.jsonl": line("a", "healthy", #"{"content":"a"}"#)]) { folder in
            let recordings = try Recording.find([folder])
            await #expect(throws: ReplayError.self) { try await RuleTuner().tune(recordings) }
        }
    }
}
