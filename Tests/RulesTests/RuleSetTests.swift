import Guard
import LoopDetection
import Rules
import Testing

@Suite struct RuleSetTests {
    private func parse(_ body: String) throws -> RuleSet {
        try RuleSet.parse(yaml: "version: 1\n\(body)\n", file: "rules.yaml")
    }

    @Test func theLeastFileIsTheDefault() throws {
        #expect(try parse("") == .default)
        #expect(RuleSet.default.settings == GuardSettings())
        #expect(RuleSet.default.settings(for: RequestFacts()) == GuardSettings())
    }

    @Test func everyKindOfValueFindsItsPlace() throws {
        let settings = try parse(
            """
            enabled: false
            mode: warn
            tool_calls: stream
            note: false
            truncated_calls: drop
            limits: {max_event_bytes: 4096}
            request_overrides: deny
            detectors:
              tail_repeat:
                mode: {reasoning: observe}
                prose:
                  - {up_to: 7, span: 99, repeats: 2}
              line_repeat: {mode: off, prose: {mass: 0.5}}
              tool_name_run: {mode: observe, exempt: [a, b, a], run: {warn: 0}}
              argument_dedup: {ignore_fields: {"*": [description], bash: [a, b]}}
            """
        ).settings
        var expected = GuardSettings()
        expected.enabled = false
        expected.mode = .warn
        expected.toolCalls = .stream
        expected.note = nil
        expected.truncatedCalls = .drop
        expected.maxEventBytes = 4_096
        expected.detectors.tailRepeat.modes.reasoning = .observe
        expected.detectors.tailRepeat.prose = [PeriodBand(upTo: 7, span: 99, repeats: 2)]
        expected.detectors.lineRepeat.modes = TextModes(content: .off, reasoning: .off, code: .off)
        expected.detectors.lineRepeat.prose.mass = 0.5
        expected.detectors.toolNameRun.mode = .observe
        expected.detectors.toolNameRun.exempt = ["a", "b"]
        expected.detectors.toolNameRun.run.warn = 0
        expected.detectors.argumentDedup.ignoreFields = ["*": ["description"], "bash": ["a", "b"]]
        #expect(settings == expected)
    }

    @Test func aQuotedFalseIsTheTextOfANote() throws {
        #expect(try parse("note: \"false\"").settings.note == "false")
    }

    @Test func laterOverridesWin() throws {
        let rules = try parse(
            """
            mode: warn
            overrides:
              - match: {model: "qwen*"}
                mode: observe
                note: "one"
              - match: {model: "*coder*", path: /v1/completions}
                mode: stop
                detectors: {stutter: {mode: {code: off}}}
              - match: {client: ["*aider*", "opencode/*"]}
                enabled: false
            """
        )
        #expect(rules.settings(for: RequestFacts(model: "llama")).mode == .warn)
        #expect(rules.settings(for: RequestFacts(model: "Qwen3-8B")).mode == .observe)
        let both = rules.settings(for: RequestFacts(model: "qwen3-coder", path: "/v1/completions"))
        #expect(both.mode == .stop)
        #expect(both.note == "one")
        #expect(both.detectors.stutter.modes == TextModes(content: .stop, reasoning: .stop, code: .off))
        #expect(rules.settings(for: RequestFacts(model: "qwen3-coder", path: "/v1/chat/completions")).mode == .observe)
        #expect(rules.settings(for: RequestFacts(userAgent: "OpenCode/1.2")).enabled == false)
        #expect(rules.settings(for: RequestFacts(userAgent: "x aider y")).enabled == false)
        #expect(rules.settings(for: RequestFacts(userAgent: "my opencode/1")).enabled)
    }

    @Test func whatARequestDoesNotNameIsNotMatched() throws {
        let rules = try parse("overrides: [{match: {model: \"*\"}, enabled: false}]")
        #expect(rules.settings(for: RequestFacts()).enabled)
        #expect(rules.settings(for: RequestFacts(model: "")).enabled == false)
    }

    @Test(arguments: [
        ("a*b*c", "abc", true), ("a*b*c", "a--b--b-c", true), ("a*b*c", "a--b--", false), ("*", "", true),
        ("a", "ab", false), ("", "a", false), ("**a", "bba", true), ("*aab", "aaaaab", true), ("a*", "b", false),
        ("É*", "É1", true),
    ])
    func patternsMatchWholeWords(_ pattern: String, _ text: String, _ isMatch: Bool) throws {
        guard !pattern.isEmpty else { return }
        let rules = try parse("overrides: [{match: {model: \"\(pattern)\"}, enabled: false}]")
        #expect(rules.settings(for: RequestFacts(model: text)).enabled == !isMatch)
    }

    /// The digests are what `printf %s abc | sha256sum` prints, and the like.
    @Test func anAPIKeyIsKnownByItsDigest() throws {
        let rules = try parse(
            """
            api_keys:
              abc: sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
              long: SHA256:CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0
            overrides:
              - match: {key: abc}
                mode: observe
              - match: {key: "l*"}
                mode: warn
            """
        )
        func resolve(_ header: String?) -> Resolution { rules.resolve(RequestFacts(authorization: header)) }
        #expect(resolve("Bearer abc").keyName == "abc")
        #expect(resolve("bearer  abc").settings.mode == .observe)
        #expect(resolve("abc").keyName == "abc")
        #expect(resolve("Bearer \(String(repeating: "a", count: 1_000_000))").settings.mode == .warn)
        #expect(resolve("Bearer abd").keyName == nil)
        #expect(resolve("Bearer abd").settings.mode == .stop)
        #expect(resolve(nil).keyName == nil)
    }

    @Test func errorsAreOneLineEach() {
        #expect(
            errors(in: "mode: x\nmod: 1\n", file: "my rules.yaml") == [
                "my rules.yaml:1:1: error: 'version' is missing; write 'version: 1'",
                "my rules.yaml:1:7: error: 'mode' must be off, observe, warn or stop, not 'x'",
                "my rules.yaml:2:1: error: unknown key 'mod'; did you mean 'mode'?",
            ]
        )
    }
}

@Suite struct RequestHeaderTests {
    private func resolve(_ rules: RuleSet = .default, mode: String? = nil, disable: String? = nil) -> Resolution {
        rules.resolve(RequestFacts(modeHeader: mode, disableHeader: disable))
    }

    private func ruled(_ line: String) throws -> RuleSet {
        try RuleSet.parse(yaml: "version: 1\n\(line)\n", file: "f")
    }

    @Test(arguments: [("off", Mode.off), ("observe", .observe), (" Warn\t", .warn), ("stop", .stop)])
    func theModeHeaderLowers(_ header: String, _ mode: Mode) {
        let resolution = resolve(mode: header)
        #expect(resolution.settings.mode == mode)
        #expect(resolution.diagnostics.isEmpty)
    }

    @Test func theModeHeaderNeverRaises() throws {
        let resolution = resolve(try ruled("mode: observe"), mode: "stop")
        #expect(resolution.settings.mode == .observe)
        #expect(
            resolution.diagnostics == [
                "X-Loopguard-Mode ignored: 'stop' would raise the mode, and a header can only lower it"
            ]
        )
    }

    @Test func aBadModeHeaderIsIgnoredAndReportedOnOneLine() {
        let resolution = resolve(mode: "please\nstop")
        #expect(resolution.settings == GuardSettings())
        #expect(
            resolution.diagnostics == ["X-Loopguard-Mode ignored: 'please stop' is not off, observe, warn or stop"]
        )
        #expect(resolve(mode: String(repeating: "x", count: 10_000)).diagnostics[0].count < 200)
    }

    @Test func theDisableHeaderTurnsDetectorsOffAndReportsWhatItDoesNotKnow() {
        let resolution = resolve(disable: "tail_repeat, Budget,,tail_repat , history_repeat")
        var expected = GuardSettings()
        expected.detectors.tailRepeat.modes = TextModes(content: .off, reasoning: .off, code: .off)
        expected.detectors.historyRepeat.mode = .off
        #expect(resolution.settings == expected)
        #expect(
            resolution.diagnostics == [
                "X-Loopguard-Disable: 'tail_repat' ignored, there is no such detector; did you mean 'tail_repeat'?"
            ]
        )
    }

    @Test(arguments: DetectorID.allCases)
    func everyDetectorCanBeDisabled(_ detector: DetectorID) throws {
        let header = resolve(disable: detector.name)
        let rule = try ruled("detectors: {\(detector.name): {mode: off}}")
        #expect(header.settings == rule.settings)
        #expect(header.diagnostics.isEmpty)
    }

    @Test func deniedHeadersAreIgnoredAndReported() throws {
        let resolution = resolve(try ruled("request_overrides: deny"), mode: "off", disable: "budget")
        #expect(resolution.settings == GuardSettings())
        #expect(
            resolution.diagnostics == [
                "X-Loopguard-Mode ignored: the rules deny request overrides",
                "X-Loopguard-Disable ignored: the rules deny request overrides",
            ]
        )
    }

    @Test func headersApplyAfterOverrides() throws {
        let rules = try ruled("mode: observe\noverrides: [{match: {model: x}, mode: stop, request_overrides: allow}]")
        let resolution = rules.resolve(RequestFacts(model: "x", modeHeader: "warn"))
        #expect(resolution.settings.mode == .warn)
    }
}
