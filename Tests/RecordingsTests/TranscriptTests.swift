import GenerationWire
import Testing

@testable import Recordings

@Suite struct TranscriptTests {
    static let stream = Array(
        """
        data: {"choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Let me "}}]}

        : ping

        data: {"choices":[{"index":0,"delta":{"reasoning_content":"see."}}]}

        data: {"choices":[{"index":0,"delta":{"content":"It is \\"12\\""}}]}

        data: {"choices":[{"index":0,"delta":{"content":" é."}}]}

        data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"ls","arguments":""}}]}}]}

        data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"p\\":"}}]}}]}

        data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}

        data: [DONE]
        """.utf8
    )

    @Test func aStreamCutAnywhereGivesItsText() {
        for cut in 0...Self.stream.count {
            var transcript = Transcript(format: .chatCompletions)
            transcript.receive(Array(Self.stream[..<cut]))
            transcript.receive(Array(Self.stream[cut...]))
            transcript.finish()
            #expect(
                transcript.passages == [
                    .init(kind: .reasoning, choice: 0, text: "Let me see."),
                    .init(kind: .content, choice: 0, text: "It is \"12\" é."),
                    .init(kind: .call("ls"), choice: 0, text: "{\"p\":1}"),
                ]
            )
        }
    }

    @Test func ollamaIsReadLineByLine() {
        var transcript = Transcript(format: .ollamaChat)
        transcript.receive(Array(#"{"message":{"content":"a"},"done":false}"#.utf8 + [10]))
        transcript.receive(Array(#"{"message":{"content":"b"},"done":false}"#.utf8))
        transcript.finish()
        #expect(transcript.passages.map(\.text) == ["ab"])
    }

    @Test func theTextOfARequestIsItsLast() {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"first"},{"role":"user","content":[{"type":"text","text":"la\nst"}]}],"tools":[{"description":"no"}]}"#
        #expect(RequestText.last(of: Array(body.utf8)) == "first\nla\nst")
        #expect(RequestText.last(of: Array(body.utf8), limit: 3) == "\nst" && RequestText.last(of: [1]) == "")
    }
}
