import GenerationWire
import RunIdentity
import Testing

/// The trees that real clients make, and what a stop does in each.
@Suite struct ClientTreesTests {
    @Test func aStoppedTurnOfCodexStaysStoppedAndTheNextIsFree() {
        var tree = RunTree()
        let main = tree.admit("1", codex(thread: "s", turn: "u1", root: "u1"), at: ms(0))
        _ = tree.admit("2", codex(thread: "t", turn: "v1", parent: ("s", "u1"), root: "u1"), at: ms(1))
        _ = tree.admit("3", codex(thread: "w", turn: "w1", parent: ("t", "v1"), root: "u1"), at: ms(2))
        #expect(tree.stop("1", at: main.key, now: ms(3)).generations == [["1"], ["2"], ["3"]])
        #expect(tree.admit("4", codex(thread: "s", turn: "u1", root: "u1"), at: ms(60_000)).refusal != nil)
        #expect(
            tree.admit("5", codex(thread: "x", turn: "x1", parent: ("w", "w1"), root: "u1"), at: ms(4)).refusal != nil
        )
        #expect(tree.admit("6", codex(thread: "y", turn: "y1", root: "u1"), at: ms(5)).refusal != nil)
        #expect(tree.admit("7", codex(thread: "s", turn: "u2", root: "u2"), at: ms(6)).refusal == nil)
        #expect(
            tree.admit("8", codex(thread: "t", turn: "v2", parent: ("s", "u2"), root: "u2"), at: ms(7)).refusal == nil
        )
    }

    @Test func aStoppedSubagentOfCodexLeavesItsSiblingsAlone() {
        var tree = RunTree()
        _ = tree.admit("1", codex(thread: "s", turn: "u", root: "u"), at: ms(0))
        let first = tree.admit("2", codex(thread: "a", turn: "a1", parent: ("s", "u"), root: "u"), at: ms(1))
        _ = tree.admit("3", codex(thread: "b", turn: "b1", parent: ("s", "u"), root: "u"), at: ms(1))
        #expect(tree.stop("2", at: first.key, now: ms(2)).generations == [["2"]])
        #expect(
            tree.admit("4", codex(thread: "c", turn: "c1", parent: ("a", "a1"), root: "u"), at: ms(3)).refusal != nil
        )
        #expect(
            tree.admit("5", codex(thread: "b", turn: "b1", parent: ("s", "u"), root: "u"), at: ms(4)).refusal == nil
        )
        #expect(tree.admit("6", codex(thread: "s", turn: "u", root: "u"), at: ms(5)).refusal == nil)
    }

    @Test func aSubagentThatNamesTheThreadOnlyStandsUnderItsPresentTurn() {
        var tree = RunTree()
        let first = tree.admit("1", codex(thread: "s", turn: "u1"), at: ms(0))
        let child = tree.admit("2", codex(thread: "a", turn: "a1", parent: ("s", nil)), at: ms(1))
        #expect(tree.ancestors(of: child.key) == [first.key])
        let second = tree.admit("3", codex(thread: "s", turn: "u2"), at: ms(2))
        let other = tree.admit("4", codex(thread: "b", turn: "b1", parent: ("s", nil)), at: ms(3))
        #expect(tree.ancestors(of: other.key) == [second.key])
        #expect(tree.stop("3", at: second.key, now: ms(4)).generations == [["3"], ["4"]])
        #expect(tree.admit("5", codex(thread: "a", turn: "a1", parent: ("s", "u1")), at: ms(5)).refusal == nil)
    }

    @Test func aSubagentMayComeBeforeItsParent() {
        var tree = RunTree()
        let child = tree.admit("1", codex(thread: "a", turn: "a1", parent: ("s", nil)), at: ms(0))
        let main = tree.admit("2", codex(thread: "s", turn: "u1"), at: ms(1))
        #expect(tree.ancestors(of: child.key).contains(main.key))
        #expect(tree.stop("2", at: main.key, now: ms(2)).generations.flatMap(\.self) == ["2", "1"])
        // The stop is one turn's: the thread's next is free, and so is what it starts.
        #expect(tree.admit("3", codex(thread: "s", turn: "u2"), at: ms(3)).refusal == nil)
        #expect(tree.admit("4", codex(thread: "b", turn: "b1", parent: ("s", nil)), at: ms(4)).refusal == nil)
    }

    @Test func opencodeSessionsAreAChain() {
        func session(_ id: String, _ parent: String? = nil, afterTool: Bool = true) -> RunIdentity {
            var headers = [(name: "x-session-id", value: id), (name: "user-agent", value: "opencode/1.18.30")]
            if let parent { headers.append((name: "x-parent-session-id", value: parent)) }
            return identity(headers, body: afterTool ? Bodies.toolResult : Bodies.userText, as: .messages)
        }
        var tree = RunTree()
        let main = tree.admit("1", session("a", afterTool: false), at: ms(0))
        let child = tree.admit("2", session("b", "a", afterTool: false), at: ms(1))
        _ = tree.admit("3", session("c", "b"), at: ms(2))
        #expect((child.parentRun, child.rootRun, child.depth) == ("1", "1", 1))
        #expect(tree.stop("1", at: main.key, now: ms(3)).generations == [["1"], ["2"], ["3"]])
        // A subagent that was known stays stopped, and its first message is a text as a person's is.
        #expect(tree.admit("4", session("b", "a", afterTool: false), at: ms(10_000)).refusal != nil)
        #expect(tree.admit("5", session("a", afterTool: false), at: ms(10_001)).refusal == nil)
        #expect(tree.admit("6", session("d", "a", afterTool: false), at: ms(10_002)).refusal == nil)
        #expect(tree.admit("7", session("e", "c"), at: ms(10_003)).refusal != nil)
    }

    @Test func aStoppedSubagentOfASessionLeavesTheMainAgentAlone() {
        var tree = RunTree()
        _ = tree.admit("1", claudeCode(), at: ms(0))
        let agent = tree.admit("2", claudeCode(agent: "a"), at: ms(1))
        _ = tree.admit("3", claudeCode(agent: "b"), at: ms(1))
        _ = tree.admit("4", claudeCode(agent: "a1", parent: "a"), at: ms(1))
        #expect(tree.stop("2", at: agent.key, now: ms(2)).generations == [["2"], ["4"]])
        #expect(tree.admit("5", claudeCode(), at: ms(3)).refusal == nil)
        #expect(tree.admit("6", claudeCode(agent: "b"), at: ms(3)).refusal == nil)
        #expect(tree.admit("7", claudeCode(agent: "a", afterTool: false), at: ms(60_000)).refusal != nil)
        #expect(tree.admit("8", claudeCode(agent: "a2", parent: "a"), at: ms(60_000)).refusal != nil)
    }

    @Test func aStopOfATraceCutsAndRefusesNothing() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        var tree = RunTree()
        let first = tree.admit("1", identity([("traceparent", trace)]), at: ms(0))
        _ = tree.admit("2", identity([("traceparent", trace)]), at: ms(1))
        #expect(tree.stop("2", at: first.key, now: ms(2)).generations == [["2", "1"]])
        #expect(tree.admit("3", identity([("traceparent", trace)]), at: ms(3)).refusal == nil)
        #expect(tree.admit("4", run(nil, parent: "2"), at: ms(4)).refusal != nil)
    }

    @Test func runsThatShareACacheKeyAreNoTree() {
        let body = #"{"prompt_cache_key":"app","messages":[]}"#
        var tree = RunTree()
        let first = tree.admit("1", identity(body: body), at: ms(0))
        _ = tree.admit("2", identity(body: body), at: ms(1))
        #expect(tree.stop("1", at: first.key, now: ms(2)).generations == [["1"]])
        #expect(tree.admit("3", identity(body: body), at: ms(3)).refusal == nil)
    }

    @Test func aRunWithoutAnIDOfItsOwnMayStillHaveAParent() {
        var tree = RunTree()
        let parent = tree.admit("run_1", identity(), at: ms(0))
        let child = tree.admit("run_2", run(nil, parent: "run_1"), at: ms(1))
        #expect((child.parentRun, child.rootRun, child.depth) == ("run_1", "run_1", 1))
        #expect((parent.parentRun, parent.rootRun, parent.depth) == (nil, "run_1", 0))
        _ = tree.stop("run_1", at: parent.key, now: ms(2))
        #expect(tree.admit("run_3", run(nil, parent: "run_1"), at: ms(3)).refusal != nil)
        #expect(tree.admit("run_4", run(nil, parent: "run_2"), at: ms(3)).refusal != nil)
        #expect(tree.admit("run_5", identity(), at: ms(3)).refusal == nil)
    }

    @Test func aWholeClientMayStandUnderARun() {
        // A harness that starts Claude Code with a header of its own.
        func agent(_ agent: String? = nil) -> RunIdentity {
            var headers = [(name: "x-claude-code-session-id", value: "s"), (name: "x-parent-run-id", value: "P")]
            if let agent { headers.append((name: "x-claude-code-agent-id", value: agent)) }
            return identity(headers)
        }
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        let main = tree.admit("1", agent(), at: ms(1))
        _ = tree.admit("2", agent("a"), at: ms(2))
        #expect(tree.ancestors(of: main.key) == [parent.key])
        #expect(tree.liveRuns(from: parent.key) == [["P"], ["1"], ["2"]])
        #expect(tree.stop("1", at: main.key, now: ms(3)).generations == [["1"], ["2"]])
        #expect(tree.admit("3", agent(), at: ms(4)).refusal != nil)
        #expect(tree.admit("4", agent(), at: ms(5_000)).refusal == nil)
        _ = tree.stop("P", at: parent.key, now: ms(5_001))
        #expect(tree.admit("5", agent(), at: ms(60_000)).refusal != nil)
    }

    @Test func whatClaudeCodeSaysByItselfAfterACutIsRefused() {
        var tree = RunTree()
        let main = tree.admit("1", claudeCode(), at: ms(0))
        _ = tree.stop("1", at: main.key, now: ms(1))
        let body = #"{"messages":[{"role":"user","content":"Output token limit hit. Resume directly — no apology"}]}"#
        let resumption = identity([("x-claude-code-session-id", "s")], body: body, as: .messages)
        #expect(tree.admit("2", resumption, at: ms(20)).refusal != nil)
    }
}
