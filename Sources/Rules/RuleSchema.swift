extension RuleSet {
    /// The JSON Schema (draft 2020-12) of the rules file, by which editors complete and check it. The shipped
    /// `rules/loopguard-rules.schema.json` is this text.
    public static var schema: String { RuleSchema.file.text + "\n" }
}

/// The schema of each shape of key. What it cannot say, such as that bands rise, the parser alone checks.
private enum RuleSchema {
    static var file: JSON {
        let shared = RuleFormat.settings.map { ($0.name, key($0)) }
        let own = [("api_keys", apiKeys), ("match", match)]
        return .object([
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text("loopguard rules")),
            ("type", .text("object")),
            ("required", .array([.text("version")])),
            ("additionalProperties", .boolean(false)),
            ("properties", .object(RuleFormat.file.map { ($0.name, property($0)) })),
            ("$defs", .object(shared + own)),
        ])
    }

    /// A key of the file or of an override. Settings stand in both, so they are described once and referred to.
    private static func property(_ key: RuleKey) -> JSON {
        switch key.shape {
        case .version:
            return .object([("description", .text(key.summary)), ("const", .integer(RuleFormat.version))])
        case .clients:
            let profile = JSON.object([
                ("type", .text("object")),
                ("minProperties", .integer(1)),
                ("additionalProperties", .boolean(false)),
                ("properties", .object(RuleFormat.client.map { ($0.name, property($0)) })),
            ])
            let entry = JSON.object([("anyOf", .array([profile, .object([("const", .boolean(false))])]))])
            let type = [("type", JSON.text("object")), ("additionalProperties", entry)]
            return .object([("description", .text(key.summary))] + type)
        case .source:
            return .object([("description", .text(key.summary)), ("type", .text("string")), ("minLength", .integer(1))])
        case .userAgents:
            return .object([("description", .text(key.summary)), ("anyOf", patterns)])
        case .headers:
            let header = JSON.object([("anyOf", patterns)])
            let type = [("type", JSON.text("object")), ("additionalProperties", header)]
            return .object([("description", .text(key.summary))] + type)
        case .trees:
            return .object([("description", .text(key.summary)), ("type", .text("array")), ("items", tree)])
        case .overrides:
            let entry = JSON.object([
                ("type", .text("object")),
                ("required", .array([.text("match")])),
                ("minProperties", .integer(2)),
                ("additionalProperties", .boolean(false)),
                ("properties", .object(RuleFormat.override.map { ($0.name, property($0)) })),
            ])
            return .object([("description", .text(key.summary)), ("type", .text("array")), ("items", entry)])
        default:
            return .object([("description", .text(key.summary)), ("$ref", .text("#/$defs/\(key.name)"))])
        }
    }

    private static func key(_ key: RuleKey) -> JSON {
        let description: [(String, JSON)] = [("description", .text(key.summary))]
        switch key.shape {
        case .leaf(let leaf):
            return .object(description + type(leaf.kind) + [("default", value(leaf.get(Policy())))])
        case .map(let keys, _):
            return .object(description + object(keys))
        case .modes(let keys):
            let word = JSON.object([("enum", .array(RuleKey.modeWords.map { .text($0.word) }))])
            return .object(description + [("anyOf", .array([word, .object(object(keys))]))])
        case .version, .clients, .source, .userAgents, .headers, .apiKeys, .trees, .match, .overrides:
            return property(key)
        }
    }

    private static func object(_ keys: [RuleKey]) -> [(String, JSON)] {
        [
            ("type", .text("object")),
            ("additionalProperties", .boolean(false)),
            ("properties", .object(keys.map { ($0.name, key($0)) })),
        ]
    }

    private static func type(_ kind: Leaf.Kind) -> [(String, JSON)] {
        switch kind {
        case .boolean:
            return [("type", .text("boolean"))]
        case .choice(let words):
            return [("enum", .array(words.map { .text($0) }))]
        case .integer(let range):
            return integer(range)
        case .number(let range):
            return [
                ("type", .text("number")), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)),
            ]
        case .textOrFalse:
            return [("anyOf", .array([word, .object([("const", .boolean(false))])]))]
        case .names:
            return list(of: word)
        case .namesByName:
            return [("type", .text("object")), ("additionalProperties", .object(list(of: word)))]
        case .bands:
            let members = RuleFormat.band.map { key in
                (key.name, JSON.object([("description", .text(key.summary))] + integer(key.range)))
            }
            let band = JSON.object([
                ("type", .text("object")),
                ("required", .array(RuleFormat.band.map { .text($0.name) })),
                ("additionalProperties", .boolean(false)),
                ("properties", .object(members)),
            ])
            return list(of: band) + [("minItems", .integer(1))]
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> [(String, JSON)] {
        [
            ("type", .text("integer")), ("minimum", .integer(range.lowerBound)),
            ("maximum", .integer(range.upperBound)),
        ]
    }

    private static func list(of items: JSON) -> [(String, JSON)] { [("type", .text("array")), ("items", items)] }

    private static let word = JSON.object([("type", .text("string")), ("minLength", .integer(1))])

    private static let apiKeys = JSON.object([
        ("type", .text("object")),
        (
            "additionalProperties",
            .object([("type", .text("string")), ("pattern", .text("^[sS][hH][aA]256:[0-9a-fA-F]{64}$"))])
        ),
    ])

    private static let patterns = JSON.array([word, .object(list(of: word) + [("minItems", .integer(1))])])

    private static var match: JSON {
        let members = RuleFormat.match.map { key in
            (key.name, JSON.object([("description", .text(key.summary)), ("anyOf", patterns)]))
        }
        return .object([
            ("type", .text("object")),
            ("minProperties", .integer(1)),
            ("additionalProperties", .boolean(false)),
            ("properties", .object(members)),
        ])
    }

    private static var tree: JSON {
        let members = RuleFormat.tree.map { key in
            let form: [(String, JSON)] =
                switch key.form {
                case .name: [("type", .text("string")), ("minLength", .integer(1))]
                case .strength: [("enum", .array(RuleFormat.strengths.map { .text($0.word) }))]
                case .when:
                    some(RuleFormat.when) { name in
                        name == "user_agent"
                            ? [("anyOf", patterns)]
                            : [
                                ("type", .text("object")), ("minProperties", .integer(1)),
                                ("additionalProperties", .object([("anyOf", patterns)])),
                            ]
                    }
                case .place:
                    some(RuleFormat.place) { _ in [("type", .text("string")), ("minLength", .integer(1))] }
                        + [("maxProperties", .integer(1))]
                }
            return (key.name, JSON.object([("description", .text(key.summary))] + form))
        }
        return .object([
            ("type", .text("object")),
            ("required", .array([.text("name"), .text("when")])),
            ("additionalProperties", .boolean(false)),
            ("properties", .object(members)),
        ])
    }

    /// A map with at least one of these keys.
    private static func some(
        _ keys: [(name: String, summary: String)],
        _ type: (String) -> [(String, JSON)]
    ) -> [(String, JSON)] {
        [
            ("type", .text("object")),
            ("minProperties", .integer(1)),
            ("additionalProperties", .boolean(false)),
            (
                "properties",
                .object(keys.map { ($0.name, .object([("description", .text($0.summary))] + type($0.name))) })
            ),
        ]
    }

    private static func value(_ value: RuleValue) -> JSON {
        switch value {
        case .boolean(let value): .boolean(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .word(let word): .text(word)
        case .text(let text): text.map { .text($0) } ?? .boolean(false)
        case .names(let names): .array(names.sorted().map { .text($0) })
        case .namesByName(let lists):
            .object(lists.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.sorted().map { .text($0) })) })
        case .bands(let bands):
            .array(
                bands.map { band in
                    .object(RuleFormat.band.map { ($0.name, .integer(band[keyPath: $0.member])) })
                }
            )
        }
    }
}
