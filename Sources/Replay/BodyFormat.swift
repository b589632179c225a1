public import GenerationWire

/// What a recorded body is written in, told by its first events.
public enum BodyFormat: Sendable, Equatable {
    /// A format that the guard reads.
    case guarded(WireFormat)
    /// A format that passes through the gateway unread; its name.
    case unguarded(String)

    /// The name printed in results.
    public var name: String {
        switch self {
        case .guarded(let format): format.rawValue
        case .unguarded(let name): name
        }
    }

    /// Marks that name a format, most telling first.
    private static let marks: [(text: [UInt8], format: BodyFormat)] = [
        (Array("\"chat.completion.chunk\"".utf8), .guarded(.chatCompletions)),
        (Array("\"text_completion\"".utf8), .guarded(.completions)),
        (Array("\"response.created\"".utf8), .guarded(.responses)),
        (Array("\"message_start\"".utf8), .guarded(.messages)),
        (Array("\"choices\":".utf8), .guarded(.chatCompletions)),
        (Array("\"response.".utf8), .guarded(.responses)),
        (Array("\"content_block_".utf8), .guarded(.messages)),
        (Array("\"tokens_predicted\":".utf8), .guarded(.llamaCompletion)),
        (Array("\"stopped_limit\":".utf8), .guarded(.llamaCompletion)),
        (Array("\"delta\":".utf8), .guarded(.chatCompletions)),
    ]
    private static let texts = marks.map(\.text)
    /// The marks that only one format has, in its very first events.
    private static let opening = Array(texts.prefix(4))
    private static let done = [Array("\"done\":".utf8)]
    private static let message = [Array("\"message\":".utf8)]

    /// How far into a body its format is looked for, in bytes.
    private static let reach = 65_536
    /// How far the marks of a beginning are looked for first.
    private static let glance = 2_048

    /// Tells the format of a body. A body without any mark is `unknown` and passes unread, and so does one that is no
    /// stream but a single JSON object.
    public init(of body: [UInt8]) {
        if body.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
            self = Self.lines(Spaceless(body, Self.reach))
        } else if body.count > Self.glance, let mark = Spaceless(body, Self.glance).first(of: Self.opening) {
            self = Self.marks[mark].format
        } else {
            let mark = Spaceless(body, Self.reach).first(of: Self.texts)
            self = mark.map { Self.marks[$0].format } ?? .unguarded("unknown")
        }
    }

    /// The format of a body without the fields of server-sent events: Ollama's lines or one JSON object.
    private static func lines(_ beginning: Spaceless) -> BodyFormat {
        guard beginning.first(of: done) != nil else { return .unguarded("json") }
        return .guarded(beginning.first(of: message) != nil ? .ollamaChat : .ollamaGenerate)
    }
}

/// The beginning of a body without its spaces, which some engines write into their JSON.
private struct Spaceless {
    private let bytes: [UInt8]

    init(_ body: [UInt8], _ reach: Int) {
        let count = min(body.count, reach)
        bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, kept in
            body.withUnsafeBufferPointer { body in
                // Written without a branch: what is dropped is overwritten by the next byte. `kept` never passes `index`.
                for index in 0..<count {
                    buffer[kept] = body[index]
                    kept += body[index] == 0x20 ? 0 : 1
                }
            }
        }
    }

    /// The first of the texts, all of which begin with a quotation mark, that stands anywhere.
    func first(of texts: [[UInt8]]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var best = texts.count
            for index in bytes.indices where bytes[index] == UInt8(ascii: "\"") {
                if let place = (0..<best).first(where: { Self.stands(texts[$0], in: bytes, at: index) }) {
                    best = place
                    if best == 0 { break }
                }
            }
            return best < texts.count ? best : nil
        }
    }

    private static func stands(_ text: [UInt8], in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        guard index + text.count <= bytes.count, bytes[index + 1] == text[1] else { return false }
        for offset in 1..<text.count where bytes[index + offset] != text[offset] { return false }
        return true
    }
}
