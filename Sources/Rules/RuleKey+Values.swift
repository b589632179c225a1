import LoopDetection

/// The kinds of key that `RuleFormat` is written in.
extension RuleKey {
    /// Keys under a key; `fault` judges them together.
    static func map(
        _ name: String,
        _ summary: String,
        inline: Bool = false,
        fault: @escaping @Sendable (Policy) -> String? = { _ in nil },
        _ keys: [RuleKey]
    ) -> RuleKey {
        RuleKey(name: name, summary: summary, shape: .map(keys, inline: inline), fault: fault)
    }

    static func boolean(_ name: String, _ place: Place<Bool>, _ summary: String) -> RuleKey {
        leaf(name, summary, .boolean, place, get: { .boolean($0) }, set: \.boolean)
    }

    static func integer(
        _ name: String,
        _ range: ClosedRange<Int>,
        _ place: Place<Int>,
        _ summary: String
    ) -> RuleKey {
        leaf(name, summary, .integer(range), place, get: { .integer($0) }, set: \.integer)
    }

    /// A share from nought to one.
    static func share(_ name: String, _ place: Place<Double>, _ summary: String) -> RuleKey {
        leaf(name, summary, .number(0...1), place, get: { .number($0) }, set: \.number)
    }

    static func choice<Value: Equatable & Sendable>(
        _ name: String,
        _ words: [(word: String, value: Value)],
        _ place: Place<Value>,
        _ summary: String
    ) -> RuleKey {
        leaf(
            name,
            summary,
            .choice(words.map(\.word)),
            place,
            get: { value in .word(words.first { $0.value == value }?.word ?? "") },
            set: { value in words.first { .word($0.word) == value }?.value }
        )
    }

    static func textOrFalse(_ name: String, _ place: Place<String?>, _ summary: String) -> RuleKey {
        leaf(name, summary, .textOrFalse, place, get: { .text($0) }, set: \.text)
    }

    static func names(_ name: String, _ place: Place<Set<String>>, _ summary: String) -> RuleKey {
        leaf(name, summary, .names, place, get: { .names($0) }, set: \.names)
    }

    static func namesByName(_ name: String, _ place: Place<[String: Set<String>]>, _ summary: String) -> RuleKey {
        leaf(name, summary, .namesByName, place, get: { .namesByName($0) }, set: \.namesByName)
    }

    static func bands(_ name: String, _ place: Place<[PeriodBand]>, _ summary: String) -> RuleKey {
        leaf(name, summary, .bands, place, get: { .bands($0) }, set: \.bands)
    }

    /// One mode.
    static func mode(_ name: String, _ place: Place<Mode>, _ summary: String) -> RuleKey {
        choice(name, modeWords, place, summary)
    }

    /// The modes of a text detector.
    static func modes(_ place: Place<TextModes>) -> RuleKey {
        RuleKey(
            name: "mode",
            summary: "How far this detector may go: one mode for everywhere, or one for each place.",
            shape: .modes([
                mode("content", place.content, "The mode in visible text."),
                mode("reasoning", place.reasoning, "The mode in the model's reasoning."),
                mode("code", place.code, "The most it may do in code, tables and JSON, in whichever channel."),
            ])
        )
    }

    /// The mode of a detector of tool calls or bytes.
    static func ceiling(_ place: Place<Mode>) -> RuleKey {
        mode("mode", place, "The most this detector may do, whatever the counts below say.")
    }

    /// Two counts, of which the first must not lie above the second.
    static func warnStop(_ name: String, _ place: Place<WarnStop>, _ summary: String) -> RuleKey {
        map(
            name,
            summary,
            inline: true,
            fault: { policy in
                let counts = place.get(policy)
                guard counts.stop > 0, counts.warn > counts.stop else { return nil }
                return "warns at \(counts.warn), which is after it stops at \(counts.stop)"
            },
            [
                integer("warn", 0...1_000_000, place.warn, "The count at which to warn; 0 for never."),
                integer("stop", 0...1_000_000, place.stop, "The count at which to stop; 0 for never."),
            ]
        )
    }

    static let modeWords: [(word: String, value: Mode)] = [
        ("off", .off), ("observe", .observe), ("warn", .warn), ("stop", .stop),
    ]

    private static func leaf<Value>(
        _ name: String,
        _ summary: String,
        _ kind: Leaf.Kind,
        _ place: Place<Value>,
        get: @escaping @Sendable (Value) -> RuleValue,
        set: @escaping @Sendable (RuleValue) -> Value?
    ) -> RuleKey {
        RuleKey(name: name, summary: summary, shape: .leaf(Leaf(kind, place, get: get, set: set)))
    }
}
