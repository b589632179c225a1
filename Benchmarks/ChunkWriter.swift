import NIOCore

/// Writes the events of one response, each as an HTTP chunk of its own. All events of a response are equally long.
struct ChunkWriter {
    /// Random words, of which every event takes the next piece.
    private let text: [UInt8]
    private var place = 0
    private var padding = 0
    /// A whole event; the stamp and the words in it are written over for every new one.
    private var event: [UInt8] = []
    private var stampEnd = 0
    private var end: [UInt8] = []

    static let streamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"

    /// Digits of a stamp, between two `@`: any 64-bit number.
    private static let digits = 20
    private static let tail = Array(#""},"logprobs":null,"finish_reason":null}]}"#.utf8) + Array("\n\n\r\n".utf8)

    init(text: [UInt8]) { self.text = text }

    /// Prepares a response.
    mutating func begin(_ number: Int, padding: Int) {
        let chunk =
            #"data: {"id":"chatcmpl-\#(number)","object":"chat.completion.chunk","created":1700000000,"#
            + #""model":"bench","choices":[{"index":0,"delta":"#
        let opening = chunk + #"{"content":""#
        let length = opening.utf8.count + Self.digits + 2 + padding + Self.tail.count - 2
        event = Array("\(String(length, radix: 16))\r\n\(opening)@".utf8)
        stampEnd = event.count + Self.digits
        event.append(contentsOf: [UInt8](repeating: UInt8(ascii: "0"), count: Self.digits))
        event.append(UInt8(ascii: "@"))
        event.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: padding))
        event.append(contentsOf: Self.tail)
        let finish = chunk + #"{},"logprobs":null,"finish_reason":"stop"}]}"# + "\n\n"
        let done = "data: [DONE]\n\n"
        end = [finish, done].flatMap { Array("\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n".utf8) }
        end.append(contentsOf: "0\r\n\r\n".utf8)
        self.padding = padding
        place = number &* 7_919 % (text.count - padding)
    }

    mutating func writeEvent(into buffer: inout ByteBuffer, stamp: UInt64) {
        var rest = stamp
        for index in stride(from: stampEnd - 1, through: stampEnd - Self.digits, by: -1) {
            event[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        if place + padding > text.count { place = 0 }
        for index in 0..<padding { event[stampEnd + 1 + index] = text[place + index] }
        place += padding
        buffer.writeBytes(event)
    }

    func writeEnd(into buffer: inout ByteBuffer) { buffer.writeBytes(end) }

    /// A response that is no stream.
    static func completion(stamp: UInt64) -> String {
        #"{"id":"chatcmpl-0","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,"#
            + #""message":{"role":"assistant","content":"@\#(stamp)@"},"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
    }
}
