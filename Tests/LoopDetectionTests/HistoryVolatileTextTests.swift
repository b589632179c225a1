import GenerationWire
import LoopDetection
import Testing

/// What is stripped from results before they are compared, seen through the verdicts.
struct HistoryVolatileTextTests {
    /// Whether results that alternate between two texts count as the same result.
    private func areSame(_ left: String, _ right: String) -> Bool {
        var conversation = ToolConversation()
        for index in 0..<4 { conversation.bash("./run", index % 2 == 0 ? left : right) }
        return conversation.nextBash("./run").evidence(.historyRepeat, "pattern") == "identical"
    }

    @Test(arguments: [
        ("wall_time=0.2630s", "wall_time=0.2711s"), ("\"duration\": 12", "\"duration\": 9"), ("took 3 s", "took 4 s"),
        ("1 failed in 0.12s", "1 failed in 1.07s"), ("real\t0m0.523s", "real\t0m0.498s"), ("12 ms", "7 ms"),
        ("5µs", "61µs"),
        ("done in 3.1 seconds", "done in 2.9 seconds"), ("elapsed_ms: 17", "elapsed_ms: 220"),
        ("elapsed: 0.31", "elapsed: 0.29"), ("at 2026-09-30T10:15:00Z", "at 2026-09-30T10:16:31.250Z"),
        ("2026-09-30 10:15:00,123 INFO x", "2026-10-01 00:00:07,999 INFO x"),
        ("2026/09/30 10:15 x", "2026/09/30 10:16 x"), ("2026-09-30T10:15:00+02:00", "2026-09-30T10:15:09-0700"),
        ("[10:15:00] up", "[9:59:59.001] up"), ("pid 4242", "pid 77"), ("pid=1", "pid=65535"),
        ("created: 1790000000", "created: 1790000031"), ("\"timestamp\":1790000000123", "\"timestamp\":1790000031456"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-0000-4000-8000-0123456789ab"),
        ("<Foo object at 0x7f3a2c001b20>", "<Foo object at 0x7f9d11e4aa00>"), ("req_011CSabc", "req_99ZZtop"),
        ("request_id: 8f14e45fceea", "request_id: c9f0f895fb98"),
        ("{\"trace_id\":\"abcdef01\"}", "{\"trace_id\":\"98765432\"}"),
        ("same\n", "same"),
    ])
    func volatilePartsMakeNoDifference(left: String, right: String) {
        #expect(areSame(left, right))
    }

    @Test(arguments: [
        ("3 failed", "2 failed"), ("line 40", "line 41"), ("running for 30s", "running for 60s"),
        ("elapsed 31", "elapsed 62"), ("0x000055555555 in main ()", "0x000055555559 in main ()"),
        ("=> 0x000055555555 <main>", "=> 0x000055555559 <main>"), ("v1.2.3", "v1.2.4"), ("2026-09-30", "2026-10-01"),
        ("total 1790000000", "total 1790000031"), ("0x1f", "0x20"), ("deadbeef", "deadbeee"), ("80%", "81%"),
        ("a", "b"),
        ("12 m", "13 m"), ("item 123e4567", "item 123e4568"), ("", "x"),
    ])
    func whatTellsProgressIsKept(left: String, right: String) {
        #expect(!areSame(left, right))
    }

    @Test func noBytesCanCrashTheMonitor() {
        var generator = SystemRandomNumberGenerator()
        let pieces =
            [
                "{", "}", "\"", ":", ": ", "\n", "0x", "12:3", "2026-09-30T", "0.5s", "pid ", "req_", "exit code",
                "127", "<<", ">&",
                "|", "command", "not found", "\\", "'", "$(", "`", "é", "’", "\u{0}", "cd ", "sudo ", "PATH=", "[",
                "loopguard", " ",
            ].map { Array($0.utf8) } + [[0xFF], [0xE2, 0x80], [0xC3]]
        func noise() -> [UInt8] {
            (0..<Int.random(in: 0...30, using: &generator)).flatMap { _ in pieces.randomElement(using: &generator)! }
        }
        for _ in 0..<300 {
            let rounds = (0..<4).map { _ in
                let command = Array("{\"command\":\"".utf8) + noise().filter { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
                return Conversation.Round(
                    calls: [
                        .init(name: "bash", arguments: command + Array("\"}".utf8), result: .init(text: noise())),
                        .init(name: "x", arguments: noise(), result: .init(text: noise(), isError: true)),
                    ],
                    turn: 0
                )
            }
            var monitor = ToolCallMonitor(conversation: Conversation(rounds: rounds), settings: DetectorSettings())
            var verdicts = monitor.preflight()
            for round in rounds {
                for call in round.calls {
                    monitor.completed(name: call.name, arguments: call.arguments.span, verdicts: &verdicts)
                }
            }
            #expect(verdicts.allSatisfy { $0.channel == nil && $0.mode > .off })
        }
    }
}
