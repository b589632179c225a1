public import GenerationWire
import JSONBytes
import ServerSentEvents

/// The text of a stream, for people and for search: what was said, without the JSON around it.
public struct Transcript: Sendable {
    /// A piece of text of one kind.
    public struct Passage: Sendable, Equatable {
        /// content, reasoning, or a tool call's name.
        public enum Kind: Sendable, Equatable {
            case content, reasoning
            case call(String)
        }

        /// What it is.
        public var kind: Kind
        /// The index of the choice.
        public var choice: Int
        /// The text, or the arguments of the call.
        public var text: String
    }

    /// The text so far, in order.
    public private(set) var passages: [Passage] = []
    private var format: any StreamFormat
    private var splitter: EventSplitter
    private var partial: [UInt8] = []
    private var says: [WireEvent] = []
    private var size = 0
    private let limit: Int

    /// Begins a transcript.
    /// - Parameter limit: The most bytes of text that are kept.
    public init(format: WireFormat, limit: Int = .max) {
        self.format = format.makeStream(id: "", created: 0, model: "")
        splitter = EventSplitter(framing: self.format.framing)
        self.limit = limit
    }

    /// Takes the next bytes of the stream, cut anywhere.
    public mutating func receive(_ bytes: [UInt8]) {
        guard size < limit else { return }
        var start = 0
        var index = 0
        while splitter.advance(&index, in: bytes.span) {
            take(partial + bytes[start..<index])
            partial = []
            start = index
        }
        if start < bytes.count { partial += bytes[start...] }
    }

    /// The stream has ended: what is left is its last event.
    public mutating func finish() {
        if !partial.isEmpty { take(partial) }
        partial = []
    }

    private mutating func take(_ event: [UInt8]) {
        var joined: [UInt8] = []
        let isLines = format.framing == .lines
        let fields = isLines ? EventFields(line: event.span) : EventFields(event.span, joined: &joined)
        switch fields.data {
        case .none: break
        case .line(let range): read(event.span.extracting(range))
        case .joined: read(joined.span)
        }
    }

    private mutating func read(_ payload: borrowing Span<UInt8>) {
        says.removeAll(keepingCapacity: true)
        guard case .chunk = format.read(payload, into: &says) else { return }
        for event in says { add(event, payload) }
    }

    private mutating func add(_ event: WireEvent, _ payload: borrowing Span<UInt8>) {
        let text = JSONString.string(payload, event.text)
        switch event.kind {
        case .content: add(.content, event.choice, text)
        case .reasoning: add(.reasoning, event.choice, text)
        case .toolCall:
            if let name = event.name { return add(.call(JSONString.string(payload, name)), event.choice, text) }
            guard !event.isRepetition, let place = passages.lastIndex(where: \.isCall) else { return }
            size += text.utf8.count
            passages[place].text += text
        case .role, .callEnd, .finish: break
        }
    }

    private mutating func add(_ kind: Passage.Kind, _ choice: Int, _ text: String) {
        size += text.utf8.count
        if let last = passages.last, last.kind == kind, last.choice == choice, !last.isCall {
            passages[passages.count - 1].text += text
        } else if !text.isEmpty || kind != .content && kind != .reasoning {
            passages.append(Passage(kind: kind, choice: choice, text: text))
        }
    }
}

extension Transcript.Passage {
    /// Whether it is a tool call.
    public var isCall: Bool { if case .call = kind { true } else { false } }
}

/// The text of a request's body: the strings that people, tools and models wrote.
public enum RequestText {
    private static let members: Set<String> = ["content", "text", "prompt", "input", "output"]

    /// The last of it, which is what the run is about; at most `limit` bytes.
    public static func last(of body: [UInt8], limit: Int = 4_096) -> String {
        var texts: [String] = []
        var reader = JSONReader()
        if reader.peek(body.span) == .object { object(body.span, &reader, &texts) }
        var kept: [String] = []
        var size = 0
        for text in texts.reversed() where size < limit {
            kept.append(String(decoding: text.utf8.suffix(limit - size), as: UTF8.self))
            size += text.utf8.count
        }
        return kept.reversed().joined(separator: "\n")
    }

    private static func object(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ texts: inout [String]) {
        reader.readObject(bytes) { key, reader in
            let isText = members.contains(JSONString.string(bytes, key))
            value(bytes, &reader, isText: isText, &texts)
        }
    }

    private static func value(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        isText: Bool,
        _ texts: inout [String]
    ) {
        switch reader.peek(bytes) {
        case .object: object(bytes, &reader, &texts)
        case .array: reader.readArray(bytes) { _, reader in value(bytes, &reader, isText: isText, &texts) }
        case .string where isText:
            if let text = reader.readString(bytes) { texts.append(JSONString.string(bytes, text)) }
        default: reader.skipValue(bytes)
        }
    }
}
