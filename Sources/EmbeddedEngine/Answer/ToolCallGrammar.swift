import JSONBytes

/// What the calls of one request may look like. The calls of all requests have one form, that of Hermes and Qwen:
///
///     <tool_call>
///     {"name": "…", "arguments": {…}}
///     </tool_call>
struct ToolCallGrammar: Sendable, Equatable {
    static let opening = "<tool_call>"
    static let closing = "</tool_call>"

    /// The most bytes of a call; then it is closed.
    static let maxLength = 1 << 16
    /// The longest name in bytes.
    static let maxNameLength = 128
    /// More bytes than the end of a call can need: the name, every byte of it escaped, the marks, and the brackets.
    static let longestClosing = 6 * maxNameLength + JSONAutomaton.maxDepth + 128

    /// The names that may be called.
    let names: [[UInt8]]
    /// Whether the answer must begin with a call.
    let isRequired: Bool
    /// Whether the answer ends behind the first call.
    let isSingle: Bool
    /// The names as JSON writes them, without quotes, in order, and where each is found in `names`.
    fileprivate let written: [(bytes: [UInt8], name: Int)]

    init(names: [[UInt8]], isRequired: Bool, isSingle: Bool) {
        self.names = names
        self.isRequired = isRequired
        self.isSingle = isSingle
        written = names.enumerated()
            .map { index, name in
                var json: [UInt8] = []
                JSONString.encode(name, into: &json)
                return (Array(json.dropFirst().dropLast()), index)
            }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
    }

    static func == (left: ToolCallGrammar, right: ToolCallGrammar) -> Bool {
        left.names == right.names && left.isRequired == right.isRequired && left.isSingle == right.isSingle
    }
}

/// Recognises one call byte by byte.
struct ToolCallAutomaton: Sendable {
    private static let opening: StaticString = "<tool_call>"
    private static let head: StaticString = #"{"name": ""#
    private static let middle: StaticString = #"", "arguments": "#
    private static let closing: StaticString = "</tool_call>"

    enum Place: Equatable {
        /// Inside the opening mark, where the answer must begin with one that is text.
        case opening(Int)
        /// Before the call; some white space may come.
        case start
        case head(Int)
        /// Inside the name: how many bytes of it have come, and which of the sorted names begin with them.
        case name(Int, Range<Int>)
        case middle(Int)
        case arguments
        case tail
        /// Behind the call; some white space may come, and then the closing mark.
        case end
        case closing(Int)
        case done
    }

    private let grammar: ToolCallGrammar
    /// Whether the closing mark is a token of its own.
    private let closesWithToken: Bool
    private(set) var place = Place.start
    private var json = JSONAutomaton()
    private var spaces = 0
    /// How many bytes have come.
    private(set) var length = 0
    /// The called function's place among the grammar's names, once it has been written.
    private(set) var name: Int?

    /// - Parameters:
    ///   - opens: Whether the bytes begin with the opening mark, rather than behind it.
    ///   - closesWithToken: Whether the closing mark is a token of its own.
    init(_ grammar: ToolCallGrammar, opens: Bool = false, closesWithToken: Bool) {
        self.grammar = grammar
        self.closesWithToken = closesWithToken
        if opens { place = .opening(0) }
    }

    /// Whether only the closing mark is missing.
    var mayClose: Bool { place == .end }

    /// Whether the bytes so far end with a whole character.
    var isBetweenCharacters: Bool { json.isBetweenCharacters }

    /// Takes the next byte in.
    /// - Returns: Whether it may come here; when not, the automaton must not be used any more.
    mutating func take(_ byte: UInt8) -> Bool {
        length += 1
        switch place {
        case .opening(let offset): return advance(Self.opening, offset, byte, { .opening($0) }, .start)
        case .start, .end:
            if byte == 0x20 || byte == 0x0A {
                spaces += 1
                return spaces <= 2
            }
            if place == .start {
                return advance(Self.head, 0, byte, { .head($0) }, .name(0, 0..<grammar.written.count))
            }
            return !closesWithToken && advance(Self.closing, 0, byte, { .closing($0) }, .done)
        case .head(let offset):
            return advance(Self.head, offset, byte, { .head($0) }, .name(0, 0..<grammar.written.count))
        case .name(let offset, let range): return name(byte, offset, range)
        case .middle(let offset): return advance(Self.middle, offset, byte, { .middle($0) }, .arguments)
        case .arguments:
            guard json.take(byte) else { return false }
            if json.isDone { place = .tail }
            return true
        case .tail:
            place = .end
            spaces = 0
            return byte == UInt8(ascii: "}")
        case .closing(let offset): return advance(Self.closing, offset, byte, { .closing($0) }, .done)
        case .done: return false
        }
    }

    /// The next byte on a short way to the end; `nil` where the closing token or nothing comes.
    var closingByte: UInt8? {
        switch place {
        case .opening(let offset): Self.opening.utf8Start[offset]
        case .start: UInt8(ascii: "{")
        case .head(let offset): Self.head.utf8Start[offset]
        case .name(let offset, let range):
            // Names that begin alike are sorted by length.
            grammar.written[range.lowerBound].bytes.count == offset
                ? UInt8(ascii: "\"") : grammar.written[range.lowerBound].bytes[offset]
        case .middle(let offset): Self.middle.utf8Start[offset]
        case .arguments: json.closingByte
        case .tail: UInt8(ascii: "}")
        case .end: closesWithToken ? nil : Self.closing.utf8Start[0]
        case .closing(let offset): Self.closing.utf8Start[offset]
        case .done: nil
        }
    }

    /// How many bytes, and so at most how many tokens, the call needs to its end, the closing mark included.
    var closingLength: Int {
        var copy = self
        var count = closesWithToken ? 1 : 0
        while let byte = copy.closingByte {
            guard copy.take(byte) else { preconditionFailure("the way to the end is blocked at \(copy.place)") }
            count += 1
        }
        return count
    }

    private mutating func advance(
        _ literal: StaticString,
        _ offset: Int,
        _ byte: UInt8,
        _ next: (Int) -> Place,
        _ end: Place
    ) -> Bool {
        guard byte == literal.utf8Start[offset] else { return false }
        place = offset + 1 < literal.utf8CodeUnitCount ? next(offset + 1) : end
        return true
    }

    private mutating func name(_ byte: UInt8, _ offset: Int, _ range: Range<Int>) -> Bool {
        let written = grammar.written
        if byte == UInt8(ascii: "\""), written[range.lowerBound].bytes.count == offset {
            name = written[range.lowerBound].name
            place = .middle(1)
            return true
        }
        var lower = range.lowerBound
        var upper = range.upperBound
        func matches(_ index: Int) -> Bool {
            written[index].bytes.count > offset && written[index].bytes[offset] == byte
        }
        while lower < upper, !matches(lower) { lower += 1 }
        while upper > lower, !matches(upper - 1) { upper -= 1 }
        place = .name(offset + 1, lower..<upper)
        return lower < upper
    }
}
