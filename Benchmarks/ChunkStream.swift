import JSONBytes

/// A response of chat chunks, held in memory: the bytes, and where each event lies.
struct ChunkStream {
    private(set) var bytes: [UInt8] = []
    private(set) var events: [Range<Int>] = []

    /// What a text is sent as.
    enum Field {
        case content, reasoning, arguments
    }

    /// Cuts a text into tokens of four bytes, each in a chunk like those that engines send.
    init(_ text: [UInt8], as field: Field) {
        if field == .arguments {
            let call = #"{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":"#
            append(call + #"{"name":"write","arguments":"#, [], "}}]}")
        }
        for start in stride(from: 0, to: text.count, by: 4) {
            let token = text[start..<min(start + 4, text.count)]
            switch field {
            case .content: append(#"{"content":"#, token, "}")
            case .reasoning: append(#"{"reasoning_content":"#, token, "}")
            case .arguments: append(#"{"tool_calls":[{"index":0,"function":{"arguments":"#, token, "}}]}")
            }
        }
    }

    var bytesPerEvent: Int { bytes.count / max(1, events.count) }

    /// Where the JSON of an event lies.
    func payload(_ event: Range<Int>) -> Range<Int> { event.lowerBound + 6..<event.upperBound - 2 }

    /// Reads of several whole events each.
    func reads(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: events.count, by: count).map { first in
            events[first].lowerBound..<events[min(first + count, events.count) - 1].upperBound
        }
    }

    private mutating func append(_ before: String, _ token: ArraySlice<UInt8>, _ after: String) {
        let start = bytes.count
        bytes.append(contentsOf: Self.head)
        bytes.append(contentsOf: before.utf8)
        JSONString.encode(token, into: &bytes)
        bytes.append(contentsOf: after.utf8)
        bytes.append(contentsOf: Self.tail)
        events.append(start..<bytes.count)
    }

    private static let head = Array(
        (#"data: {"id":"chatcmpl-0123456789abcdef01234567","object":"chat.completion.chunk","created":1700000000,"#
            + #""model":"benchmark-model","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":"#).utf8
    )
    private static let tail = Array(#","logprobs":null,"finish_reason":null}]}"#.utf8) + Array("\n\n".utf8)
}
