import GenerationWire
import RunIdentity
import Testing

/// Clients that are not known, placed by mappings.
@Suite struct MappedIdentityTests {
    private func mapping(_ name: String = "mine", _ change: (inout TreeMapping) -> Void) -> TreeMapping {
        var mapping = TreeMapping(name: name)
        mapping.headers = ["x-mine": ["*"]]
        change(&mapping)
        return mapping
    }

    @Test func valuesComeFromHeadersAndTheBody() {
        let mapping = mapping {
            $0.session = .header("x-mine")
            $0.tree = .body(["metadata", "tree", "id"])
            $0.node = .body(["agent"])
            $0.parent = .header("x-parent")
            $0.turn = .body(["metadata", "turn"])
            $0.strength = .strict
        }
        let body = #"{"messages":[{"agent":"no"}],"metadata":{"turn":"u","tree":{"id":"t"}},"agent":"n"}"#
        let found = identity([("X-Mine", "s"), ("X-Parent", "p")], body: body, mappings: [mapping])
        #expect((found.session, found.tree, found.node, found.parent, found.turn) == ("s", "t", "n", "p", "u"))
        #expect((found.source, found.strength) == (.mapping("mine"), .strict))
        #expect(found.source.description == "mapping:mine")
    }

    @Test func aRequestWithoutANodeIsTheMainAgents() {
        let mapping = mapping {
            $0.session = .header("x-mine")
            $0.node = .header("x-agent")
            $0.strength = .strict
        }
        let main = identity([("x-mine", "s")], mappings: [mapping])
        #expect((main.tree, main.node, main.parent, main.strength) == ("s", "main", nil, .session))
        let agent = identity([("x-mine", "s"), ("x-agent", "a")], mappings: [mapping])
        #expect((agent.node, agent.parent, agent.strength) == ("a", "main", .strict))

        var tree = RunTree()
        let key = tree.admit("1", main, at: ms(0)).key
        _ = tree.admit("2", agent, at: ms(1))
        #expect(tree.stop("1", at: key, now: ms(2)).generations == [["1"], ["2"]])
        #expect(tree.admit("3", agent, at: ms(10_000)).refusal != nil)
        #expect(tree.admit("4", main, at: ms(10_000)).refusal == nil)
    }

    @Test func agentsWithoutATreeAreAChain() {
        let mapping = mapping {
            $0.node = .header("x-mine")
            $0.parent = .header("x-above")
        }
        let child = identity([("x-mine", "b"), ("x-above", "a")], mappings: [mapping])
        #expect((child.tree, child.node, child.parent) == (nil, "b", "a"))
        var tree = RunTree()
        let key = tree.admit("1", identity([("x-mine", "a")], mappings: [mapping]), at: ms(0)).key
        _ = tree.admit("2", child, at: ms(1))
        #expect(tree.stop("1", at: key, now: ms(2)).generations == [["1"], ["2"]])
    }

    @Test func everythingNamedMustMatch() {
        var picky = mapping { $0.session = .header("x-mine") }
        picky.userAgents = ["Mine/*", "Ours/*"]
        picky.headers["x-kind"] = ["agent"]
        func source(_ headers: [(name: String, value: String)]) -> RunIdentity.Source {
            identity(headers, mappings: [picky]).source
        }
        #expect(source([("x-mine", "s"), ("user-agent", "ours/1"), ("X-Kind", "Agent")]) == .mapping("mine"))
        #expect(source([("x-mine", "s"), ("user-agent", "ours/1")]) == .none)
        #expect(source([("x-mine", "s"), ("X-Kind", "agent")]) == .none)
        #expect(source([("x-mine", "s"), ("user-agent", "theirs/1"), ("X-Kind", "agent")]) == .none)
    }

    @Test func theFirstThatFindsSomethingCounts() {
        let first = mapping("first") { $0.session = .header("x-absent") }
        let second = mapping("second") { $0.session = .header("x-mine") }
        let third = mapping("third") { $0.session = .header("x-mine") }
        #expect(identity([("x-mine", "s")], mappings: [first, second, third]).source == .mapping("second"))
        #expect(identity([("x-mine", "s"), ("x-run-id", "r")], mappings: [second]).source == .runID)
        #expect(identity([("x-mine", "s"), ("thread-id", "t")], mappings: [second]).source == .mapping("second"))
    }

    @Test func aValueThatIsNoIDIsIgnoredAndTold() {
        let mapping = mapping { $0.session = .header("x-mine") }
        let found = identity([("x-mine", "two words")], mappings: [mapping])
        #expect(found.source == .none)
        #expect(found.diagnostics.first?.hasPrefix("x-mine of 'mine' ignored: 'two words'") == true)
    }

    @Test(arguments: ["", "[]", #"{"a":1}"#, #"{"a":{"b":1}}"#, #"{"a":{"b":"x"#, #"{"a":"b"}"#])
    func aBodyWithoutTheMemberTellsNothing(_ body: String) {
        let mapping = mapping { $0.session = .body(["a", "b"]) }
        #expect(identity([("x-mine", "s")], body: body, mappings: [mapping]).source == .none)
    }
}
