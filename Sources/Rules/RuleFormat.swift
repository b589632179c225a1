import GenerationWire
import Guard
import LoopDetection

/// The rules file, key by key. This is the only list of keys: the parser, the renderer and the schema walk it.
enum RuleFormat {
    /// The version of the format that this build reads and writes.
    static let version = 1

    /// The keys of a whole file.
    static let file: [RuleKey] =
        [
            RuleKey(
                name: "version",
                summary: "The version of this format. Needed; there is only version 1.",
                shape: .version
            )
        ] + settings + [
            RuleKey(
                name: "clients",
                summary: """
                    Other settings for known clients. A client is told by its User-Agent or by one of its headers; \
                    every key above may then be set for it. Profiles under the names that stand here are changed value \
                    by value; `false` in place of a profile switches it off.
                    """,
                shape: .clients
            ),
            RuleKey(
                name: "api_keys",
                summary: """
                    Names for API keys, so that overrides can tell clients apart. A key is given by its SHA-256, which \
                    `printf %s "$KEY" | sha256sum` prints: the file holds no secret.
                    """,
                shape: .apiKeys
            ),
            RuleKey(
                name: "trees",
                summary: """
                    Where clients that are not known say to which session, tree and agent a request belongs. Each entry \
                    says by `when` which requests it is for, and names headers or members of the body; the first that \
                    finds something counts. docs/run-trees.md lists the clients that are known.
                    """,
                shape: .trees
            ),
            RuleKey(
                name: "overrides",
                summary: """
                    Other settings for some requests. Each entry says which by `match` and then sets any of the keys \
                    above. Every entry that matches applies, in this order; a later one wins.
                    """,
                shape: .overrides
            ),
        ]

    /// The keys of one override.
    static let override: [RuleKey] =
        [
            RuleKey(
                name: "match",
                summary: "The requests this is for. All that is named here must match.",
                shape: .match
            )
        ] + settings

    /// The keys of the profile of a client.
    static let client: [RuleKey] =
        [
            RuleKey(
                name: "source",
                summary: "Where it is written how the client is told and what it does.",
                shape: .source
            ),
            RuleKey(
                name: "user_agent",
                summary: "A pattern, or a list of them, of the client's User-Agent.",
                shape: .userAgents
            ),
            RuleKey(
                name: "headers",
                summary: "Patterns of other headers by their names. One header that matches is enough.",
                shape: .headers
            ),
        ] + settings

    /// The keys that a file, a profile and an override share.
    static let settings: [RuleKey] = [
        .boolean(
            "enabled",
            root.settings.enabled,
            "The master switch. With false every stream passes byte for byte and nothing is looked at."
        ),
        .mode(
            "mode",
            root.settings.mode,
            """
            A ceiling over every detector: off, observe (count), warn (count and log) or stop (end the run). With warn \
            here nothing is ever stopped.
            """
        ),
        .choice(
            "tool_calls",
            [("hold", .hold), ("stream", .stream)],
            root.settings.toolCalls,
            """
            hold keeps a tool call back until it is complete and judged, because clients execute what they get. \
            stream passes it on as it comes, and then a cut call cannot be taken back.
            """
        ),
        .textOrFalse(
            "note",
            root.settings.note,
            "What the client is told when a run is ended before any visible text; false for nothing."
        ),
        .choice(
            "responses_ending",
            [("incomplete", .incomplete), ("completed", .completed)],
            root.settings.responsesEnding,
            """
            How a run in the Responses format is ended: incomplete as OpenAI does it, with `response.incomplete`, after \
            which some clients fail or try again; or completed, with a `response.completed` whose status is incomplete.
            """
        ),
        .choice(
            "keep_alive",
            [("none", .none), ("comment", .comment), ("event", .event)],
            root.settings.keepAlive,
            """
            What is sent while nothing else can be, such as while a call is held: nothing, a comment, or an event that \
            says nothing, for clients that count events only.
            """
        ),
        .choice(
            "truncated_calls",
            [("pass", .pass), ("drop", .drop)],
            root.settings.truncatedCalls,
            """
            What to do when the engine says that a tool call is finished which is cut in the middle: pass its bytes, \
            or drop the call and end with `length`.
            """
        ),
        .choice(
            "non_streaming",
            [("aggregate", .aggregate), ("pass", .pass)],
            root.settings.nonStreaming,
            """
            What happens to requests for an answer in one piece: aggregate asks the engine for a stream, which is \
            guarded and put together into the answer; pass lets the request and its answer pass unguarded.
            """
        ),
        .choice(
            "history",
            [("refuse", .refuse), ("answer", .answer)],
            root.settings.history,
            """
            What happens when the conversation in a request already is a loop: refuse asks the engine and does not \
            release the call that would go on with it; answer does not ask the engine and answers with the note.
            """
        ),
        .map(
            "limits",
            "How much may be held back, in bytes.",
            [
                .integer(
                    "max_event_bytes",
                    4_096...1_073_741_824,
                    root.settings.maxEventBytes,
                    "The longest event that is held until it is whole. A longer one passes unread and is counted."
                ),
                .integer(
                    "max_held_bytes",
                    4_096...1_073_741_824,
                    root.settings.maxHeldBytes,
                    """
                    The most of one tool call that is held. A longer call is ended by argument_repeat, or passes \
                    unheld when that detector does not stop.
                    """
                ),
            ]
        ),
        .map(
            "record",
            "Which runs are recorded, where `loopguard serve --record` makes recordings. Its own options can only say less.",
            inline: true,
            [
                .choice(
                    "only",
                    [("all", .all), ("tripped", .tripped)],
                    root.recording.only,
                    "all, or only runs in which a detector found something, in whichever mode."
                ),
                .share("sample", root.recording.sample, "The share of them, by chance: 1 for all, 0 for none."),
            ]
        ),
        .choice(
            "request_overrides",
            [("allow", .allow), ("deny", .deny)],
            root.requestOverrides,
            """
            Whether a request may lower its own guard by the headers X-Loopguard-Mode and X-Loopguard-Disable. No \
            header can raise it.
            """
        ),
        .map(
            "detectors",
            """
            The detectors. Each has a mode, the most it may do, and says when it does it. Detectors of text take one \
            mode for everywhere, or one each for content, reasoning and code; code is a ceiling in code, tables and \
            JSON, in whichever channel.
            """,
            detectors(root.settings.detectors)
        ),
    ]

    /// What an override may match, and where in the request it is found.
    static let match: [MatchKey] = [
        MatchKey("model", "The model that the request names.") { facts, _ in facts.model },
        MatchKey("path", "The path of the request.") { facts, _ in facts.path },
        MatchKey("client", "The User-Agent of the request.") { facts, _ in facts.userAgent },
        MatchKey("key", "The name, out of `api_keys`, of the request's API key.") { _, keyName in keyName },
    ]

    struct MatchKey: Sendable {
        let name: String
        let summary: String
        let fact: @Sendable (RequestFacts, _ keyName: String?) -> String?

        init(
            _ name: String,
            _ summary: String,
            fact: @escaping @Sendable (RequestFacts, _ keyName: String?) -> String?
        ) {
            self.name = name
            self.summary = summary
            self.fact = fact
        }
    }

    /// The keys of a band, all needed.
    static let band: [BandKey] = [
        BandKey(name: "up_to", range: 1...65_536, member: \.upTo, summary: "The longest period of the band, in bytes."),
        BandKey(name: "span", range: 1...1_048_576, member: \.span, summary: "The fewest repeating bytes."),
        BandKey(name: "repeats", range: 1...1_048_576, member: \.repeats, summary: "The fewest repeats."),
    ]

    struct BandKey: Sendable {
        let name: String
        let range: ClosedRange<Int>
        let member: any WritableKeyPath<PeriodBand, Int> & Sendable
        let summary: String
    }

    /// Every key that holds a value, by its path such as `detectors.tail_repeat.window`.
    static let leaves: [String: Leaf] = {
        var leaves: [String: Leaf] = [:]
        func collect(_ keys: [RuleKey], under path: String) {
            for key in keys {
                if case .leaf(let leaf) = key.shape { leaves[path + key.name] = leaf }
                collect(key.children, under: "\(path)\(key.name).")
            }
        }
        collect(settings, under: "")
        return leaves
    }()

    private static let root = Place<Policy>.root
}
