import GenerationWire

/// The rules by which a request is placed, one for each client that tells something. Each answers whether it spoke.
extension RunIdentity {
    /// Our own headers. They are believed before anything else, and a parent or root that they name stands above
    /// whatever tree the client itself tells of.
    mutating func readRunHeaders(_ headers: IdentityHeaders) {
        func id(_ header: IdentityHeader) -> String? {
            headers[header].flatMap { IdentityText.runID($0, in: header.rawValue, &diagnostics) }
        }
        runID = id(.runID)
        parentRun = id(.parentRunID)
        rootRun = id(.rootRunID)
        if runID != nil || parentRun != nil || rootRun != nil { strength = .strict }
    }

    /// The same out of the body's `metadata`. Runs above may be named there alone.
    mutating func readMetadata(_ body: BodyIdentity) -> Bool {
        runID = body.runID
        parentRun = parentRun ?? body.parentRunID
        rootRun = rootRun ?? body.rootRunID
        if runID != nil { strength = .strict }
        return runID != nil
    }

    /// Codex tells of everything: session, thread, turn, and the turns above. Older versions tell no turn, and then a
    /// thread is like any other conversation.
    mutating func readCodex(_ headers: IdentityHeaders, _ body: BodyIdentity) -> Bool {
        var codex = CodexTurn()
        if let text = headers[.codexTurn], !codex.read(text) {
            diagnostics.append("x-codex-turn-metadata ignored: it is no JSON object")
        }
        codex.merge(headers.codex(&diagnostics))
        codex.merge(body.codex)
        guard !codex.isEmpty, let tree = codex.session ?? codex.thread ?? codex.parentThread else { return false }
        let thread = codex.thread ?? tree
        session = session ?? tree
        self.tree = tree
        node = thread
        parent = codex.parentThread
        // A subagent that names nobody above is one of the thread that gives the session its name.
        if parent == nil, codex.isSubagent, thread != tree { parent = tree }
        turn = codex.turn
        parentTurn = codex.parentTurn
        rootTurn = codex.rootTurn
        strength = turn == nil ? .session : .strict
        return true
    }

    /// Claude Code names the session in every request and the agent in those of subagents; the agent above it only
    /// where that is not the main one.
    mutating func readClaudeCode(_ headers: IdentityHeaders, _ body: BodyIdentity) -> Bool {
        guard let session = headers.text(.claudeSession, &diagnostics) ?? body.claudeSession else { return false }
        self.session = session
        tree = session
        let agent = headers.text(.claudeAgent, &diagnostics)
        node = agent ?? Self.mainNode
        if agent != nil { parent = headers.text(.claudeParentAgent, &diagnostics) ?? Self.mainNode }
        if agent == nil, let above = body.claudeParentSession, above != session {
            // A session within a session: its main agent works for the other's.
            tree = above
            node = session
            parent = Self.mainNode
        }
        strength = .session
        return true
    }

    /// opencode, and whoever else sends `X-Session-Id`: subagents are sessions of their own that name the one above.
    mutating func readSession(_ headers: IdentityHeaders) -> Bool {
        let named = headers.text(.opencodeSession, &diagnostics) ?? session
        let affinity = headers.isOpencode ? headers.text(.sessionAffinity, &diagnostics) : nil
        guard let session = named ?? affinity else { return false }
        self.session = session
        node = session
        parent = headers.text(.parentSession, &diagnostics)
        tree = parent ?? session
        turn = headers.text(.opencodeRequest, &diagnostics)
        strength = .session
        return true
    }

    /// Marks that say which requests belong together, and not where they stand or when they end. A trace is a tree;
    /// the others name a session only, because whole applications share them: cutting one run must not cut the rest.
    mutating func readWeakly(_ headers: IdentityHeaders, _ body: BodyIdentity, _ request: GenerationRequest?) {
        let trace = headers[.traceparent].flatMap { Self.traceID($0, &diagnostics) }
        let marks: [(Source, String?)] = [
            (.promptCacheKey, body.promptCacheKey),
            (.sessionAffinity, headers.text(.sessionAffinity, &diagnostics)),
            (
                .conversation,
                request?.thread?.conversation.flatMap { conversation in
                    IdentityText.id(conversation, in: "conversation", &diagnostics)
                }
            ),
            (.user, body.user),
        ]
        let mark = marks.first { $0.1 != nil }
        session = session ?? mark?.1
        if let trace {
            tree = trace
            node = trace
            source = .traceparent
        } else if let mark {
            source = mark.0
        } else {
            return
        }
        strength = .weak
    }

    /// The trace out of `00-<trace>-<span>-<flags>` (W3C Trace Context, section 3.2).
    private static func traceID(_ text: String, _ diagnostics: inout [String]) -> String? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[1].utf8.count == 32,
            parts[1].allSatisfy({ $0.isASCII && $0.isHexDigit }), parts[1].contains(where: { $0 != "0" })
        else {
            diagnostics.append("traceparent ignored: '\(IdentityText.shortened(text))' names no trace")
            return nil
        }
        return parts[1].lowercased()
    }

    /// What runs say of each other is checked once all of it is known.
    mutating func settleRuns() {
        if let runID, parentRun == runID {
            diagnostics.append("the parent of run '\(runID)' ignored: it is the run itself")
            parentRun = nil
        }
        if let parent, parent == node {
            diagnostics.append("the parent of '\(parent)' ignored: it is that agent itself")
            self.parent = nil
        }
        if parentTurn == turn { parentTurn = nil }
        if rootTurn == turn { rootTurn = nil }
        guard source == .runID || source == .metadata else { return }
        node = node ?? runID
        parent = parent ?? parentRun
        tree = tree ?? rootRun ?? parentRun ?? runID
    }

    /// The node of an agent that has no name because it is the only one without.
    static let mainNode = "main"
}

extension IdentityHeaders {
    /// Codex' ids as far as they are headers of their own. `session-id` alone is anybody's; it counts where something
    /// else shows that Codex asks.
    fileprivate func codex(_ diagnostics: inout [String]) -> CodexTurn {
        var codex = CodexTurn()
        let old = text(.codexOldSession, &diagnostics) ?? text(.codexConversation, &diagnostics)
        codex.thread = text(.codexThread, &diagnostics) ?? text(.codexOldThread, &diagnostics)
        codex.parentThread = text(.codexParentThread, &diagnostics)
        codex.isSubagent = self[.codexSubagent] != nil
        let isCodex =
            old != nil || !codex.isEmpty || self[.codexTurn] != nil || self[.codexWindow] != nil
            || self[.originator]?.hasPrefix("codex") == true || self[.userAgent]?.hasPrefix("codex") == true
        if isCodex { codex.session = text(.codexSession, &diagnostics) ?? old }
        return codex
    }
}
