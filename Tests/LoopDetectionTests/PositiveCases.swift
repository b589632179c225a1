import LoopDetection
import Testing

/// A loop that must be ended, and what must be said about it.
struct PositiveCase: Sendable, CustomTestStringConvertible {
    var example: TextCase
    /// The detectors any of which may end it.
    var detectors: Set<DetectorID>
    /// The byte by which it must be ended.
    var by: Int
    /// The period that `tail_repeat` must name.
    var period: Int?

    var testDescription: String { example.name }

    init(
        _ name: String,
        _ text: String,
        in kind: ChannelKind = .content,
        jsonOutput: Bool = false,
        settings: DetectorSettings = DetectorSettings(),
        _ detectors: Set<DetectorID> = [.tailRepeat],
        by: Int,
        period: Int? = nil
    ) {
        example = TextCase(name: name, text: text, kind: kind, jsonOutput: jsonOutput, settings: settings)
        self.detectors = detectors
        self.by = by
        self.period = period
    }
}

private let different = """
    I see what is wrong. Let me try another way - let me call the tool from the toolchain folder:

    """

private let scriptPair = """
    The dialog asks for the name of the folder. The script then tells the window to open that folder.

    """

/// A block of code of 92 lines.
private let codeBlock =
    "```swift\n"
    + lines(0..<90) { "    let value\($0) = table[\($0 * 7 % 31)] + \($0 * $0)" } + "}\n```\n"

private let paragraph =
    freshProse(24, seed: 99).replacing("\n\n", with: " ") + "\n\n"

private let block = lines(0..<21) { "Row \($0): the \(["pump", "valve", "gauge", "relay"][$0 % 4]) was checked twice" }

private let promises = [
    "I'll do it.", "I'll implement it.", "I'll start now.", "Let me begin.", "Now I'll write it.", "I'll get going.",
    "Okay, I'll do it now.", "Let me implement it.", "I'll start with it.", "Let me start.", "I'll write it now.",
    "So I'll begin.", "Now let me do it.", "I'll begin now.",
]

private let farewells = [
    "Done.", "Goodbye.", "End.", "Finished.", "Stop.", "Farewell.", "The end.", "Over.", "That is all.", "Bye.",
    "Complete.", "Exit.", "Closing.", "Final.",
]

/// `template_counter` as someone who wants it to end reasoning would set it.
private let counting = DetectorSettings.only {
    $0.templateCounter.modes.reasoning = .stop
    $0.templateCounter.letters = 1
}

let positiveCases: [PositiveCase] = [
    PositiveCase("P1 I'll do it", times(600, "I'll do it.\n"), by: 1_280, period: 12),
    PositiveCase(
        "P2 waiting for the user",
        times(60, "I shall say nothing more now. I am waiting for what the user asks for next. "),
        by: 1_800
    ),
    PositiveCase("P3 another way", times(23, different), [.tailRepeat, .lineRepeat], by: 1_900),
    PositiveCase("P4 court", times(14_645, "court "), by: 1_152, period: 6),
    PositiveCase("P5 The", times(2_400, "The "), in: .reasoning, by: 1_152, period: 4),
    PositiveCase("P6 ?!", times(15_000, "?!"), by: 1_152, period: 2),
    PositiveCase("P7 one wide mark", times(6_000, "！"), by: 1_152, period: 3),
    PositiveCase("P7 one Chinese word", times(4_000, "商店"), by: 1_152, period: 6),
    PositiveCase("P8 pair of sentences", times(80, scriptPair), [.tailRepeat, .lineRepeat], by: 1_900),
    PositiveCase(
        "P9 fenced block of code",
        times(10, codeBlock),
        by: 4 * codeBlock.utf8.count + 256,
        period: codeBlock.utf8.count
    ),
    PositiveCase(
        "P10 long paragraph",
        times(8, paragraph),
        by: 3 * paragraph.utf8.count + 256,
        period: paragraph.utf8.count
    ),
    PositiveCase("P11 paragraph of 764", times(450, String(paragraph.prefix(763)) + "\n"), by: 3_300, period: 764),
    PositiveCase("P12 block of 21 lines", times(62, block), by: 3_200, period: block.utf8.count),
    PositiveCase(
        "P13 newlines behind JSON",
        #"{"name": "x","# + times(6_000, "\n"),
        jsonOutput: true,
        [.stutter],
        by: 2_100
    ),
    PositiveCase("P14 half a tag", times(3_000, "parameter>\n"), by: 4_352, period: 11),
    PositiveCase(
        "P15 inside a write call",
        writeCall(times(400, "server-side scripting ")),
        in: .arguments,
        [.argumentRepeat],
        by: 4_352
    ),
    PositiveCase(
        "P16 wait and actually",
        times(150, "Wait, I'll also look at the tests again.\nActually, that may not be needed here.\n"),
        [.tailRepeat, .lineRepeat],
        by: 1_900
    ),
    PositiveCase(
        "P17 reworded promises",
        shuffle(900, promises, seed: 17),
        in: .reasoning,
        [.noveltyStall],
        by: 7_500
    ),
    PositiveCase("P18 farewells", shuffle(1_500, farewells, seed: 18), in: .reasoning, [.noveltyStall], by: 7_500),
    PositiveCase(
        "P19 stutter of syllables",
        shuffle(6_000, ["la", "de", "l", "la de", "de l"], seed: 19),
        in: .reasoning,
        [.noveltyStall],
        by: 7_500
    ),
    PositiveCase(
        "P20 counter",
        lines(0..<1_000) { "- B(\($0)) = N" },
        in: .reasoning,
        settings: counting,
        [.templateCounter],
        by: 1_200
    ),
    PositiveCase(
        "P34 numbered sentence in reasoning",
        lines(1..<401) { "\($0). Check the configuration of the service and restart it when something has changed." },
        in: .reasoning,
        [.simhashRepeat],
        by: 4_000
    ),
]
