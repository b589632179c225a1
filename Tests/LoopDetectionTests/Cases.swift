import LoopDetection
import Testing

/// A piece of text that a model might send, with where it arrives.
struct TextCase: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var kind = ChannelKind.content
    var jsonOutput = false
    var settings = DetectorSettings()

    var testDescription: String { name }
}

/// The deltas of every case, in bytes; the last stands for the whole text in one.
let chunkings = [1, 3, 7, 64, Int.max]

/// Feeds a text and returns the verdicts. Stops at the first verdict to stop, as the guard does.
func verdicts(
    _ text: some Sequence<UInt8>,
    in kind: ChannelKind = .content,
    settings: DetectorSettings = DetectorSettings(),
    jsonOutput: Bool = false,
    chunk: Int = .max
) -> [Verdict] {
    let bytes = Array(text)
    var monitor = ChannelMonitor(kind: kind, settings: settings, jsonOutput: jsonOutput)
    var verdicts: [Verdict] = []
    var start = 0
    while start < bytes.count {
        let end = start + min(chunk, bytes.count - start)
        monitor.receive(bytes.span.extracting(start..<end), verdicts: &verdicts)
        if verdicts.last?.mode == .stop { return verdicts }
        start = end
    }
    monitor.finish(verdicts: &verdicts)
    return verdicts
}

func verdicts(
    _ text: String,
    in kind: ChannelKind = .content,
    settings: DetectorSettings = DetectorSettings()
) -> [Verdict] {
    verdicts(text.utf8, in: kind, settings: settings)
}

func verdicts(_ example: TextCase, chunk: Int = .max) -> [Verdict] {
    verdicts(
        example.text.utf8,
        in: example.kind,
        settings: example.settings,
        jsonOutput: example.jsonOutput,
        chunk: chunk
    )
}

extension [Verdict] {
    /// The verdict of a detector that went furthest.
    func last(of detector: DetectorID) -> Verdict? { last { $0.detector == detector } }

    /// The verdict that ends the run.
    var stop: Verdict? { first { $0.mode == .stop } }
}

extension Evidence {
    /// A fact that is a whole number.
    func integer(_ name: String) -> Int? { if case .integer(let value)? = self[name] { value } else { nil } }
    /// A fact that is a share.
    func number(_ name: String) -> Double? { if case .number(let value)? = self[name] { value } else { nil } }
    /// A fact that is text.
    func text(_ name: String) -> String? { if case .text(let value)? = self[name] { value } else { nil } }
}

extension DetectorSettings {
    /// Everything off: tests switch on what they look at.
    static var silent: DetectorSettings {
        var settings = DetectorSettings()
        let off = TextModes(content: .off, reasoning: .off, code: .off)
        settings.tailRepeat.modes = off
        settings.lineRepeat.modes = off
        settings.simhashRepeat.modes = off
        settings.noveltyStall.modes = off
        settings.stutter.modes = off
        settings.templateCounter.modes = off
        settings.argumentRepeat.mode = .off
        return settings
    }

    /// Everything off but one part.
    static func only(_ change: (inout DetectorSettings) -> Void) -> DetectorSettings {
        var settings = silent
        change(&settings)
        return settings
    }
}

/// Modes that stop everywhere.
let stopping = TextModes(content: .stop, reasoning: .stop, code: .stop)

func times(_ count: Int, _ unit: String) -> String { String(repeating: unit, count: count) }

func lines(_ range: Range<Int>, _ line: (Int) -> String) -> String { range.map(line).joined(separator: "\n") + "\n" }

/// The JSON text of arguments with one file.
func writeCall(_ content: String) -> String {
    var escaped = ""
    for character in content.unicodeScalars {
        switch character {
        case "\n": escaped += "\\n"
        case "\"": escaped += "\\\""
        case "\\": escaped += "\\\\"
        default: escaped.unicodeScalars.append(character)
        }
    }
    return #"{"path":"notes/out.txt","content":""# + escaped + #""}"#
}

/// The same numbers on every run (Knuth's MMIX constants).
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 2 + 1 }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }

    mutating func pick(_ words: [String]) -> String { words[Int(next() >> 33) % words.count] }
}

/// Words in random order.
func shuffle(_ count: Int, _ words: [String], seed: UInt64, separator: String = " ") -> String {
    var dice = Dice(seed)
    return (0..<count).map { _ in dice.pick(words) }.joined(separator: separator)
}

/// Running text without repetition: sentences over a vocabulary that grows, so that nothing stalls.
func freshProse(_ sentences: Int, seed: UInt64 = 7) -> String {
    var dice = Dice(seed)
    let syllables = ["ba", "ne", "ro", "ti", "ku", "sha", "lem", "dor", "vin", "pas", "gru", "hel", "mi", "zot", "fer"]
    func word() -> String { (0..<Int(2 + dice.next() % 3)).map { _ in dice.pick(syllables) }.joined() }
    var text = ""
    for sentence in 1...sentences {
        text += (0..<Int(7 + dice.next() % 8)).map { _ in word() }.joined(separator: " ")
        text += sentence % 5 == 0 ? ".\n\n" : ". "
    }
    return text
}
