public import GenerationWire

/// To whom a request belongs: whose it is, which run, which session, and which place in a tree of agents.
///
/// All of it is read from the request alone, by the rules that `docs/run-trees.md` lists; the first that finds something
/// speaks. Nothing is believed beyond the principal: ids are data, and every one of them is looked up only among those of
/// the same credentials. A value that makes no sense is left out and told in ``diagnostics``; it never fails a request.
public struct RunIdentity: Sendable, Equatable {
    /// The SHA-256 of the request's credentials in hexadecimal digits; empty when it shows none. Never the secret.
    public var principal = ""
    /// The id that the client chose for this run: `X-Run-Id`, or `metadata.run_id`.
    public var runID: String?
    /// The conversation that the request belongs to, when the client names one.
    public var session: String?
    /// The tree, as far as the request alone tells: what the client calls the whole, or the highest node it names.
    public var tree: String?
    /// The agent that asks: this request's place in the tree. Several requests may come from one place.
    public var node: String?
    /// The place above; `nil` for the root.
    public var parent: String?
    /// The run above: `X-Parent-Run-Id`, or `metadata.parent_run_id`.
    public var parentRun: String?
    /// The run above all: `X-Root-Run-Id`, or `metadata.root_run_id`.
    public var rootRun: String?
    /// What the agent does for one message of its user. The next message has another.
    public var turn: String?
    /// The turn of the agent above, that made this one.
    public var parentTurn: String?
    /// The turn of the user's own message, in which all of it began.
    public var rootTurn: String?
    /// How far what is said here may be relied on to stop something.
    public var strength = Strength.none
    /// Which rule spoke.
    public var source = Source.none
    /// Whether a stopped run asks for its one last call: `X-Loopguard-Cleanup: 1`.
    public var isCleanup = false
    /// Whether the last message is a person's, and no tool's answer.
    public var isHumanTurn = false
    /// What was ignored, and why. For the log.
    public var diagnostics: [String] = []

    /// Nobody, asking for nothing in particular.
    public init() {}

    /// How sharply an identity tells one piece of work from the next.
    public enum Strength: String, Sendable, Comparable, CaseIterable {
        /// The request is its own tree.
        case none
        /// Requests that belong together, without a word on when their work ends. A stop cuts what is in flight and
        /// refuses nothing afterwards.
        case weak
        /// A conversation that goes on after a stop. A stop refuses what comes within moments, and never what a person
        /// asks next.
        case session
        /// An id that never returns for other work. What is stopped stays stopped.
        case strict

        /// The weaker first.
        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// The rules by which a request may be placed.
    public enum Source: Sendable, Hashable, CustomStringConvertible {
        /// `X-Run-Id` and its kin.
        case runID
        /// A mapping of the rules file, by its name.
        case mapping(String)
        /// `run_id` and its kin in the body's `metadata`.
        case metadata
        /// The headers of Codex.
        case codex
        /// The headers of Claude Code.
        case claudeCode
        /// The headers of opencode.
        case opencode
        /// `X-Session-Id`, of any client.
        case sessionID
        /// W3C trace context.
        case traceparent
        /// The body's `prompt_cache_key`.
        case promptCacheKey
        /// `X-Session-Affinity`, of a client that is not opencode.
        case sessionAffinity
        /// The body's `conversation` (OpenAI Responses).
        case conversation
        /// The body's `user`.
        case user
        /// Nothing was found.
        case none

        /// The name as logs and the control API show it.
        public var description: String {
            switch self {
            case .runID: "run-id"
            case .mapping(let name): "mapping:\(name)"
            case .metadata: "metadata"
            case .codex: "codex"
            case .claudeCode: "claude-code"
            case .opencode: "opencode"
            case .sessionID: "session-id"
            case .traceparent: "traceparent"
            case .promptCacheKey: "prompt_cache_key"
            case .sessionAffinity: "session-affinity"
            case .conversation: "conversation"
            case .user: "user"
            case .none: "none"
            }
        }
    }
}

extension RunIdentity {
    /// Reads the identity of a request.
    /// - Parameters:
    ///   - headers: The request's headers; of one that stands there more than once the first counts.
    ///   - request: What was read of the body, for a generation.
    ///   - body: The bytes that `request` was read from.
    ///   - mappings: The rules for clients that are not known here, in their order.
    @inlinable
    public init(
        headers: some Collection<(name: String, value: String)>,
        request: GenerationRequest? = nil,
        body: borrowing Span<UInt8> = Span(),
        mappings: [TreeMapping] = []
    ) {
        // This much is compiled where it is called: going through headers of a kind that is not known costs more than
        // reading them.
        var known = IdentityHeaders()
        for header in headers { known.take(header.name, header.value) }
        self.init(known, request, body, mappings) { name in
            headers.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name }?.value
        }
    }

    @usableFromInline
    init(
        _ known: IdentityHeaders,
        _ request: GenerationRequest?,
        _ body: borrowing Span<UInt8>,
        _ mappings: [TreeMapping],
        _ header: (_ name: String) -> String?
    ) {
        self.init()
        principal = known.principal
        isCleanup = known.isCleanup
        isHumanTurn = request?.endsWithUserText ?? false

        let members = BodyIdentity(body, request, &diagnostics)
        readRunHeaders(known)
        session = known.text(.sessionID, &diagnostics) ?? members.session
        if runID != nil {
            source = .runID
            session = session ?? known.clientSession(&diagnostics)
        } else if !mappings.isEmpty, apply(mappings, header, known[.userAgent], request, body) {
            // The operator knows the client better than we do.
        } else if readMetadata(members) {
            source = .metadata
        } else if readCodex(known, members) {
            source = .codex
        } else if readClaudeCode(known, members) {
            source = .claudeCode
        } else if readSession(known) {
            source = known.isOpencode ? .opencode : .sessionID
        } else if parentRun == nil, rootRun == nil {
            readWeakly(known, members, request)
        } else {
            // A run above is named, and nothing below it: the run stands there by itself.
            source = known[.parentRunID] != nil || known[.rootRunID] != nil ? .runID : .metadata
            strength = .strict
        }
        settleRuns()
    }

    /// The SHA-256 of the credentials among these headers, by which runs are told to be of one owner; empty when there
    /// are none.
    ///
    /// `Authorization: Bearer KEY`, `X-Api-Key: KEY` and `Api-Key: KEY` are the same owner: clients show one key in
    /// different ways to different formats.
    @inlinable
    public static func principal(of headers: some Collection<(name: String, value: String)>) -> String {
        var known = IdentityHeaders()
        for header in headers { known.take(header.name, header.value) }
        return known.principal
    }
}
