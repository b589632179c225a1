import JSONBytes
import ServerSentEvents

/// The bytes of a stream in, one JSON body out.
public struct StreamAggregator: Sendable {
    /// What a stream came to.
    public enum Result: Sendable, Equatable {
        /// The body of the answer.
        case body([UInt8])
        /// The stream ended in an error: its body in the client's format, and the status that it names.
        case failure([UInt8], status: Int?)
        /// The stream held no answer, or broke off before its end.
        case nothing
    }

    private var aggregate: any ResponseAggregate
    private let isLines: Bool
    private var splitter = EventSplitter()
    private var partial: [UInt8] = []
    private var joined: [UInt8] = []

    /// Begins the answer to a request.
    public init(for request: GenerationRequest) {
        aggregate = request.format.makeAggregate(for: request)
        isLines = request.format == .ollamaChat || request.format == .ollamaGenerate
    }

    /// About how many bytes of memory the answer takes so far.
    public var size: Int { aggregate.size + partial.count }

    /// Whether the stream has said that it failed.
    public var hasFailed: Bool { aggregate.failure != nil }

    /// Takes the next bytes of the stream, cut anywhere.
    public mutating func receive(_ bytes: borrowing Span<UInt8>) {
        var start = 0
        while let end = nextEnd(in: bytes, from: start) {
            if partial.isEmpty {
                take(bytes.extracting(start..<end))
            } else {
                var event: [UInt8] = []
                swap(&event, &partial)
                bytes.append(start..<end, to: &event)
                take(event.span)
            }
            start = end
        }
        bytes.append(start..<bytes.count, to: &partial)
    }

    private mutating func nextEnd(in bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
        var index = start
        if !isLines { return splitter.advance(&index, in: bytes) ? index : nil }
        while index < bytes.count {
            index += 1
            if bytes[index - 1] == 0x0A { return index }
        }
        return nil
    }

    private mutating func take(_ event: borrowing Span<UInt8>) {
        if isLines { return aggregate.receive(event) }
        switch EventFields(event, joined: &joined).data {
        case .none: break
        case .line(let range): aggregate.receive(event.extracting(range))
        case .joined:
            let data = joined
            aggregate.receive(data.span)
        }
    }

    /// Cuts the text of a choice's channel, for an answer that ended in a loop.
    public mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut) {
        aggregate.cut(channel, ofChoice: choice, cut)
    }

    /// The stream is over. Bytes that no line end follows are an event all the same: some engines leave the last out.
    public mutating func finish() -> Result {
        if !partial.isEmpty {
            let last = partial
            partial = []
            take(last.span)
        }
        if let failure = aggregate.failure { return .failure(failure, status: Self.status(in: failure)) }
        return aggregate.finish().map(Result.body) ?? .nothing
    }

    /// The HTTP status that an error names as its code, as vLLM and llama.cpp do.
    private static func status(in error: [UInt8]) -> Int? {
        guard let body = JSONTree(whole: error.span), let code = body["error"]?["code"]?.integer,
            (400...599).contains(code)
        else { return nil }
        return code
    }
}
