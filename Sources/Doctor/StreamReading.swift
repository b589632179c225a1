internal import GenerationWire
internal import JSONBytes
internal import ServerSentEvents

/// What a streamed answer says, read as it comes.
struct StreamReading: Sendable {
    /// Pieces of text; an engine sends one for each token or so.
    private(set) var deltas = 0
    /// When the first and the last of them came.
    private(set) var firstAt: ContinuousClock.Instant?
    private(set) var lastAt: ContinuousClock.Instant?
    /// When the engine first showed that it generates: the first piece, or the end of an answer that has none.
    private(set) var begunAt: ContinuousClock.Instant?
    /// The reads of the socket that brought text.
    private(set) var reads = 0
    private(set) var finishReason: String?
    /// Whether the mark that ends a stream has come.
    private(set) var hasEnded = false
    /// What the engine says in place of an answer.
    private(set) var failure: String?
    /// Events that are not of the format.
    private(set) var unreadable = 0
    /// The `id` of the first event.
    private(set) var id: String?

    private var format: any StreamFormat
    private var splitter: EventSplitter
    private var held: [UInt8] = []

    init(_ format: WireFormat) {
        self.format = format.makeStream(id: "doctor", created: 0, model: "")
        splitter = EventSplitter(framing: self.format.framing)
    }

    /// The tokens of the answer as the engine counts them.
    var usage: Usage? { format.usage }

    /// How far apart the pieces came; `nil` for fewer than two.
    var pace: Duration? {
        guard let firstAt, let lastAt, deltas > 1 else { return nil }
        return (lastAt - firstAt) / (deltas - 1)
    }

    /// Takes what has come.
    mutating func receive(_ bytes: [UInt8], at now: ContinuousClock.Instant = .now) {
        let before = deltas
        var start = 0
        var index = 0
        while splitter.advance(&index, in: bytes.span) {
            held += bytes[start..<index]
            take(held)
            held.removeAll(keepingCapacity: true)
            start = index
        }
        held += bytes[start...]
        if deltas > 0 || finishReason != nil { begunAt = begunAt ?? now }
        guard deltas > before else { return }
        reads += 1
        firstAt = firstAt ?? now
        lastAt = now
    }

    private func payload(of event: [UInt8]) -> [UInt8]? {
        var joined: [UInt8] = []
        let fields =
            format.framing == .lines ? EventFields(line: event.span) : EventFields(event.span, joined: &joined)
        return switch fields.data {
        case .none: nil
        case .line(let range): Array(event[range])
        case .joined: joined
        }
    }

    private mutating func take(_ event: [UInt8]) {
        guard let payload = payload(of: event) else { return }
        var events: [WireEvent] = []
        let kind = format.read(payload.span, into: &events)
        switch kind {
        case .chunk: break
        case .done: hasEnded = true
        case .error: failure = failure ?? String(decoding: payload.prefix(512), as: UTF8.self)
        case .unreadable: unreadable += 1
        }
        if id == nil { id = Self.id(in: payload) }
        for event in events {
            switch event.kind {
            case .content, .reasoning, .toolCall: if !event.text.range.isEmpty { deltas += 1 }
            case .finish: finishReason = JSONString.string(payload.span, event.text)
            case .role, .callEnd: break
            }
        }
    }

    private static func id(in payload: [UInt8]) -> String? {
        var reader = JSONReader()
        let bytes = payload.span
        guard reader.peek(bytes) == .object else { return nil }
        var id: String?
        reader.readObject(bytes) { key, reader in
            if bytes.equals(key, "id"), let token = reader.readStringOrSkip(bytes) {
                id = JSONString.string(bytes, token)
            } else if !bytes.equals(key, "id") {
                reader.skipValue(bytes)
            }
        }
        return id
    }
}
