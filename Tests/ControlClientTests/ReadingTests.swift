import Foundation
import Testing

@testable import ControlClient

@Suite struct ReadingRuns {
    @Test func theQueryReachesTheGateway() async throws {
        let gateway = FakeGateway([.init(id: "a", model: "m 1"), .init(id: "b")])
        let url = try await gateway.start()
        var query = RunQuery()
        (query.state, query.model, query.limit) = ("live,capped", "m 1", 5)
        let answer = try await ControlClient(url: url + "//").runs(query)
        #expect(answer.page.data.map(\.id) == ["a"])
        #expect(answer.json.hasPrefix("{"))
        #expect(await gateway.asked == ["GET /v1/runs?state=live%2Ccapped&model=m%201&limit=5 "])
        await gateway.stop()
    }

    @Test func runsStandUnderTheirParents() throws {
        let page = try ControlClient.decoder.decode(
            RunPage.self,
            from: Data(
                """
                {"data":[
                {"id":"late","state":"streaming","parent":"root","started":90,"events":3,"ttft_ms":12.3,"model":"m\\u001b[2J"},
                {"id":"other","state":"capped","started":70,"tokens":379,"reason":"guard:tail_repeat","client":"opencode/1.2"},
                {"id":"early","state":"completed","parent":"root","started":60},
                {"id":"deep","state":"queued","parent":"early","started":80},
                {"id":"root","state":"streaming","parent":"gone","started":50}
                ],"has_more":true,"live":9,"now":100}
                """.utf8
            )
        )
        #expect(
            RunTable(page).lines == [
                "ID        STATE      MODEL       CLIENT         AGE   TTFT  EVENTS  TOKENS  REASON",
                "other     capped     -           opencode/1.2  30 s      -       -     379  guard:tail_repeat",
                "root      streaming  -           -             50 s      -       -       -  -",
                "└ early   completed  -           -             40 s      -       -       -  -",
                "  └ deep  queued     -           -             20 s      -       -       -  -",
                "└ late    streaming  m\\u{1b}[2J  -             10 s  12 ms       3       -  -",
                "",
                "5 runs, 9 live; there are more: --limit",
            ]
        )
    }

    @Test func parentsInACircleAreShownOnce() throws {
        let json = #"{"data":[{"id":"a","state":"queued","parent":"b"},{"id":"b","state":"queued","parent":"a"}]}"#
        let page = try ControlClient.decoder.decode(RunPage.self, from: Data(json.utf8))
        #expect(RunTable.ordered(page.data).map(\.run.id) == ["a", "b"])
        #expect(RunTable(page).lines.last == "2 runs, 2 live")
    }

    @Test func aRunIsShownWithItsEvidence() async throws {
        let evidence: [String: Any] = ["period": 62, "unit": "so \"it\"\n", "share": 0.5, "tail_hit": true]
        var run = FakeGateway.Run(id: "a", state: "capped", reason: "guard:tail_repeat")
        run.more = [
            "detector": "tail_repeat", "mode": "stop", "evidence": evidence, "tokens": 379, "children": ["b", "c"],
            "cancel": ["source": "guard", "at": 1.0, "duplicates": 2], "duration_ms": 61_000.0,
            "engine": ["name": "vllm", "confirmed": true, "via": "http", "after_ms": 1.5],
            "warnings": [["detector": "stutter", "mode": "warn", "evidence": ["runs": 9]]],
        ]
        let gateway = FakeGateway([run])
        let url = try await gateway.start()
        let answer = try await ControlClient(url: url).run("a")
        #expect(
            RunDetails(answer.run).lines == [
                "run           a", "state         capped, guard:tail_repeat", "model         m",
                "asked at      /v1/chat/completions", "client        opencode/1.2", "children      b c",
                "took          1m 01s", "first token   after 12 ms",
                "answer        12 events, 900 bytes, 379 tokens of 4096 asked for",
                "stop          asked by guard, asked 2 times more",
                "engine        vllm has confirmed that it stopped (http), after 1.5 ms",
                "convicted by  tail_repeat (stop)", "  period = 62", "  share = 0.5", #"  tail_hit = true"#,
                #"  unit = "so "it"\n""#, "warning       stutter (warn)", "  runs = 9",
            ]
        )
        await gateway.stop()
    }

    @Test func ofALiveRunNothingIsSaidAboutItsEnd() throws {
        let json = #"{"id":"a","state":"streaming","engine":{"name":"vllm","confirmed":null}}"#
        let run = try ControlClient.decoder.decode(RemoteRun.self, from: Data(json.utf8))
        #expect(RunDetails(run).lines == ["run           a", "state         streaming", "engine        vllm"])
    }

    @Test func anUnknownRunIsRefusedInTheGatewaysWords() async throws {
        let gateway = FakeGateway([])
        let url = try await gateway.start()
        let error = await #expect(throws: ControlError.self) { _ = try await ControlClient(url: url).run("a") }
        #expect(error?.description == "\(url)/v1/runs/a: no run has this id")
        await gateway.stop()
    }
}

@Suite(.timeLimit(.minutes(2))) struct WatchingRuns {
    private static let line = EventLine(zone: TimeZone(identifier: "UTC")!)

    @Test(arguments: [
        (
            "started", #""run":{"id":"a","state":"queued","model":"m","path":"/v1/messages","client":"x/1"}"#,
            "started      model=m  path=/v1/messages  client=x/1"
        ),
        ("state", #""state":"stopping","reason":"user_stop""#, "state        stopping  reason=user_stop"),
        (
            "trip", #""detector":"tail_repeat","mode":"stop","evidence":{"unit":"ab","period":2}"#,
            #"trip         tail_repeat  stop  period=2  unit="ab""#
        ),
        ("tool_call", ##""name":"rm","arguments":"{\"a\":\n1}""##, #"tool_call    rm  {"a":\n1}"#),
        ("progress", #""events":9,"bytes":1,"tokens_per_second":49.6"#, "progress     9 events  1 byte  50 tokens/s"),
        (
            "done", #""run":{"id":"a","state":"completed","events":3,"duration_ms":1500}"#,
            "done         completed  3 events  1.50 s"
        ),
        ("engine", #""engine":{"confirmed":false}"#, "engine       the engine has NOT stopped, as far as can be told"),
        ("brand_new", "\"x\":1", "brand_new"),
    ])
    func eachEventIsALine(name: String, members: String, expected: String) throws {
        let event = try #require(RunEvent("id: 7\nevent: \(name)\ndata: {\"run_id\":\"a\",\"at\":1.5,\(members)}\n\n"))
        #expect(Self.line.text(event) == "00:00:01.500  a  \(expected)")
        let json = Self.line.json(event)
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(object?["id"] as? Int == 7 && object?["event"] as? String == name && !json.contains("\n"))
    }

    @Test func eventsAreReadHoweverTheyAreCut() {
        let text =
            ": keep-alive\n\nid: 1\nevent: state\ndata: {\"run_id\":\"a\",\ndata: \"at\":1}\n\nevent: x\ndata: no\n\n"
            + "event: done\r\ndata: {\"run_id\":\"b\"}\r\n\r\n"
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var reader = RunEventReader()
            var events: [RunEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += reader.receive(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(events.map { "\($0.id ?? "-") \($0.name) \($0.facts.runId)" } == ["1 state a", "- done b"])
        }
    }

    @Test func theStreamOfOneRunIsFollowedToItsEnd() async throws {
        let gateway = FakeGateway([.init(id: "a"), .init(id: "b")])
        let url = try await gateway.start()
        let told = Said()
        let watch = RunWatch(ControlClient(url: url), id: "a")
        let task = Task {
            try await watch.follow {
                told.say($0.name)
            } note: {
                told.say($0)
            }
        }
        try await until { await gateway.listenerCount == 1 }
        await gateway.tell("b", "state", ["state": "sent"])
        await gateway.tell("a", "state", ["state": "streaming"])
        await gateway.tell("a", "done", [:])
        await gateway.tell("a", "engine", ["engine": ["confirmed": true]])
        await gateway.endStreams(of: "a")
        try await task.value
        #expect(told.lines == ["state", "done", "engine"])
        await gateway.stop()
    }

    @Test func aBrokenStreamGoesOnWhereItBroke() async throws {
        let gateway = FakeGateway([.init(id: "a")])
        let url = try await gateway.start()
        let told = Said()
        let watch = RunWatch(ControlClient(url: url))
        let task = Task {
            try await watch.follow {
                told.say("\($0.id ?? "-") \($0.name)")
            } note: {
                told.say($0)
            } pause: {
                // What happens while nobody listens is told afterwards.
                await gateway.tell("a", "state", ["state": "stopping"])
            }
        }
        try await until { await gateway.listenerCount == 1 }
        await gateway.tell("a", "state", ["state": "streaming"])
        try await until { told.lines.count == 1 }
        await gateway.breakStreams()
        try await until { told.lines.count >= 4 }
        #expect(told.lines[0] == "1 state")
        #expect(told.lines[1].hasSuffix("trying again every second"))
        #expect(told.lines[2...3] == ["the gateway answers again", "2 state"])
        #expect(await gateway.resumed == [nil, "1"])
        task.cancel()
        try? await task.value
        await gateway.stop()
    }

    @Test func onlyTheRunsThatWereAskedForAreTold() async throws {
        let gateway = FakeGateway([.init(id: "old", model: "wanted"), .init(id: "else")])
        let url = try await gateway.start()
        let told = Said()
        var query = RunQuery()
        query.model = "wanted"
        let watch = RunWatch(ControlClient(url: url), query: query)
        let task = Task {
            try await watch.follow {
                told.say("\($0.facts.runId) \($0.name)")
            } note: {
                told.say($0)
            }
        }
        // The runs that began before are asked for once the stream is open.
        try await until { await gateway.asked.contains { $0.hasPrefix("GET /v1/runs?state=live") } }
        await gateway.tell("else", "state", [:])
        await gateway.tell("new", "started", ["run": ["id": "new", "state": "queued", "model": "wanted"]])
        await gateway.tell("old", "done", [:])
        await gateway.tell("old", "engine", ["engine": ["confirmed": true]])
        try await until { told.lines.count >= 3 }
        #expect(told.lines == ["new started", "old done", "old engine"])
        task.cancel()
        try? await task.value
        await gateway.stop()
    }

    @Test func aGatewayThatWasNeverThereIsAnError() async throws {
        let gateway = FakeGateway([])
        let url = try await gateway.start()
        await gateway.stop()
        let watch = RunWatch(ControlClient(url: url))
        let error = await #expect(throws: ControlError.self) {
            try await watch.follow { _ in
            } note: { _ in
            }
        }
        #expect(error?.description.contains("check that the server runs") == true)
    }
}

/// Waits for a condition; a test that hangs here has found it unmet.
func until(_ condition: () async -> Bool) async throws {
    while !(await condition()) { try await Task.sleep(for: .milliseconds(2)) }
}
