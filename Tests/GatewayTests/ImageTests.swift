import Testing

@testable import Gateway

/// Images: runs that can be cancelled and whose bytes nobody touches.
@Suite(.timeLimit(.minutes(1))) struct ImageTests {
    @Test(arguments: ["/v1/images/generations", "/openai/v1/images/edits"])
    func theBytesPassAndTheRunHasAnID(path: String) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.post(path, #"{"prompt": "a cat","stream":false}"#)
            let call = try await rig.upstream.nextCall()
            #expect(call.text == #"{"prompt": "a cat","stream":false}"#)
            try await call.reply("200 OK", #"{"data":[]}"#)
            let answer = try await client.answer(to: "POST")
            #expect(answer.body == #"{"data":[]}"# && answer["x-loopguard-run-id"] != nil)
            let list = try await rig.ask("GET", "/v1/requests").body
            #expect(list.contains(path) && list.contains(#""state":"completed""#))
        }
    }

    @Test func aStreamOfImagesPassesAsItIs() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.post("/v1/images/generations", #"{"stream":true}"#)
            let call = try await rig.upstream.nextCall()
            try await call.beginStream()
            try await call.chunk("event: image_generation.partial_image\ndata: {\"b64_json\":\"AAAA\"}\n")
            try await call.chunk("\n")
            try await call.endStream()
            let answer = try await client.answer(to: "POST")
            #expect(answer.body == "event: image_generation.partial_image\ndata: {\"b64_json\":\"AAAA\"}\n\n")
        }
    }

    @Test func A7_T10_aCancelByIdStopsTheEngineAndTellsTheClient() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.post("/v1/images/generations", "{}")
            let call = try await rig.upstream.nextCall()
            let list = try await rig.ask("GET", "/v1/requests").body
            let start = try #require(list.firstRange(of: "run_")).lowerBound
            #expect(try await rig.ask("DELETE", "/v1/requests/\(list[start...].prefix(36))").status == 200)
            try await call.connectionClosed()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 499 && answer.body.contains(#""code":"cancelled""#))
        }
    }

    @Test func aClientThatLeavesStopsTheEngine() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.post("/v1/images/generations", "{}")
            let call = try await rig.upstream.nextCall()
            try await client.leave(.fin)
            try await call.connectionClosed()
        }
    }
}
