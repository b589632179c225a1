import GenerationWire
import NIOCore
import NIOHTTP1
import Testing

@testable import Gateway

struct ConversationMemoryTests {
    private func key(_ id: String, _ authorization: String? = "a") -> ConversationMemory.Key {
        ConversationMemory.Key(authorization: authorization, id: id)
    }

    private func call(_ size: Int) -> Conversation.Step {
        .call(id: "1", name: "f", arguments: Array(repeating: 0x20, count: size))
    }

    @Test func onlyWhoeverSpokeIsReminded() {
        let memory = ConversationMemory()
        memory.remember([.user], as: key("r"))
        #expect(memory.recall(key("r")) == [.user])
        #expect(memory.recall(key("r", "b")).isEmpty && memory.recall(key("r", nil)).isEmpty)
        #expect(memory.recall(key("other")).isEmpty)
    }

    @Test func whatWasUsedLeastRecentlyGoesFirst() {
        let memory = ConversationMemory(capacity: 2)
        memory.remember([.user], as: key("1"))
        memory.remember([.user], as: key("2"))
        _ = memory.recall(key("1"))
        memory.remember([.user], as: key("3"))
        #expect(memory.recall(key("2")).isEmpty)
        #expect(!memory.recall(key("1")).isEmpty && !memory.recall(key("3")).isEmpty)
    }

    @Test func memoryIsBounded() {
        let memory = ConversationMemory(maxBytes: 10_000)
        for number in 0..<20 { memory.remember([call(1_000)], as: key("\(number)")) }
        #expect((0..<20).count { !memory.recall(key("\($0)")).isEmpty } == 8)
        memory.remember([call(20_000)], as: key("big"))
        #expect(memory.recall(key("big")).isEmpty)
        // The same id again takes the place of what it had.
        for _ in 0..<20 { memory.remember([call(1_000)], as: key("19")) }
        #expect((0..<20).count { !memory.recall(key("\($0)")).isEmpty } == 8)
    }

    @Test func aRefusalIsForgottenAfterAWhile() {
        let refusals = StreamRefusals(memory: .minutes(10), capacity: 2)
        var request = GenerationRequest(format: .chatCompletions)
        let start = NIODeadline.now()
        refusals.add(request, now: start)
        #expect(refusals.contains(request, now: start + .minutes(9)))
        #expect(!refusals.contains(request, now: start + .minutes(10)))
        request.model = "other"
        #expect(!refusals.contains(request, now: start))
    }
}

struct ErrorFormatTests {
    @Test(arguments: WireFormat.allCases) func aFaultSpeaksTheClientsFormat(format: WireFormat) {
        let failure = UpstreamFailure(kind: .timeout, message: "m")
        let reply = failure.reply(in: format)
        #expect(reply.status == .gatewayTimeout)
        let expected =
            switch format {
            case .chatCompletions, .completions, .responses:
                #"{"error":{"message":"m","type":"upstream_error","code":"upstream_timeout"}}"#
            case .messages: #"{"type":"error","error":{"type":"timeout_error","message":"m"}}"#
            case .ollamaChat, .ollamaGenerate: #"{"error":"m"}"#
            case .llamaCompletion: #"{"error":{"code":504,"message":"m","type":"server_error"}}"#
            }
        #expect(String(decoding: reply.body, as: UTF8.self) == expected)
    }
}
