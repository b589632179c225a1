import RunIdentity

extension RuleFormat {
    /// The keys of one mapping of `trees`.
    static let tree: [TreeKey] = [
        TreeKey("name", "The name of the mapping, which logs and the control API show.", .name),
        TreeKey("when", "The requests it is for. All that is named here must match.", .when),
        TreeKey("session", "Where the session is: what the client calls a conversation.", .place(\.session)),
        TreeKey("tree", "Where the tree is; where it is not said, the session is the tree.", .place(\.tree)),
        TreeKey("node", "Where the agent is that asks; a request without it comes from the main one.", .place(\.node)),
        TreeKey("parent", "Where the agent above is.", .place(\.parent)),
        TreeKey("turn", "Where the id is that is another one for each message of the user.", .place(\.turn)),
        TreeKey(
            "strength",
            """
            What a stop refuses afterwards: strict the id itself, which never returns for other work; session the \
            main agent for a moment and its subagents for good; weak nothing.
            """,
            .strength
        ),
    ]

    struct TreeKey: Sendable {
        let name: String
        let summary: String
        let form: Form

        enum Form: Sendable {
            case name
            case when
            case place(any WritableKeyPath<TreeMapping, TreeMapping.Place?> & Sendable)
            case strength
        }

        init(_ name: String, _ summary: String, _ form: Form) {
            self.name = name
            self.summary = summary
            self.form = form
        }
    }

    /// By what the requests of a mapping are told.
    static let when: [(name: String, summary: String)] = [
        ("user_agent", "A pattern, or a list of them, of the User-Agent."),
        ("headers", "Patterns of other headers by their names; `*` asks for the header alone."),
    ]

    /// Where in a request a value may be.
    static let place: [(name: String, summary: String)] = [
        ("header", "The name of a header."),
        ("body", "The names of members of the body on the way to a text, joined by dots."),
    ]

    static let strengths: [(word: String, value: RunIdentity.Strength)] = [
        ("strict", .strict), ("session", .session), ("weak", .weak),
    ]
}
