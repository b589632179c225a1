import Rules
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: [
        "version: 1",
        """
        version: 1
        enabled: false
        note: "quote \\" slash \\\\ line\\n tab\\t bell\\a é 😊 \u{2028} end"
        detectors:
          simhash_repeat: {jaccard: 0.123456789, mass: 1, mode: {content: off, reasoning: warn}}
          stutter: {mode: off}
          tail_repeat:
            code: [{up_to: 31, span: 5000, repeats: 1}, {up_to: 4096, span: 5001, repeats: 3}]
          history_repeat: {exempt: ["a: b", "#c", "- d"], ignore_fields: {"*": [x], "odd \\" name": [y, z], none: []}}
        """,
        """
        version: 1
        clients:
          aider: false
          codex: {keep_alive: none, note: false}
          "my: client": {headers: {X-Odd: ["a*", "b"], "true": "c"}, detectors: {stutter: {mode: off}}}
          "no": {source: "somewhere", user_agent: x, mode: warn}
        """,
        """
        version: 1
        trees:
          - name: "odd: \\"name"
            when: {user_agent: ["a*", b], headers: {X-Odd: ["*", "c"], true: "d"}}
            session: {header: X-Session}
            tree: {body: metadata.tree.id}
            node: {header: x-node}
            parent: {header: "x-parent"}
            turn: {body: turn}
            strength: strict
          - {name: least, when: {user_agent: "*"}, node: {body: a}}
        """,
        """
        version: 1
        request_overrides: deny
        api_keys:
          "odd: name": sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
        overrides:
          - match: {model: ["a*", "*\\"b"], path: /v1/*, client: "*", key: "*"}
            mode: off
          - match: {path: "*"}
            note: false
            limits: {max_held_bytes: 5000}
            detectors:
              tail_repeat:
                mode: {code: off}
                prose: [{up_to: 5, span: 2000, repeats: 1}]
              line_repeat: {code: {mass: 0.5}}
              argument_dedup: {exempt: [], ignore_fields: {}, consecutive: {stop: 0}}
              budget: {mode: stop}
        """,
    ])
    func whatIsShownParsesBackToTheSameRules(_ yaml: String) throws {
        let rules = try RuleSet.parse(yaml: yaml, file: "given")
        let shown = RuleSet.yaml(of: rules)
        #expect(try RuleSet.parse(yaml: shown, file: "shown") == rules)
        #expect(RuleSet.yaml(of: try RuleSet.parse(yaml: shown, file: "shown")) == shown)
    }

    @Test(arguments: ["strict.yaml", "observe.yaml"])
    func shippedFilesSurviveTheRoundTrip(_ name: String) throws {
        let rules = try RuleSet.parse(yaml: ShippedFilesTests.read(name), file: name)
        #expect(rules != .default)
        #expect(try RuleSet.parse(yaml: RuleSet.yaml(of: rules), file: "shown") == rules)
    }
}
