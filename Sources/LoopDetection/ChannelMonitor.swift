/// All text detectors over one channel of one choice.
///
/// Feed it the decoded bytes of every delta; the verdicts depend on the bytes alone and not on how they were cut into
/// deltas (except `stutter`, which counts deltas as a backstop and never convicts before `tail_repeat` would).
///
/// The monitor walks through the bytes once and asks the detectors at points that the bytes define: the ends of lines,
/// sentences and segments, and every `stride` bytes. For arguments it walks through the text with the escapes of its
/// JSON strings decoded; there the offsets and lengths in evidence count decoded bytes, ``Verdict/byte`` those received.
public struct ChannelMonitor: Sendable {
    /// The channel.
    public let kind: ChannelKind
    /// The bytes received so far.
    public private(set) var byteCount = 0

    private let settings: DetectorSettings
    private var spoken = SpokenModes()
    private var isStopped = false

    private var tail: ChannelTail
    private var profile: ProfileTracker
    private var arguments: ArgumentText?
    private var budget: ByteBudget
    private var nextLimit: Int

    // A detector that no profile of this channel lets speak is not there at all.
    private let tailRepeat: TailRepeat
    private var stutter: Stutter?
    private var lineRepeat: LineRepeat?
    private var templateCounter: TemplateCounter?
    private var simhashRepeat: SimhashRepeat?
    private var noveltyStall: NoveltyStall?

    /// Whether there is any detector at all.
    private let listens: Bool
    private var nextScan: Int
    private var lineStart = 0
    private var sentenceStart = 0
    private var sentenceEnds = SentenceEnds()
    private var foldedLine = FoldedLine()
    private var foldedWords = FoldedWords()

    /// A line that grows longer than this is taken as complete, in bytes: text without newlines is judged too, and in
    /// bounded memory.
    private static let longestLine = 8_192

    /// Creates a monitor.
    /// - Parameters:
    ///   - kind: The channel it listens to.
    ///   - settings: Modes and thresholds.
    ///   - jsonOutput: Whether the client asked for JSON, which pins the profile to code.
    public init(kind: ChannelKind, settings: DetectorSettings, jsonOutput: Bool) {
        self.kind = kind
        self.settings = settings
        let isPinned = kind == .arguments || jsonOutput
        profile = ProfileTracker(pinnedToCode: isPinned)
        arguments = kind == .arguments ? ArgumentText() : nil
        budget = ByteBudget(kind, settings)
        nextLimit = budget.next

        func isArmed(_ rule: DetectorID) -> Bool {
            let inCode = settings.mode(of: rule, in: kind, .code) != .off
            return inCode || (!isPinned && settings.mode(of: rule, in: kind, .prose) != .off)
        }
        tailRepeat = TailRepeat(settings: settings.tailRepeat)
        let scans = isArmed(.tailRepeat) || isArmed(.stutter)
        listens = scans || [.lineRepeat, .templateCounter, .simhashRepeat, .noveltyStall].contains(where: isArmed)
        tail = ChannelTail(keeping: max(Self.longestLine, scans ? settings.tailRepeat.window : 0))
        nextScan = scans ? max(1, settings.tailRepeat.stride) : .max
        if isArmed(.stutter) { stutter = Stutter(settings: settings.stutter) }
        if isArmed(.lineRepeat) { lineRepeat = LineRepeat(settings: settings.lineRepeat) }
        if isArmed(.templateCounter) { templateCounter = TemplateCounter(settings: settings.templateCounter) }
        if isArmed(.simhashRepeat) { simhashRepeat = SimhashRepeat(settings: settings.simhashRepeat) }
        if isArmed(.noveltyStall) { noveltyStall = NoveltyStall(settings: settings.noveltyStall) }
    }

    /// The bytes of memory that the monitor holds on to beside itself: bounded, whatever the channel brings.
    public var stateBytes: Int {
        let text = tail.bytes.capacity + foldedLine.bytes.capacity + foldedWords.text.capacity
        let words = foldedWords.words.capacity * MemoryLayout<FoldedWords.Word>.stride
        let memories = (lineRepeat?.stateBytes ?? 0) + (simhashRepeat?.stateBytes ?? 0)
        return text + words + memories + (noveltyStall?.stateBytes ?? 0)
    }

    /// Takes one delta in. New verdicts, if any, are appended in the order in which they came to stand; each detector
    /// speaks once per mode it reaches. The caller stops feeding after a verdict with mode `stop`; what the delta holds
    /// behind it is not judged any more.
    public mutating func receive(_ delta: Span<UInt8>, verdicts: inout [Verdict]) {
        let end = byteCount + delta.count
        if !delta.isEmpty, !isStopped { stutter?.begin(delta, at: tail.end) }
        for index in delta.indices {
            if isStopped { break }
            byteCount += 1
            take(delta[index], &verdicts)
        }
        byteCount = end
    }

    /// Says that the channel has ended: the last line is complete.
    public mutating func finish(verdicts: inout [Verdict]) {
        if isStopped { return }
        if lineStart < tail.end { endLine(&verdicts) }
        endSegment(&verdicts)
        if nextScan != .max { scan(&verdicts) }
        isStopped = true
    }

    /// One byte as it was received.
    private mutating func take(_ byte: UInt8, _ verdicts: inout [Verdict]) {
        if byteCount > nextLimit { exceedLimits(&verdicts) }
        guard listens else { return }
        guard arguments != nil else { return takeText(byte, isPayload: false, &verdicts) }
        let wasInString = arguments!.isInString
        let decoded = arguments!.next(byte)
        let isPayload = wasInString && arguments!.isInString
        for index in 0..<decoded.count { takeText(decoded[index], isPayload: isPayload, &verdicts) }
    }

    /// One byte of decoded text.
    private mutating func takeText(_ byte: UInt8, isPayload: Bool, _ verdicts: inout [Verdict]) {
        if noveltyStall?.isFull(before: byte) == true {
            endPiece(dropping: profile.current == .code)
            endSegment(&verdicts)
        }
        tail.append(byte)
        noveltyStall?.count(byte)
        if stutter?.add(byte, counts: !isPayload) == true { judgeWhitespace(&verdicts) }
        if byte == 0x0A || tail.end - lineStart >= Self.longestLine {
            endLine(&verdicts)
        } else if simhashRepeat != nil, sentenceEnds.take(byte) {
            endSentence(&verdicts)
        }
        if tail.end == nextScan {
            nextScan += max(1, settings.tailRepeat.stride)
            scan(&verdicts)
        }
    }

    // MARK: - Points at which detectors are asked

    private mutating func scan(_ verdicts: inout [Verdict]) {
        let mode = mode(.tailRepeat)
        if mode != .off, let evidence = tailRepeat.scan(tail, profile.current) {
            speak(.tailRepeat, mode, evidence, &verdicts)
        }
        let stutterMode = kind == .arguments ? .off : self.mode(.stutter)
        if stutterMode != .off, let evidence = stutter?.scan(tail, profile.current, tailRepeat) {
            speak(.stutter, stutterMode, evidence, &verdicts)
        }
    }

    private mutating func endLine(_ verdicts: inout [Verdict]) {
        endSentence(&verdicts)
        let range = lineStart..<tail.end
        lineStart = tail.end
        let indices = tail.indices(of: range)
        let shape = LineShape(tail.bytes.span.extracting(indices))
        let wasCode = profile.current == .code
        profile.completed(shape)
        if noveltyStall != nil {
            endPiece(dropping: wasCode || profile.current == .code || shape.looksLikeCode || shape.isTitle)
            if shape.isBlank { endSegment(&verdicts) }
        }
        if shape.isBlank || (lineRepeat == nil && templateCounter == nil) { return }

        foldedLine.fold(tail, indices)
        let lineMode = mode(.lineRepeat)
        if let evidence = lineRepeat?.add(
            foldedLine,
            length: range.count,
            profile.current,
            judging: lineMode != .off
        ) {
            speak(.lineRepeat, lineMode, evidence, &verdicts)
        }
        let templateMode = mode(.templateCounter)
        if let evidence = templateCounter?.add(&foldedLine, length: range.count, judging: templateMode != .off) {
            speak(.templateCounter, templateMode, evidence, &verdicts)
        }
        foldedLine.shrink()
    }

    private mutating func endSentence(_ verdicts: inout [Verdict]) {
        let range = sentenceStart..<tail.end
        sentenceStart = tail.end
        guard simhashRepeat != nil, !range.isEmpty else { return }
        if profile.current == .code || isMarkedLine {
            simhashRepeat?.skip(range.count)
            return
        }
        foldedWords.read(tail, tail.indices(of: range), atMost: SimhashRepeat.mostWords)
        let mode = mode(.simhashRepeat)
        if let evidence = simhashRepeat?.add(foldedWords, at: range, tail, judging: mode != .off) {
            speak(.simhashRepeat, mode, evidence, &verdicts)
        }
    }

    /// Whether the present line, complete or not, begins like a table row, a heading or a quotation.
    private var isMarkedLine: Bool {
        LineShape.isMarked(tail.bytes.span.extracting(tail.indices(of: lineStart..<tail.end)))
    }

    private mutating func endPiece(dropping: Bool) {
        noveltyStall?.endPiece(tail, at: tail.end, dropping: dropping, &foldedWords)
    }

    private mutating func endSegment(_ verdicts: inout [Verdict]) {
        let mode = mode(.noveltyStall)
        if let evidence = noveltyStall?.endSegment(tail, at: tail.end, judging: mode != .off) {
            speak(.noveltyStall, mode, evidence, &verdicts)
        }
    }

    private mutating func judgeWhitespace(_ verdicts: inout [Verdict]) {
        let mode = mode(.stutter)
        guard mode != .off, let evidence = stutter?.whitespaceEvidence(tail) else { return }
        speak(.stutter, mode, evidence, &verdicts)
    }

    private mutating func exceedLimits(_ verdicts: inout [Verdict]) {
        while byteCount > nextLimit, let (detector, evidence) = budget.exceed() {
            nextLimit = budget.next
            let mode = detector == .budget ? settings.budget.mode : settings.argumentRepeat.mode
            if mode > spoken[detector] { speak(detector, mode, evidence, &verdicts) }
        }
    }

    // MARK: - Speaking

    /// How far a rule may go now: `off` when it is switched off here or has already gone as far.
    private func mode(_ rule: DetectorID) -> Mode {
        let mode = settings.mode(of: rule, in: kind, profile.current)
        return mode > spoken[speaker(rule)] ? mode : .off
    }

    /// The detector in whose name a rule speaks: in arguments that is always `argument_repeat`.
    private func speaker(_ rule: DetectorID) -> DetectorID {
        kind == .arguments && rule != .budget ? .argumentRepeat : rule
    }

    /// Appends a verdict. After a stop nobody speaks any more, not even over the same byte.
    private mutating func speak(_ rule: DetectorID, _ mode: Mode, _ found: Evidence, _ verdicts: inout [Verdict]) {
        if isStopped { return }
        let detector = speaker(rule)
        var evidence = found
        if detector == .argumentRepeat {
            evidence = Evidence()
            evidence.add("rule", text: rule == .argumentRepeat ? "max_bytes" : rule.name)
            evidence.add(found)
        }
        spoken[detector] = mode
        isStopped = mode == .stop
        verdicts.append(
            Verdict(detector: detector, mode: mode, channel: kind, byte: byteCount, evidence: evidence)
        )
    }
}

/// The highest mode that each detector has reached in a channel, two bits each.
struct SpokenModes: Sendable {
    private var bits: UInt32 = 0

    subscript(detector: DetectorID) -> Mode {
        get { Mode(rawValue: UInt8(bits >> (UInt32(detector.rawValue) * 2) & 3))! }
        set {
            let shift = UInt32(detector.rawValue) * 2
            bits = bits & ~(3 << shift) | UInt32(newValue.rawValue) << shift
        }
    }
}

extension DetectorSettings {
    /// The mode of a text rule in a channel and profile. In arguments the rules that look at exact repetition have the
    /// mode of `argument_repeat`, the others are off.
    func mode(of rule: DetectorID, in kind: ChannelKind, _ profile: TextProfile) -> Mode {
        if kind == .arguments {
            switch rule {
            case .tailRepeat, .lineRepeat, .stutter: return argumentRepeat.mode
            default: return .off
            }
        }
        switch rule {
        case .tailRepeat: return tailRepeat.modes.mode(in: kind, profile)
        case .lineRepeat: return lineRepeat.modes.mode(in: kind, profile)
        case .simhashRepeat: return simhashRepeat.modes.mode(in: kind, profile)
        case .noveltyStall: return noveltyStall.modes.mode(in: kind, profile)
        case .stutter: return stutter.modes.mode(in: kind, profile)
        case .templateCounter: return templateCounter.modes.mode(in: kind, profile)
        default: return .off
        }
    }
}
