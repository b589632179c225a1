/// All text detectors over one channel of one choice.
///
/// Feed it the decoded bytes of every delta; the verdicts depend on the bytes alone and not on how they were cut into
/// deltas (except `stutter`, which counts deltas as a backstop and never convicts before `tail_repeat` would).
///
/// The monitor walks through the bytes once and asks the detectors at points that the bytes define: the ends of lines,
/// sentences and segments, and every `stride` bytes. It goes from one such point to the next in one step. For arguments it walks through the text with the escapes of its
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

    private let tailRepeat: TailRepeat
    private var stutter: Stutter
    private var lineRepeat: LineRepeat
    private var templateCounter: TemplateCounter
    private var simhashRepeat: SimhashRepeat
    private var noveltyStall: NoveltyStall

    // A detector that no profile of this channel lets speak is not asked at all.
    private let hearsDeltas: Bool
    private let hearsLines: Bool
    private let hearsTemplates: Bool
    private let hearsSentences: Bool
    private let hearsSegments: Bool
    /// Whether there is any detector at all.
    private let listens: Bool
    private var nextScan: Int
    private var lineStart = 0
    private var sentenceStart = 0
    private var boundary = TextBoundary()
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
        stutter = Stutter(settings: settings.stutter)
        lineRepeat = LineRepeat(settings: settings.lineRepeat)
        templateCounter = TemplateCounter(settings: settings.templateCounter)
        simhashRepeat = SimhashRepeat(settings: settings.simhashRepeat)
        noveltyStall = NoveltyStall(settings: settings.noveltyStall)
        hearsDeltas = isArmed(.stutter)
        hearsLines = isArmed(.lineRepeat)
        hearsTemplates = isArmed(.templateCounter)
        hearsSentences = isArmed(.simhashRepeat)
        hearsSegments = isArmed(.noveltyStall)
        let scans = hearsDeltas || isArmed(.tailRepeat)
        listens = scans || hearsLines || hearsTemplates || hearsSentences || hearsSegments
        tail = ChannelTail(keeping: max(Self.longestLine, scans ? settings.tailRepeat.window : 0))
        nextScan = scans ? max(1, settings.tailRepeat.stride) : .max
    }

    /// The bytes of memory that the monitor holds on to beside itself: bounded, whatever the channel brings.
    public var stateBytes: Int {
        let text = tail.bytes.capacity + foldedLine.bytes.capacity + foldedWords.text.capacity
        let words = foldedWords.words.capacity * MemoryLayout<FoldedWords.Word>.stride
        return text + words + lineRepeat.stateBytes + simhashRepeat.stateBytes + noveltyStall.stateBytes
    }

    /// The last bytes of the channel as far as they are kept, beginning with a whole character.
    public func lastText(_ limit: Int) -> [UInt8] {
        var text = tail.bytes.suffix(limit)
        if text.count < tail.end { text = text.drop { $0 & 0xC0 == 0x80 } }
        return Array(text)
    }

    /// The last bytes that the detectors looked at, and the offset of the first of them: what offsets in evidence count.
    public var recentText: (bytes: [UInt8], start: Int) { (tail.bytes, tail.start) }

    /// Takes one delta in. New verdicts, if any, are appended in the order in which they came to stand; each detector
    /// speaks once per mode it reaches. The caller stops feeding after a verdict with mode `stop`; what the delta holds
    /// behind it is not judged any more.
    public mutating func receive(_ delta: Span<UInt8>, verdicts: inout [Verdict]) {
        let end = byteCount + delta.count
        if hearsDeltas, !delta.isEmpty, !isStopped { stutter.begin(delta, at: tail.end) }
        var index = 0
        while index < delta.count, !isStopped {
            byteCount += 1
            if byteCount > nextLimit { exceedLimits(&verdicts) }
            let most = min(delta.count - index - 1, nextLimit - byteCount) + 1
            let text = delta.extracting(index..<index + most)
            index += !listens ? most : arguments == nil ? take(text, &verdicts) : takeArguments(text, &verdicts)
            if !listens { byteCount += most - 1 }
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

    /// Takes in what can be taken in one step from the arguments received: an escape sequence byte by byte, all else
    /// as it stands. Returns how many bytes that were; the first of them is counted already.
    private mutating func takeArguments(_ text: Span<UInt8>, _ verdicts: inout [Verdict]) -> Int {
        let wasInString = arguments!.isInString
        let plain = arguments!.plainPrefix(of: text)
        if plain > 0 { return take(text.extracting(first: plain), isPayload: wasInString, &verdicts) }
        let decoded = arguments!.next(text[0])
        let isPayload = wasInString && arguments!.isInString
        for index in 0..<decoded.count {
            _ = take(CollectionOfOne(decoded[index]).span, isPayload: isPayload, &verdicts)
        }
        return 1
    }

    /// Takes in decoded text up to the next point at which something may happen. Only before its first byte and after
    /// its last one does anything happen. Returns how many bytes that were; the first of them is counted already.
    private mutating func take(
        _ text: Span<UInt8>,
        isPayload: Bool = false,
        _ verdicts: inout [Verdict]
    ) -> Int {
        if hearsSegments, noveltyStall.isFull(before: text[0]) {
            endPiece(dropping: profile.current == .code)
            endSegment(&verdicts)
        }
        let lineRoom = lineStart + Self.longestLine - tail.end
        var most = min(text.count, nextScan - tail.end, lineRoom)
        if hearsSegments { most = min(most, noveltyStall.room) }
        if hearsDeltas { most = min(most, stutter.patience) }
        // The last byte of an overlong line ends it, whatever that byte is.
        var (count, ending) = boundary.read(text, atMost: min(most, lineRoom - 1))
        if ending == .nothing, most == lineRoom { (count, ending) = (lineRoom, .line) }

        byteCount += count - 1
        tail.append(text, count)
        if hearsSegments { noveltyStall.count(text, count) }
        if hearsDeltas, stutter.add(text, count, counts: !isPayload) { judgeWhitespace(&verdicts) }
        switch ending {
        case .line: endLine(&verdicts)
        case .sentence: if hearsSentences { endSentence(&verdicts) }
        case .nothing: break
        }
        if tail.end == nextScan {
            nextScan += max(1, settings.tailRepeat.stride)
            scan(&verdicts)
        }
        return count
    }

    // MARK: - Points at which detectors are asked

    private mutating func scan(_ verdicts: inout [Verdict]) {
        let mode = mode(.tailRepeat)
        if mode != .off, let evidence = tailRepeat.scan(tail, profile.current) {
            speak(.tailRepeat, mode, evidence, &verdicts)
        }
        let stutterMode = kind == .arguments || !hearsDeltas ? .off : self.mode(.stutter)
        if stutterMode != .off, let evidence = stutter.scan(tail, profile.current, tailRepeat) {
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
        if hearsSegments {
            endPiece(dropping: wasCode || profile.current == .code || shape.looksLikeCode || shape.isTitle)
            if shape.isBlank, noveltyStall.mayEnd { endSegment(&verdicts) }
        }
        if shape.isBlank || !(hearsLines || hearsTemplates) { return }

        foldedLine.fold(tail, indices)
        if hearsLines {
            let mode = mode(.lineRepeat)
            let evidence = lineRepeat.add(foldedLine, length: range.count, profile.current, judging: mode != .off)
            if let evidence { speak(.lineRepeat, mode, evidence, &verdicts) }
        }
        if hearsTemplates {
            let mode = mode(.templateCounter)
            let evidence = templateCounter.add(&foldedLine, length: range.count, judging: mode != .off)
            if let evidence { speak(.templateCounter, mode, evidence, &verdicts) }
        }
        foldedLine.shrink()
    }

    private mutating func endSentence(_ verdicts: inout [Verdict]) {
        let range = sentenceStart..<tail.end
        sentenceStart = tail.end
        guard hearsSentences, !range.isEmpty else { return }
        if profile.current == .code || isMarkedLine {
            simhashRepeat.skip(range.count)
            return
        }
        foldedWords.read(tail, tail.indices(of: range), atMost: SimhashRepeat.mostWords)
        let mode = mode(.simhashRepeat)
        if let evidence = simhashRepeat.add(foldedWords, at: range, tail, judging: mode != .off) {
            speak(.simhashRepeat, mode, evidence, &verdicts)
        }
    }

    /// Whether the present line, complete or not, begins like a table row, a heading or a quotation.
    private var isMarkedLine: Bool {
        LineShape.isMarked(tail.bytes.span.extracting(tail.indices(of: lineStart..<tail.end)))
    }

    private mutating func endPiece(dropping: Bool) {
        noveltyStall.endPiece(tail, at: tail.end, dropping: dropping, &foldedWords)
    }

    private mutating func endSegment(_ verdicts: inout [Verdict]) {
        guard hearsSegments else { return }
        let mode = mode(.noveltyStall)
        if let evidence = noveltyStall.endSegment(tail, at: tail.end, judging: mode != .off) {
            let reached = noveltyStall.reach(mode, in: kind)
            if reached > spoken[.noveltyStall] { speak(.noveltyStall, reached, evidence, &verdicts) }
        }
    }

    private mutating func judgeWhitespace(_ verdicts: inout [Verdict]) {
        let mode = mode(.stutter)
        if mode != .off { speak(.stutter, mode, stutter.whitespaceEvidence(tail), &verdicts) }
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
