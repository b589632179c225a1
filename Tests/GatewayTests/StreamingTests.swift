import NIOHTTP1
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    static let stream = Rig.event("Grüße") + ": ping\r\n\r\n" + Rig.event("𝄞") + Rig.ending

    /// The wire bytes of the stream, each event in a chunk of its own.
    static var wire: [UInt8] {
        let chunks = [Rig.event("Grüße"), ": ping\r\n\r\n", Rig.event("𝄞"), Rig.ending]
        return Array(chunks.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined().utf8)
            + Array("0\r\n\r\n".utf8)
    }

    @Test func streamedBodiesAreByteForByteTheSameHoweverTheyAreCut() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            for cut in stride(from: 1, to: Self.wire.count, by: 17) {
                try await client.post(Rig.chat, #"{"stream":true}"#)
                let call = try await rig.upstream.nextCall()
                try await call.beginStream()
                try await call.send(Array(Self.wire[..<cut]))
                try await call.send(Array(Self.wire[cut...]))
                #expect(try await client.answer(to: "POST").body == Self.stream, "cut at \(cut)")
            }
        }
    }

    @Test func aGuardedStreamSaysWhoItIsAndAsksNotToBeBuffered() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            #expect(call.head.headers["accept-encoding"] == ["identity"])
            try await call.send(
                "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\nContent-Length: \(Rig.ending.utf8.count)\r\n\r\n"
            )
            try await call.send(Rig.ending)
            let answer = try await client.answer(to: "POST")
            #expect(answer.body == Rig.ending)
            #expect(answer["x-accel-buffering"] == "no" && answer["transfer-encoding"] == "chunked")
            #expect(answer["content-length"] == nil)
            let id = try #require(answer["x-loopguard-run-id"])
            #expect(id.hasPrefix("run_") && id.count == 36)
        }
    }

    @Test func eventsArriveAsTheyAreSent() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            for index in 0..<5 {
                try await call.chunk(Rig.event("part \(index)"))
                let text = try await client.received { $0.contains("part \(index)") }
                #expect(text.contains("part \(index)") && !text.contains("part \(index + 1)"))
            }
            try await call.endStream()
            #expect(try await client.answer(to: "POST").status == 200)
        }
    }

    @Test func anOldClientGetsItsStreamWithoutChunks() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("POST \(Rig.chat) HTTP/1.0\r\nContent-Length: 15\r\n\r\n{\"stream\":true}")
            let call = try await rig.upstream.nextCall()
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            try await call.chunk(Rig.ending)
            try await call.endStream()
            #expect(try await client.rest().hasSuffix("\r\n\r\n" + Rig.event("a") + Rig.ending))
        }
    }

    @Test(arguments: [
        ("200 OK", "application/json", #"{"choices":[]}"#), ("404 Not Found", "application/json", #"{"error":{}}"#),
        ("503 Service Unavailable", "text/html", "<html>busy</html>"), ("500 Oops", "text/event-stream", "data: x\n\n"),
    ])
    func whatIsNoGoodStreamPassesAsItIs(status: String, type: String, body: String) async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation(stream: false)
            try await call.reply(status, body, type: type)
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == Int(status.prefix(3)) && answer.body == body)
            #expect(answer["content-length"] == "\(body.utf8.count)" && answer["x-loopguard-run-id"] != nil)
        }
    }

    @Test func aChunkedGenerationRequestIsSentWithItsLength() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(
                "POST \(Rig.chat) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"strea\r\n8\r\nm\":true}\r\n0\r\n\r\n"
            )
            let call = try await rig.upstream.nextCall()
            #expect(call.text == #"{"stream":true}"# && call.head.headers["content-length"] == ["15"])
            #expect(!call.head.headers.contains(name: "transfer-encoding"))
            try await call.reply()
            #expect(try await client.answer(to: "POST").status == 200)
        }
    }

    @Test func aBodyTooLongToCollectPassesUnguarded() async throws {
        try await Rig.run {
            $0.maxGuardedBodyBytes = 1_000
        } _: { rig in
            let client = try await rig.client()
            let body = String(repeating: "x", count: 300_000)
            try await client.post(Rig.chat, body)
            let call = try await rig.upstream.nextCall()
            #expect(call.text == body)
            try await call.beginStream()
            try await call.chunk(Rig.ending)
            try await call.endStream()
            let answer = try await client.answer(to: "POST")
            #expect(answer.body == Rig.ending && answer["x-loopguard-run-id"] != nil)
            #expect(answer["x-accel-buffering"] == nil)
        }
    }
}
