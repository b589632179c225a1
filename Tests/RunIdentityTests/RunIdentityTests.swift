import GenerationWire
import RunIdentity
import Testing

/// What each client sends, and what is made of it.
@Suite struct RunIdentityTests {
    @Test func aRequestThatTellsNothingIsItsOwnTree() {
        let nobody = identity([("Host", "localhost"), ("User-Agent", "curl/8"), ("Accept", "*/*")])
        #expect(nobody == RunIdentity())
        #expect(nobody.key(run: "run_1") == .run("run_1", of: ""))
    }

    @Test func aRunNamesItselfAndTheOnesAbove() {
        let child = run("c.1:a_b-C", parent: "p", root: "r")
        #expect(child.runID == "c.1:a_b-C")
        #expect((child.node, child.parent, child.tree) == ("c.1:a_b-C", "p", "r"))
        #expect((child.source, child.strength) == (.runID, .strict))
        #expect(child.key(run: "c.1:a_b-C") == .run("c.1:a_b-C", of: ""))
    }

    @Test(arguments: ["", " ", "a b", "a/b", "ü", "*", "a\"b", String(repeating: "x", count: 129)])
    func aRunIDThatIsNoneIsIgnoredAndTold(_ id: String) {
        let identity = run(id)
        #expect(identity.runID == nil)
        #expect(identity.source == .none)
        #expect(identity.diagnostics.count == 1)
        #expect(identity.diagnostics.first?.hasPrefix("x-run-id ignored: ") == true)
        #expect(identity.diagnostics.allSatisfy { $0.utf8.count < 200 })
    }

    @Test func aRunIDMayHaveAHundredAndTwentyEightCharacters() {
        let id = String(repeating: "x", count: 128)
        #expect(run(id).runID == id)
        #expect(run("  a\t").runID == "a")
    }

    @Test func metadataNamesRunsWhereHeadersCannot() {
        let body =
            #"{"metadata":{"n":1,"run_id":"r","parent_run_id":"p","root_run_id":"o","session_id":"s"},"messages":[]}"#
        let found = identity(body: body)
        #expect((found.runID, found.parentRun, found.rootRun, found.session) == ("r", "p", "o", "s"))
        #expect((found.source, found.strength) == (.metadata, .strict))
        #expect(identity([("x-run-id", "h")], body: body).runID == "h")
        #expect(identity(body: #"{"metadata":{"run_id":"a b"}}"#).diagnostics.count == 1)
        #expect(identity(body: #"{"metadata":"run_id"}"#).source == .none)
        #expect(identity(body: #"{"metadata":{"run_id":{"run_id":"x"}}}"#).runID == nil)
    }

    @Test func aRunAboveMayBeNamedAlone() {
        let body = identity(body: #"{"metadata":{"parent_run_id":"p"},"messages":[]}"#)
        #expect((body.runID, body.parent, body.tree) == (nil, "p", "p"))
        #expect((body.source, body.strength) == (.metadata, .strict))
        let header = run(nil, root: "r")
        #expect((header.source, header.strength, header.tree) == (.runID, .strict, "r"))
    }

    @Test func codexTellsSessionThreadAndTurn() {
        let child = codex(thread: "t2", turn: "u2", parent: ("t1", "u1"), root: "u1")
        #expect((child.session, child.tree, child.node, child.parent) == ("s", "s", "t2", "t1"))
        #expect((child.turn, child.parentTurn, child.rootTurn) == ("u2", "u1", "u1"))
        #expect((child.source, child.strength) == (.codex, .strict))
        let main = codex(thread: "s", turn: "u1", root: "u1")
        #expect((main.node, main.parent, main.turn, main.rootTurn) == ("s", nil, "u1", nil))
    }

    @Test func codexMayTellItInHeadersOfItsOwnOrInTheBody() {
        let headers = identity([("Session-Id", "s"), ("Thread-Id", "t"), ("X-Codex-Parent-Thread-Id", "s")])
        #expect((headers.session, headers.node, headers.parent) == ("s", "t", "s"))
        #expect((headers.source, headers.strength) == (.codex, .session))
        let old = identity([("session_id", "s"), ("conversation_id", "s")])
        #expect((old.source, old.session, old.strength) == (.codex, "s", .session))
        let subagent = identity([("session-id", "s"), ("thread-id", "t"), ("x-openai-subagent", "collab_spawn")])
        #expect(subagent.parent == "s")

        let flat =
            #"{"client_metadata":{"session_id":"s","thread_id":"t","turn_id":"u","root_turn_id":"r"},"input":[]}"#
        #expect(identity(body: flat, as: .responses).turn == "u")
        let nested =
            #"{"client_metadata":{"session_id":"s","x-codex-turn-metadata":"{\"turn_id\":\"v\",\"x-codex-turn-metadata\":\"{}\"}"},"input":[]}"#
        #expect(identity(body: nested, as: .responses).turn == "v")
    }

    @Test func aTurnThatIsNoJSONIsIgnoredAndTold() {
        let found = identity([("x-codex-turn-metadata", "turn-meta"), ("session-id", "s"), ("thread-id", "t")])
        #expect(found.diagnostics == ["x-codex-turn-metadata ignored: it is no JSON object"])
        #expect((found.node, found.strength) == ("t", .session))
    }

    @Test func claudeCodeTellsSessionAndAgent() {
        let main = claudeCode()
        #expect((main.session, main.tree, main.node, main.parent) == ("s", "s", "main", nil))
        #expect((main.source, main.strength) == (.claudeCode, .session))
        let agent = claudeCode(agent: "name@team")
        #expect((agent.node, agent.parent) == ("name@team", "main"))
        #expect(claudeCode(agent: "b", parent: "a").parent == "a")
    }

    @Test(arguments: [
        #"{"metadata":{"user_id":"user_ab12_account__session_s"},"messages":[]}"#,
        #"{"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"s\"}"},"messages":[]}"#,
    ])
    func claudeCodeMayTellItsSessionInTheBodyOnly(_ body: String) {
        let found = identity(body: body, as: .messages)
        #expect((found.source, found.session, found.node) == (.claudeCode, "s", "main"))
    }

    @Test func aSessionWithinASessionStandsUnderItsMainAgent() {
        let body = #"{"metadata":{"user_id":"{\"session_id\":\"s\",\"parent_session_id\":\"p\"}"},"messages":[]}"#
        let found = identity(body: body, as: .messages)
        #expect((found.session, found.tree, found.node, found.parent) == ("s", "p", "s", "main"))
        var tree = RunTree()
        let main = tree.admit("1", claudeCode(session: "p"), at: ms(0))
        #expect(tree.admit("2", found, at: ms(1)).parentRun == "1")
        #expect(tree.stop("1", at: main.key, now: ms(2)).generations == [["1"], ["2"]])
    }

    @Test func anotherUsersIDIsNoSession() {
        #expect(identity(body: #"{"metadata":{"user_id":"alice_session_x"}}"#, as: .messages).source == .none)
        #expect(identity(body: #"{"metadata":{"user_id":"{broken"}}"#, as: .messages).source == .none)
    }

    @Test func opencodeNamesItsSessionAndTheOneAbove() {
        let child = identity([
            ("x-session-affinity", "ses_b"), ("X-Session-Id", "ses_b"), ("x-parent-session-id", "ses_a"),
            ("User-Agent", "opencode/1.18.30"),
        ])
        #expect((child.session, child.node, child.parent, child.tree) == ("ses_b", "ses_b", "ses_a", "ses_a"))
        #expect((child.source, child.strength) == (.opencode, .session))
        let older = identity([("x-session-affinity", "ses_a"), ("User-Agent", "opencode/1.0")])
        #expect((older.session, older.source) == ("ses_a", .opencode))
        let own = identity([("x-opencode-session", "ses_a"), ("x-opencode-request", "msg_1")])
        #expect((own.node, own.turn, own.source) == ("ses_a", "msg_1", .opencode))
    }

    @Test func anyClientMayNameASession() {
        let found = identity([("X-Session-Id", "s")])
        #expect((found.session, found.source, found.strength) == ("s", .sessionID, .session))
        #expect(identity([("X-Session-Id", "a b")]).diagnostics.count == 1)
        #expect(identity([("X-Session-Id", String(repeating: "s", count: 257))]).session == nil)
    }

    @Test func aTraceIsATreeWithoutPlaces() {
        let trace = "4BF92F3577B34DA6A3CE929D0E0E4736"
        let found = identity([("traceparent", "00-\(trace)-00f067aa0ba902b7-01")])
        #expect((found.tree, found.strength, found.source) == (trace.lowercased(), .weak, .traceparent))
        #expect(identity([("traceparent", "00-\(String(repeating: "0", count: 32))-x-01")]).diagnostics.count == 1)
        #expect(identity([("traceparent", "nonsense")]).source == .none)
    }

    @Test func whatWholeApplicationsShareNamesASessionAndNoTree() {
        let found = identity(body: #"{"prompt_cache_key":"app","user":"alice","messages":[]}"#)
        #expect((found.session, found.source, found.strength, found.tree) == ("app", .promptCacheKey, .weak, nil))
        #expect(found.key(run: "run_1") == .run("run_1", of: ""))
        #expect(identity(body: #"{"user":"alice","messages":[]}"#).session == "alice")
        #expect(identity(body: #"{"conversation":"conv_1","input":[]}"#, as: .responses).source == .conversation)
        #expect(identity([("x-session-affinity", "a")]).source == .sessionAffinity)
    }

    @Test func theStrongestRuleSpeaks() {
        let all: [(name: String, value: String)] = [
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            ("X-Session-Id", "o"), ("x-claude-code-session-id", "c"), ("thread-id", "t"), ("x-run-id", "r"),
        ]
        let expected: [RunIdentity.Source] = [.traceparent, .sessionID, .claudeCode, .codex, .runID]
        for count in 1...all.count {
            #expect(identity(Array(all.prefix(count))).source == expected[count - 1])
        }
    }

    @Test func oneKeyIsOneOwnerHoweverItIsShown() {
        let digest = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"
        for header in [
            ("Authorization", "Bearer alice"), ("authorization", "bearer  alice"), ("X-Api-Key", "alice"),
            ("api-key", "alice"),
        ] {
            #expect(identity([header]).principal == digest)
            #expect(RunIdentity.principal(of: [header]) == digest)
        }
        #expect(identity([("Authorization", "Basic alice")]).principal != digest)
        #expect(identity([("x-api-key", "")]).principal == "")
        #expect(!"\(identity([("Authorization", "Bearer secret")]))".contains("secret"))
    }

    @Test func cleanupAndAPersonsTurnAreSeen() {
        #expect(claudeCode(cleanup: true).isCleanup)
        #expect(!identity([("X-Loopguard-Cleanup", "0")]).isCleanup)
        #expect(claudeCode(afterTool: false).isHumanTurn)
        #expect(!claudeCode().isHumanTurn)
    }

    @Test func ofAHeaderThatStandsThereTwiceTheFirstCounts() {
        #expect(identity([("X-Run-Id", "a"), ("x-run-id", "b")]).runID == "a")
    }
}
