/// The detectors by the names that rules, metrics, evidence and `stop_reason` use.
public enum DetectorID: UInt8, CaseIterable, Sendable {
    /// An exactly periodic tail of one channel.
    case tailRepeat = 1
    /// The same lines over and over, making up nearly all of the recent text.
    case lineRepeat
    /// Near-duplicate sentences, by SimHash with Jaccard confirmation.
    case simhashRepeat
    /// Segments that bring no new words.
    case noveltyStall
    /// Identical deltas in a row, or whitespace without end.
    case stutter
    /// Lines that differ only in their digits.
    case templateCounter
    /// The same tool called many times, or too many calls, in one response.
    case toolNameRun
    /// The same call with the same arguments repeated in one response.
    case argumentDedup
    /// The same calls with the same results across turns.
    case historyRepeat
    /// A command that has failed in a way that trying again cannot mend.
    case permanentFailure
    /// Repetition inside the arguments of one call, or arguments without end.
    case argumentRepeat
    /// A limit on bytes that the rules set.
    case budget

    /// The name used in rules, metrics and on the wire, such as `tail_repeat`.
    public var name: String {
        switch self {
        case .tailRepeat: "tail_repeat"
        case .lineRepeat: "line_repeat"
        case .simhashRepeat: "simhash_repeat"
        case .noveltyStall: "novelty_stall"
        case .stutter: "stutter"
        case .templateCounter: "template_counter"
        case .toolNameRun: "tool_name_run"
        case .argumentDedup: "argument_dedup"
        case .historyRepeat: "history_repeat"
        case .permanentFailure: "permanent_failure"
        case .argumentRepeat: "argument_repeat"
        case .budget: "budget"
        }
    }

    /// The detector of that name; `nil` when there is none.
    public init?(name: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// How far a detector may go. Ordered: a higher mode does all that the lower ones do.
public enum Mode: UInt8, Sendable, Comparable, CaseIterable {
    /// Not evaluated.
    case off
    /// Counted in metrics and recordings.
    case observe
    /// Counted and logged.
    case warn
    /// The run is ended.
    case stop

    /// Orders `off < observe < warn < stop`.
    public static func < (left: Mode, right: Mode) -> Bool { left.rawValue < right.rawValue }
}

/// The part of a response that a piece of text belongs to.
public enum ChannelKind: UInt8, Sendable, CaseIterable {
    /// The visible answer.
    case content
    /// The model's reasoning, in whichever field the engine sends it.
    case reasoning
    /// The arguments of one tool call.
    case arguments
}

/// What kind of text a channel carries at the moment. Code, tables and JSON repeat themselves by nature, so the
/// detectors ask for more before they convict.
public enum TextProfile: UInt8, Sendable {
    /// Running text.
    case prose
    /// Code, tables, JSON, or tool arguments.
    case code
}

/// What a detector found: which one, where, and why.
public struct Verdict: Sendable, Equatable {
    /// The detector that convicts.
    public var detector: DetectorID
    /// What the rules make of it: observe, warn or stop. Never `off`.
    public var mode: Mode
    /// The channel it was found in; `nil` for verdicts on tool calls and on the conversation.
    public var channel: ChannelKind?
    /// The number of bytes of that channel (decoded UTF-8) after which the verdict stood. For verdicts on tool calls,
    /// the number of calls completed in the response.
    public var byte: Int
    /// Why, in short named facts.
    public var evidence: Evidence

    /// Creates a verdict.
    public init(detector: DetectorID, mode: Mode, channel: ChannelKind?, byte: Int, evidence: Evidence) {
        self.detector = detector
        self.mode = mode
        self.channel = channel
        self.byte = byte
        self.evidence = evidence
    }
}

/// Named facts that explain a verdict, in the order they are told: the repeated unit, its period, how often.
public struct Evidence: Sendable, Equatable {
    /// One fact of evidence.
    public enum Value: Sendable, Equatable {
        /// A count, a length in bytes, or an offset.
        case integer(Int)
        /// A share between 0 and 1.
        case number(Double)
        /// Text, at most ``Evidence/longestText`` bytes of it.
        case text(String)
    }

    /// The longest text a fact may hold, in bytes.
    public static let longestText = 160

    /// The facts in order.
    public private(set) var facts: [(name: String, value: Value)] = []

    /// Evidence with nothing in it yet.
    public init() {}

    /// Adds a count, length or offset.
    public mutating func add(_ name: String, _ value: Int) { facts.append((name, .integer(value))) }

    /// Adds a share, kept to three decimals.
    public mutating func add(_ name: String, share: Double) {
        facts.append((name, .number((share * 1000).rounded() / 1000)))
    }

    /// Adds text, cut to ``longestText`` bytes at a character boundary.
    public mutating func add(_ name: String, text: String) {
        var kept = text
        while kept.utf8.count > Self.longestText { kept.removeLast() }
        facts.append((name, .text(kept)))
    }

    /// Adds bytes as text; what is not UTF-8 is shown by the replacement character.
    public mutating func add(_ name: String, bytes: some Sequence<UInt8>) {
        add(name, text: String(decoding: Array(bytes.prefix(Self.longestText)), as: UTF8.self))
    }

    /// Adds all facts of other evidence.
    mutating func add(_ other: Evidence) { facts.append(contentsOf: other.facts) }

    /// The fact of that name.
    public subscript(name: String) -> Value? { facts.first { $0.name == name }?.value }

    /// Equal when all facts are, in the same order.
    public static func == (left: Evidence, right: Evidence) -> Bool {
        left.facts.elementsEqual(right.facts) { $0.name == $1.name && $0.value == $1.value }
    }
}
