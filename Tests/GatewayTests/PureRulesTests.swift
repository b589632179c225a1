import Cancellation
import GenerationWire
import NIOHTTP1
import Testing

@testable import Gateway

struct UpstreamURLTests {
    @Test(arguments: [
        ("http://localhost:8080", "localhost", 8080, "", "localhost:8080"),
        ("http://[::1]:9000/", "::1", 9000, "", "[::1]:9000"), ("HTTP://10.0.0.1", "10.0.0.1", 80, "", "10.0.0.1"),
        ("http://[fe80::1]", "fe80::1", 80, "", "[fe80::1]"), ("http://e:1/base//", "e", 1, "/base", "e:1"),
    ])
    func aURLIsReadInItsParts(text: String, host: String, port: Int, prefix: String, authority: String) throws {
        let url = try UpstreamURL(text)
        #expect(url.host == host && url.port == port && url.prefix == prefix && url.authority == authority)
    }

    @Test(arguments: [
        ("https://e", "https is not supported"), ("localhost:80", "no scheme"), ("ftp://e", "ftp"),
        ("http://", "no host"),
        ("http://e:0", "port"), ("http://e:x", "port"), ("http://[::1", "bracket"), ("http://::1", "brackets"),
        ("http://u:p@e", "Authorization"), ("http://e/?a", "'?'"), ("http://e x", "has no place"),
    ])
    func aURLThatCannotBeUsedSaysWhy(text: String, problem: String) {
        let error = #expect(throws: UpstreamURL.Invalid.self) { try UpstreamURL(text) }
        #expect(error?.description.contains(problem) == true)
        #expect(error?.description.contains(text) == true)
    }
}

struct HopByHopTests {
    @Test(arguments: [
        ("/a?b", "/a?b"), ("http://h/a?b", "/a?b"), ("http://h", "/"), ("http://h?q", "/?q"), ("*", "*"),
        ("/x?u=http://y/", "/x?u=http://y/"),
    ])
    func targetsBecomeOriginForm(uri: String, expected: String) { #expect(HopByHop.originForm(uri) == expected) }

    @Test func aConnectionHeaderCannotTakeTheLengthAway() {
        var headers: HTTPHeaders = ["Connection": "content-length, x-a", "Content-Length": "5", "X-A": "1"]
        HopByHop.strip(&headers)
        #expect(headers["content-length"] == ["5"] && !headers.contains(name: "x-a"))
    }

    @Test func aPrefixGoesBeforeThePath() throws {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v1/models")
        let sent = HopByHop.upstreamHead(for: head, to: try UpstreamURL("http://e/api"), guarded: false, runID: nil)
        #expect(sent.uri == "/api/v1/models" && sent.headers["host"] == ["e"])
    }
}

struct ExchangeStateTests {
    @Test func aRequestIsSentAgainOnceAndOnlyWhenNothingWasHeard() {
        var state = ExchangeState()
        #expect(state.broken(reused: true, atHand: true) == .sendAgain)
        #expect(state.broken(reused: true, atHand: true) == .replyError)
        for (reused, atHand, spoke) in [(false, true, false), (true, false, false), (true, true, true)] {
            var state = ExchangeState()
            if spoke { state.engineAnswers() }
            #expect(state.broken(reused: reused, atHand: atHand) == .replyError)
        }
    }

    @Test func howAnAnswerEndsDependsOnWhatTheClientHasOfIt() {
        let expected: [(Bool?, ExchangeState.Repair, ExchangeState.Ending)] = [
            (nil, .replyError, .reply), (true, .failInBand, .endInBand), (false, .abort, .abort),
        ]
        for (guarded, repair, ending) in expected {
            var state = ExchangeState()
            if let guarded { state.begin(guarded: guarded) }
            var other = state
            #expect(state.broken(reused: false, atHand: false) == repair)
            #expect(other.ended() == ending)
            // There is one end only.
            #expect(state.ended() == .nothing && other.broken(reused: true, atHand: true) == .nothing)
            #expect(!state.complete() && !other.complete())
        }
    }
}

struct ResponsePlanTests {
    private func plan(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, guardable: Bool = true) -> ResponsePlan {
        ResponsePlan(
            for: HTTPResponseHead(version: .http1_1, status: status, headers: headers),
            guarding: guardable ? .chatCompletions : nil
        )
    }

    @Test func onlyAGoodReadableStreamIsGuarded() {
        #expect(plan(.ok, ["Content-Type": "text/event-stream"]) == .guarded)
        #expect(plan(.ok, ["Content-Type": "TEXT/event-stream;charset=utf-8"]) == .guarded)
        #expect(plan(.ok, ["Content-Type": "text/event-stream"], guardable: false) == .passing)
        #expect(plan(.badRequest, ["Content-Type": "text/event-stream"]) == .passing)
        #expect(plan(.ok, ["Content-Type": "text/event-stream", "Content-Encoding": "gzip"]) == .passing)
        #expect(plan(.ok, ["Content-Type": "application/json"]) == .passing)
        #expect(plan(.ok, [:]) == .passing)
        #expect(plan(.ok, ["Content-Type": "text/html"], guardable: false) == .passing)
    }
}

struct EngineIDTests {
    @Test(
        arguments: [
            (#"data: {"id":"chatcmpl-1.a:b_c","x":1}"#, "chatcmpl-1.a:b_c"), (#"data: {"x":1, "id": "a"}"#, "a"),
            (#"data: {"id":7}"#, nil), (#"data: {"id":"a/b"}"#, nil), (#"data: {"id":""}"#, nil), (#"{"id":"cut"#, nil),
            ("", nil), (#"{"id":"\#(String(repeating: "x", count: 200))"}"#, nil),
        ] as [(String, String?)]
    )
    func theIdIsFoundOrLeftAlone(text: String, id: String?) { #expect(EngineID.find(in: Array(text.utf8).span) == id) }
}

struct JSONWriterTests {
    @Test func commasStandWhereTheyBelong() {
        let bytes = JSONWriter.object { json in
            json.member("a", 1)
            json.key("b")
            json.array { array in
                array.object { _ in }
                array.string("x\"\n")
                array.literal("null")
            }
            json.member("c", true)
            json.member("d", 0.5)
            json.member("e", Double.nan)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":1,"b":[{},"x\"\n",null],"c":true,"d":0.5,"e":null}"#)
    }
}
