/// The modes and thresholds of every detector. The defaults are the shipped ones; `docs/detectors.md` says where each
/// number comes from.
public struct DetectorSettings: Sendable, Equatable {
    public var tailRepeat = TailRepeatSettings()
    public var lineRepeat = LineRepeatSettings()
    public var simhashRepeat = SimhashRepeatSettings()
    public var noveltyStall = NoveltyStallSettings()
    public var stutter = StutterSettings()
    public var templateCounter = TemplateCounterSettings()
    public var toolNameRun = ToolNameRunSettings()
    public var argumentDedup = ArgumentDedupSettings()
    public var historyRepeat = HistoryRepeatSettings()
    public var permanentFailure = PermanentFailureSettings()
    public var argumentRepeat = ArgumentRepeatSettings()
    public var budget = BudgetSettings()

    /// The shipped settings.
    public init() {}
}

/// The mode of a text detector in each place it may look.
public struct TextModes: Sendable, Equatable {
    /// In visible text of the prose profile.
    public var content: Mode
    /// In reasoning of the prose profile.
    public var reasoning: Mode
    /// A ceiling while the text has the code profile, whatever the channel.
    public var code: Mode

    /// Creates a set of modes.
    public init(content: Mode, reasoning: Mode, code: Mode) {
        self.content = content
        self.reasoning = reasoning
        self.code = code
    }

    /// The mode for a channel whose text has the given profile. Arguments are never looked at through these modes:
    /// `argument_repeat` has its own.
    public func mode(in channel: ChannelKind, _ profile: TextProfile) -> Mode {
        let base =
            switch channel {
            case .content: content
            case .reasoning: reasoning
            case .arguments: Mode.off
            }
        return profile == .code ? min(base, code) : base
    }
}

/// Thresholds for a range of periods.
public struct PeriodBand: Sendable, Equatable {
    /// The longest period, in bytes, that this band speaks of; a band begins after the one before it.
    public var upTo: Int
    /// The fewest bytes that the periodic tail must span.
    public var span: Int
    /// The fewest repeats.
    public var repeats: Int

    /// Creates a band.
    public init(upTo: Int, span: Int, repeats: Int) {
        self.upTo = upTo
        self.span = span
        self.repeats = repeats
    }
}

/// `tail_repeat`: an exactly periodic tail.
public struct TailRepeatSettings: Sendable, Equatable {
    public var modes = TextModes(content: .stop, reasoning: .stop, code: .stop)
    /// The bytes of tail that are looked at.
    public var window = 16_384
    /// A scan happens whenever this many bytes have come in.
    public var stride = 128
    /// Bands of the prose profile, by rising period; the last `upTo` is the longest period looked for.
    public var prose = [
        PeriodBand(upTo: 7, span: 1_024, repeats: 1),
        PeriodBand(upTo: 31, span: 1_024, repeats: 32),
        PeriodBand(upTo: 127, span: 1_536, repeats: 12),
        PeriodBand(upTo: 511, span: 1_536, repeats: 4),
        PeriodBand(upTo: 4_096, span: 3_072, repeats: 3),
    ]
    /// Bands of the code profile, which `argument_repeat` uses as well.
    public var code = [
        PeriodBand(upTo: 31, span: 4_096, repeats: 1),
        PeriodBand(upTo: 127, span: 4_096, repeats: 32),
        PeriodBand(upTo: 511, span: 4_096, repeats: 8),
        PeriodBand(upTo: 4_096, span: 6_144, repeats: 4),
    ]
    public init() {}
}

/// `line_repeat`: repeated lines that make up nearly all of the recent text.
public struct LineRepeatSettings: Sendable, Equatable {
    public var modes = TextModes(content: .stop, reasoning: .stop, code: .stop)
    /// Completed lines that are remembered.
    public var lines = 400
    /// Bytes of lines that are remembered.
    public var bytes = 16_384
    public var prose = LineRepeatLimits(count: 8, mass: 0.90, window: 2_048, minimum: 1_024)
    public var code = LineRepeatLimits(count: 32, mass: 0.97, kinds: 3, window: 4_096, minimum: 4_096)
    public init() {}
}

/// Thresholds of `line_repeat` for one profile.
public struct LineRepeatLimits: Sendable, Equatable {
    /// How often the line must have been seen.
    public var count: Int
    /// The share of the window that duplicate lines must make up.
    public var mass: Double
    /// The most different lines that the window may have; 0 for any number.
    public var kinds: Int
    /// The bytes of recent lines over which the share is taken.
    public var window: Int
    /// The fewest bytes that must exist before the detector may convict.
    public var minimum: Int

    public init(count: Int, mass: Double, kinds: Int = 0, window: Int, minimum: Int) {
        self.count = count
        self.mass = mass
        self.kinds = kinds
        self.window = window
        self.minimum = minimum
    }
}

/// `simhash_repeat`: near-duplicate sentences.
public struct SimhashRepeatSettings: Sendable, Equatable {
    public var modes = TextModes(content: .warn, reasoning: .stop, code: .off)
    /// Sentences that are remembered.
    public var sentences = 32
    /// The largest Hamming distance, of 64 bits, at which two sentences are compared closely.
    public var hamming = 12
    /// The Jaccard similarity of their word bigrams that confirms a match.
    public var jaccard = 0.80
    /// How many remembered sentences the new one must match.
    public var matches = 8
    /// The share of the remembered bytes that matched sentences must make up.
    public var mass = 0.80
    /// The fewest remembered bytes.
    public var minimum = 1_536
    public init() {}
}

/// `novelty_stall`: segments that bring no new words.
public struct NoveltyStallSettings: Sendable, Equatable {
    public var modes = TextModes(content: .stop, reasoning: .stop, code: .off)
    /// The largest share of unseen words that still counts as a stall.
    public var novelty = 0.20
    /// How many segments in a row must stall.
    public var segments = 8
    /// How many characters those segments must have together.
    public var characters = 6_000
    /// How many they must have before visible text is stopped; `characters` warns of it. Lists and exercises in the same
    /// words are wanted there, and reasoning holds few of them.
    public var contentCharacters = 12_000
    /// How many earlier segments a new one is compared with.
    public var window = 8
    /// The length in characters at which a segment ends without a blank line.
    public var segmentLength = 700
    /// The fewest normalised characters of a segment that counts.
    public var minimumLength = 60
    public init() {}
}

/// `stutter`: identical deltas, whitespace without end.
public struct StutterSettings: Sendable, Equatable {
    public var modes = TextModes(content: .stop, reasoning: .stop, code: .stop)
    /// Identical deltas in a row.
    public var deltas = 256
    /// Whitespace bytes in a row.
    public var whitespace = 2_048
    public init() {}
}

/// `template_counter`: lines that differ only in their digits.
public struct TemplateCounterSettings: Sendable, Equatable {
    public var modes = TextModes(content: .observe, reasoning: .observe, code: .observe)
    /// Consecutive equal lines.
    public var lines = 24
    /// The fewest letters in such a line.
    public var letters = 8
    /// The fewest bytes of such lines together.
    public var minimum = 1_024
    public init() {}
}

/// A count at which a detector warns and one at which it stops; 0 means never.
public struct WarnStop: Sendable, Equatable {
    public var warn: Int
    public var stop: Int

    public init(warn: Int, stop: Int) {
        self.warn = warn
        self.stop = stop
    }
}

/// `tool_name_run`: many calls of one tool, or many calls, in one response.
public struct ToolNameRunSettings: Sendable, Equatable {
    /// The highest mode that the counts below may reach.
    public var mode = Mode.stop
    /// Calls of the same tool in a row.
    public var run = WarnStop(warn: 8, stop: 24)
    /// Calls in all.
    public var total = WarnStop(warn: 16, stop: 64)
    /// Tools that neither count nor reset the run.
    public var exempt: Set<String> = []
    public init() {}
}

/// `argument_dedup`: the same call twice in one response.
public struct ArgumentDedupSettings: Sendable, Equatable {
    /// The highest mode that the counts below may reach.
    public var mode = Mode.stop
    /// Identical calls in a row: at which the second warns and the third stops.
    public var consecutive = WarnStop(warn: 2, stop: 3)
    /// Identical calls among the last `window` that stop.
    public var windowStop = 4
    /// The calls that are remembered.
    public var window = 8
    /// Tools that are not looked at.
    public var exempt: Set<String> = []
    /// Argument fields that do not make two calls different, by tool name; `*` for every tool.
    public var ignoreFields: [String: Set<String>] = [:]
    public init() {}
}

/// `history_repeat`: the same calls with the same results across turns.
public struct HistoryRepeatSettings: Sendable, Equatable {
    /// The highest mode that the counts below may reach.
    public var mode = Mode.stop
    /// The same call with the same result in consecutive rounds.
    public var identical = WarnStop(warn: 3, stop: 5)
    /// Cycles of two to five rounds, equal in calls and results.
    public var cycles = WarnStop(warn: 2, stop: 3)
    /// The same call with the same result, with other work between and nothing else progressing.
    public var interleaved = WarnStop(warn: 4, stop: 8)
    /// The same tool with varying arguments and an identical error.
    public var sameError = WarnStop(warn: 4, stop: 8)
    /// The same tool with varying arguments and an identical result of 64 bytes or more that is no error.
    public var sameResult = WarnStop(warn: 6, stop: 0)
    /// The same call with changing results: polling.
    public var polling = WarnStop(warn: 20, stop: 0)
    /// Calls of tools that do not exist, whatever their names.
    public var unknownTool = WarnStop(warn: 3, stop: 6)
    /// Tools that neither count nor reset.
    public var exempt: Set<String> = []
    /// Argument fields that do not make two calls different, by tool name; `*` for every tool.
    public var ignoreFields: [String: Set<String>] = [:]
    public init() {}
}

/// `permanent_failure`: failures that trying again cannot mend.
public struct PermanentFailureSettings: Sendable, Equatable {
    /// The highest mode that the counts below may reach.
    public var mode = Mode.stop
    /// Failures of a program that is not installed.
    public var binaryMissing = WarnStop(warn: 2, stop: 4)
    /// Identical calls that named a file which is not there.
    public var notFound = WarnStop(warn: 3, stop: 6)
    /// Denials with the same error.
    public var permission = WarnStop(warn: 3, stop: 6)
    /// Calls of tools that do not exist.
    public var unknownTool = WarnStop(warn: 3, stop: 6)
    /// Calls whose arguments the tool rejects with the same error.
    public var invalidArgument = WarnStop(warn: 3, stop: 6)
    /// Edits whose text is not in the file.
    public var editMismatch = WarnStop(warn: 3, stop: 0)
    /// Reads and writes of a directory as if it were a file.
    public var isDirectory = WarnStop(warn: 3, stop: 6)
    /// Tools that are not looked at.
    public var exempt: Set<String> = []
    public init() {}
}

/// `argument_repeat`: repetition inside the arguments of one call.
public struct ArgumentRepeatSettings: Sendable, Equatable {
    public var mode = Mode.stop
    /// The most bytes of arguments that one call may have; 0 for no limit.
    public var maxBytes = 1_048_576
    public init() {}
}

/// `budget`: limits on what one response may bring; 0 for no limit.
public struct BudgetSettings: Sendable, Equatable {
    public var mode = Mode.off
    /// The most bytes of content, reasoning and arguments together.
    public var maxOutputBytes = 0
    /// The most bytes of reasoning.
    public var maxReasoningBytes = 0
    public init() {}
}
