import LoopDetection

extension RuleFormat {
    /// One key for each detector, in the order of ``DetectorID``.
    static func detectors(_ place: Place<DetectorSettings>) -> [RuleKey] {
        DetectorID.allCases.map { detector in
            switch detector {
            case .tailRepeat: tailRepeat(place.tailRepeat)
            case .lineRepeat: lineRepeat(place.lineRepeat)
            case .simhashRepeat: simhashRepeat(place.simhashRepeat)
            case .noveltyStall: noveltyStall(place.noveltyStall)
            case .stutter: stutter(place.stutter)
            case .templateCounter: templateCounter(place.templateCounter)
            case .toolNameRun: toolNameRun(place.toolNameRun)
            case .argumentDedup: argumentDedup(place.argumentDedup)
            case .historyRepeat: historyRepeat(place.historyRepeat)
            case .permanentFailure: permanentFailure(place.permanentFailure)
            case .argumentRepeat: argumentRepeat(place.argumentRepeat)
            case .budget: budget(place.budget)
            }
        }
    }

    private static func tailRepeat(_ place: Place<TailRepeatSettings>) -> RuleKey {
        .map(
            "tail_repeat",
            "The end of the text repeats itself exactly.",
            fault: { policy in
                let settings = place.get(policy)
                if settings.stride > settings.window {
                    return "has a stride of \(settings.stride) bytes, which is more than its window of "
                        + "\(settings.window)"
                }
                let needed = (settings.prose + settings.code).map(\.longestNeed).max() ?? 0
                guard needed > settings.window else { return nil }
                return "has a band that needs \(needed) bytes, which is more than its window of \(settings.window)"
            },
            [
                .modes(place.modes),
                .integer("window", 1_024...1_048_576, place.window, "The bytes of tail that are looked at."),
                .integer("stride", 1...65_536, place.stride, "Look whenever this many bytes have come in."),
                .bands(
                    "prose",
                    place.prose,
                    "When to convict running text, by the length of what repeats. \(bandRule)"
                ),
                .bands(
                    "code",
                    place.code,
                    "When to convict code, tables, JSON and tool arguments, by the length of what repeats. \(bandRule)"
                ),
            ]
        )
    }

    private static let bandRule = """
        A band reaches from the one before it up to `up_to` bytes and asks for `span` repeating bytes in all and \
        for `repeats` repeats.
        """

    private static func lineRepeat(_ place: Place<LineRepeatSettings>) -> RuleKey {
        .map(
            "line_repeat",
            "The same lines make up nearly all of the recent text.",
            fault: { policy in
                let settings = place.get(policy)
                for (name, limits) in [("prose", settings.prose), ("code", settings.code)] {
                    if limits.count > settings.lines {
                        return "wants \(limits.count) equal lines in \(name) and remembers only \(settings.lines)"
                    }
                    if max(limits.window, limits.minimum) > settings.bytes {
                        return "wants \(max(limits.window, limits.minimum)) bytes in \(name) and remembers only "
                            + "\(settings.bytes)"
                    }
                }
                return nil
            },
            [
                .modes(place.modes),
                .integer("lines", 2...100_000, place.lines, "Completed lines that are remembered."),
                .integer("bytes", 256...1_048_576, place.bytes, "Bytes of lines that are remembered."),
                lineLimits("prose", place.prose, "When to convict running text."),
                lineLimits("code", place.code, "When to convict code, tables and JSON."),
            ]
        )
    }

    private static func lineLimits(_ name: String, _ place: Place<LineRepeatLimits>, _ summary: String) -> RuleKey {
        .map(
            name,
            "\(summary) The line was seen `count` times, repeated lines are `mass` of the last `window` bytes, which "
                + "have at most `kinds` different lines (0 for any number), and there are `minimum` bytes in all.",
            inline: true,
            [
                .integer("count", 2...100_000, place.count, "How often the line must have been seen."),
                .share("mass", place.mass, "The share of the window that repeated lines must make up."),
                .integer(
                    "kinds",
                    0...100_000,
                    place.kinds,
                    "The most different lines in the window; 0 for any number."
                ),
                .integer("window", 64...1_048_576, place.window, "The bytes of recent lines the share is taken of."),
                .integer("minimum", 0...1_048_576, place.minimum, "The fewest bytes of lines there must be."),
            ]
        )
    }

    private static func simhashRepeat(_ place: Place<SimhashRepeatSettings>) -> RuleKey {
        .map(
            "simhash_repeat",
            "Sentences that are nearly the same.",
            fault: { policy in
                let settings = place.get(policy)
                guard settings.matches > settings.sentences else { return nil }
                return "wants \(settings.matches) matches and remembers only \(settings.sentences) sentences"
            },
            [
                .modes(place.modes),
                .integer("sentences", 2...4_096, place.sentences, "Sentences that are remembered."),
                .integer(
                    "hamming",
                    0...64,
                    place.hamming,
                    "The largest distance, of 64 bits, at which two sentences are compared closely."
                ),
                .share("jaccard", place.jaccard, "The likeness of their pairs of words that confirms a match."),
                .integer("matches", 1...4_096, place.matches, "How many remembered sentences must match."),
                .share("mass", place.mass, "The share of the remembered bytes that matches must make up."),
                .integer("minimum", 0...1_048_576, place.minimum, "The fewest remembered bytes."),
            ]
        )
    }

    private static func noveltyStall(_ place: Place<NoveltyStallSettings>) -> RuleKey {
        .map(
            "novelty_stall",
            "Paragraphs that bring no new words.",
            fault: { policy in
                let settings = place.get(policy)
                guard settings.minimumLength > settings.segmentLength else { return nil }
                return "has a minimum_length of \(settings.minimumLength), which is more than its segment_length of "
                    + "\(settings.segmentLength)"
            },
            [
                .modes(place.modes),
                .share("novelty", place.novelty, "The largest share of unseen words that still counts as a stall."),
                .integer("segments", 1...1_000, place.segments, "How many segments in a row must stall."),
                .integer(
                    "characters",
                    0...1_048_576,
                    place.characters,
                    "How many characters these must have together."
                ),
                .integer(
                    "content_characters",
                    0...1_048_576,
                    place.contentCharacters,
                    "How many they must have before visible text is stopped; `characters` warns of it."
                ),
                .integer("window", 1...1_000, place.window, "How many earlier segments a new one is compared with."),
                .integer(
                    "segment_length",
                    60...65_536,
                    place.segmentLength,
                    "The characters after which a segment ends without a blank line."
                ),
                .integer("minimum_length", 1...65_536, place.minimumLength, "The fewest characters that count."),
            ]
        )
    }

    private static func stutter(_ place: Place<StutterSettings>) -> RuleKey {
        .map(
            "stutter",
            "The same piece of stream over and over, or whitespace without end.",
            [
                .modes(place.modes),
                .integer("deltas", 2...1_000_000, place.deltas, "Identical pieces in a row."),
                .integer("whitespace", 16...1_073_741_824, place.whitespace, "Bytes of whitespace in a row."),
            ]
        )
    }

    private static func templateCounter(_ place: Place<TemplateCounterSettings>) -> RuleKey {
        .map(
            "template_counter",
            "Lines that differ only in their digits. Lists and tables do so rightly: think before you let it stop.",
            [
                .modes(place.modes),
                .integer("lines", 2...100_000, place.lines, "Such lines in a row."),
                .integer("letters", 0...1_000, place.letters, "The fewest letters in such a line."),
                .integer("minimum", 0...1_048_576, place.minimum, "The fewest bytes of such lines together."),
            ]
        )
    }

    private static func argumentRepeat(_ place: Place<ArgumentRepeatSettings>) -> RuleKey {
        .map(
            "argument_repeat",
            "Repetition inside the arguments of one call. The bands are those of tail_repeat for code.",
            [
                .ceiling(place.mode),
                .integer(
                    "max_bytes",
                    0...1_073_741_824,
                    place.maxBytes,
                    "The most bytes of arguments that one call may have; 0 for no limit."
                ),
            ]
        )
    }

    private static func budget(_ place: Place<BudgetSettings>) -> RuleKey {
        .map(
            "budget",
            "Limits on what one response may bring.",
            [
                .ceiling(place.mode),
                .integer(
                    "max_output_bytes",
                    0...1_099_511_627_776,
                    place.maxOutputBytes,
                    "The most bytes of text, reasoning and arguments together; 0 for no limit."
                ),
                .integer(
                    "max_reasoning_bytes",
                    0...1_099_511_627_776,
                    place.maxReasoningBytes,
                    "The most bytes of reasoning; 0 for no limit."
                ),
            ]
        )
    }
}

extension PeriodBand {
    /// The bytes that must repeat before a unit of `period` bytes is convicted.
    func need(at period: Int) -> Int { max(span, repeats * period) }

    /// The most that the band asks for.
    var longestNeed: Int { need(at: upTo) }
}
