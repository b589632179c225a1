import Rules
import Testing

/// Every kind of mistake, with its line and column.
@Suite struct MistakesTests {
    @Test(arguments: [
        ("", "f:1:1: error: the file is empty; the least is 'version: 1'"),
        ("# only a remark\n", "f:1:1: error: the file is empty; the least is 'version: 1'"),
        ("- a\n", "f:1:1: error: the file must be a map of keys, not a list"),
        ("stop", "f:1:1: error: the file must be a map of keys, not 'stop'"),
        ("enabled: true\n", "f:1:1: error: 'version' is missing; write 'version: 1'"),
        ("version: 2\n", "f:1:10: error: 'version' must be 1, the only one there is, not '2'"),
        ("version: \"1\"\n", "f:1:10: error: 'version' must be 1, the only one there is, not '1'"),
        ("version:\n", "f:1:9: error: 'version' must be 1, the only one there is, not nothing"),
    ])
    func aFileThatIsNoRulesFile(_ yaml: String, _ expected: String) {
        #expect(errors(in: yaml) == [expected])
    }

    @Test(arguments: [
        ("version: 1\nmode: [stop\n", "f:3:1: error: not YAML: did not find expected ',' or ']'"),
        ("version: 1\n\tmode: stop\n", "f:2:1: error: not YAML: found a tab character that violates indentation"),
        ("version: 1\nmode: *missing\n", "f:2:7: error: not YAML: found undefined alias"),
        ("version: 1\n---\nversion: 1\n", "f:2:1: error: not YAML: but found another document"),
        ("version: 1\nnote: \"\u{1}\"\n", "f:2:8: error: not YAML: control characters are not allowed"),
    ])
    func aFileThatIsNoYAML(_ yaml: String, _ expected: String) {
        let found = errors(in: yaml)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(expected) == true, "\(found)")
    }

    @Test(arguments: [
        ("detecors: {}", "2:1: error: unknown key 'detecors'; did you mean 'detectors'?"),
        ("stutter: {mode: off}", "2:1: error: unknown key 'stutter'; detectors stand under 'detectors'"),
        (
            "limits:\n  colour: 1",
            "3:3: error: unknown key 'limits.colour'; here may stand max_event_bytes or max_held_bytes"
        ),
        (
            "detectors:\n  tail_repat: {}",
            "3:3: error: unknown key 'detectors.tail_repat'; did you mean 'tail_repeat'?"
        ),
        (
            "detectors:\n  stutter:\n    mode: {contents: stop}",
            "4:12: error: unknown key 'detectors.stutter.mode.contents'; did you mean 'content'?"
        ),
        (
            "overrides:\n  - match: {modle: x}\n    mode: off",
            "3:13: error: unknown key 'overrides[0].match.modle'; did you mean 'model'?"
        ),
        (
            "overrides:\n  - match: {model: x}\n    mode: off\n    version: 1",
            "5:5: error: unknown key 'overrides[0].version'; here may stand match, enabled, mode, tool_calls, note, "
                + "responses_ending, keep_alive, truncated_calls, non_streaming, history, limits, record, request_overrides or detectors"
        ),
    ])
    func anUnknownKey(_ line: String, _ expected: String) {
        #expect(errors(in: "version: 1\n\(line)\n") == ["f:\(expected)"])
    }

    @Test(arguments: [
        ("enabled: yes", "2:10: error: 'enabled' must be true or false, not 'yes'"),
        ("enabled: \"true\"", "2:10: error: 'enabled' must be true or false, not 'true'"),
        ("mode: stopp", "2:7: error: 'mode' must be off, observe, warn or stop, not 'stopp'; did you mean 'stop'?"),
        ("mode: {content: stop}", "2:7: error: 'mode' must be off, observe, warn or stop, not a map"),
        ("tool_calls: 3", "2:13: error: 'tool_calls' must be hold or stream, not '3'"),
        ("note:", "2:6: error: 'note' must be text, or false for none, not nothing"),
        ("note: true", "2:7: error: 'note' must be text, or false for none, not 'true'"),
        ("limits: 5", "2:9: error: 'limits' must be a map of keys, not '5'"),
        (
            "limits: {max_event_bytes: 1_000_000}",
            "2:27: error: 'limits.max_event_bytes' must be a whole number, written without '_', not '1_000_000'"
        ),
        ("limits: {max_event_bytes: 5e6}", "2:27: error: 'limits.max_event_bytes' must be a whole number, not '5e6'"),
        (
            "limits: {max_event_bytes: -1}",
            "2:27: error: 'limits.max_event_bytes' must be from 4096 to 1073741824, not '-1'"
        ),
        (
            "limits: {max_event_bytes: 99999999999999999999}",
            "2:27: error: 'limits.max_event_bytes' must be a whole number, not '99999999999999999999'"
        ),
        (
            "detectors: {line_repeat: {prose: {mass: much}}}",
            "2:41: error: 'detectors.line_repeat.prose.mass' must be a number, not 'much'"
        ),
        (
            "detectors: {line_repeat: {prose: {mass: 1.5}}}",
            "2:41: error: 'detectors.line_repeat.prose.mass' must be from 0.0 to 1.0, not '1.5'"
        ),
        (
            "detectors: {line_repeat: {prose: {mass: .nan}}}",
            "2:41: error: 'detectors.line_repeat.prose.mass' must be a number, not '.nan'"
        ),
        (
            "detectors: {stutter: {mode: loud}}",
            "2:29: error: 'detectors.stutter.mode' must be off, observe, warn or stop, not 'loud'"
        ),
        (
            "detectors: {stutter: {mode: [stop]}}",
            "2:29: error: 'detectors.stutter.mode' must be a map of keys, not a list"
        ),
        (
            "detectors: {tool_name_run: {exempt: bash}}",
            "2:37: error: 'detectors.tool_name_run.exempt' must be a list, not 'bash'"
        ),
        (
            "detectors: {tool_name_run: {exempt: [bash, {}]}}",
            "2:44: error: 'detectors.tool_name_run.exempt[1]' must be text, not a map"
        ),
        (
            "detectors: {argument_dedup: {ignore_fields: {bash: description}}}",
            "2:52: error: 'detectors.argument_dedup.ignore_fields.bash' must be a list, not 'description'"
        ),
        ("? [a]\n: 1", "2:3: error: a key must be a word, not a list"),
    ])
    func aValueThatIsNotWhatItMustBe(_ line: String, _ expected: String) {
        #expect(errors(in: "version: 1\n\(line)\n") == ["f:\(expected)"])
    }

    @Test(arguments: [
        (
            "history_repeat: {cycles: {warn: 9, stop: 3}}",
            "3:20: error: 'detectors.history_repeat.cycles' warns at 9, which is after it stops at 3"
        ),
        (
            "history_repeat: {cycles: {warn: 4}}",
            "3:20: error: 'detectors.history_repeat.cycles' warns at 4, which is after it stops at 3"
        ),
        (
            "argument_dedup: {window_stop: 9}",
            "3:3: error: 'detectors.argument_dedup' wants 9 equal calls and remembers only 8"
        ),
        (
            "simhash_repeat: {sentences: 4}",
            "3:3: error: 'detectors.simhash_repeat' wants 8 matches and remembers only 4 sentences"
        ),
        (
            "line_repeat: {bytes: 2048}",
            "3:3: error: 'detectors.line_repeat' wants 4096 bytes in code and remembers only 2048"
        ),
        (
            "line_repeat: {lines: 20}",
            "3:3: error: 'detectors.line_repeat' wants 32 equal lines in code and remembers only 20"
        ),
        (
            "novelty_stall: {segment_length: 60, minimum_length: 61}",
            "3:3: error: 'detectors.novelty_stall' has a minimum_length of 61, which is more than its segment_length of "
                + "60"
        ),
        (
            "tail_repeat: {window: 8192}",
            "3:3: error: 'detectors.tail_repeat' has a band that needs 16384 bytes, which is more than its window of 8192"
        ),
        (
            "tail_repeat: {stride: 16385}",
            "3:3: error: 'detectors.tail_repeat' has a stride of 16385 bytes, which is more than its window of 16384"
        ),
    ])
    func valuesThatDoNotAgree(_ line: String, _ expected: String) {
        #expect(errors(in: "version: 1\ndetectors:\n  \(line)\n") == ["f:\(expected)"])
    }

    @Test(arguments: [
        ("[]", "4:12: error: 'detectors.tail_repeat.prose' must have a band, not a list"),
        ("[5]", "4:13: error: 'detectors.tail_repeat.prose[0]' must be a map of keys, not '5'"),
        ("[{up_to: 7, span: 9}]", "4:13: error: 'detectors.tail_repeat.prose[0]' has no 'repeats'"),
        (
            "[{upto: 7, span: 9, repeats: 1, up_to: 7}]",
            "4:14: error: unknown key 'detectors.tail_repeat.prose[0].upto'; did you mean 'up_to'?"
        ),
        (
            "[{up_to: 7, span: 9, repeats: 0}]",
            "4:42: error: 'detectors.tail_repeat.prose[0].repeats' must be from 1 to 1048576, not '0'"
        ),
        (
            "[{up_to: 7, span: 900, repeats: 1}, {up_to: 7, span: 900, repeats: 1}]",
            "4:48: error: 'detectors.tail_repeat.prose[1].up_to' is 7; it must rise, and the band before has 7"
        ),
        (
            "[{up_to: 7, span: 900, repeats: 1}, {up_to: 31, span: 899, repeats: 1}]",
            "4:48: error: 'detectors.tail_repeat.prose[1]' asks for 899 bytes at a period of 8, and the band before for "
                + "900 at 7; it must not fall"
        ),
        (
            "[{up_to: 100, span: 9, repeats: 20}, {up_to: 200, span: 10, repeats: 15}]",
            "4:49: error: 'detectors.tail_repeat.prose[1]' asks for 1515 bytes at a period of 101, and the band before "
                + "for 2000 at 100; it must not fall"
        ),
    ])
    func bandsThatAreNotRight(_ bands: String, _ expected: String) {
        #expect(errors(in: "version: 1\ndetectors:\n  tail_repeat:\n    prose: \(bands)\n") == ["f:\(expected)"])
    }

    @Test func aDuplicateKeyIsReportedAndTheMistakesAfterItToo() {
        let yaml = """
            version: 1
            mode: stop
            enabled: true
            mode: warn
            "mode": off
            detectors:
              stutter: {deltas: 5, whitespace: 99, deltas: 6}
              budget:
                mode: maybe
            enabled: 1
            """
        #expect(
            errors(in: yaml) == [
                "f:4:1: error: 'mode' stands here again; the first is on line 2",
                "f:5:1: error: 'mode' stands here again; the first is on line 2",
                "f:7:40: error: 'detectors.stutter.deltas' stands here again; the first is on line 7",
                "f:9:11: error: 'detectors.budget.mode' must be off, observe, warn or stop, not 'maybe'",
                "f:10:1: error: 'enabled' stands here again; the first is on line 3",
            ]
        )
    }

    /// YAML ends a line at a lone carriage return, too; then the place of the first key is not found in the text.
    @Test(arguments: ["version: 1\r\nmode: stop\r\nmode: off\r\n", "version: 1\rmode: stop\rmode: off\r"])
    func aDuplicateKeyIsReportedWhateverEndsTheLines(_ yaml: String) {
        #expect(errors(in: yaml).count == 1)
        #expect(errors(in: yaml).first?.contains("'mode' stands") == true)
    }

    @Test func aKeyThatCannotBeMaskedIsStillReported() {
        #expect(
            errors(in: "version: 1\n\"\\x6dode\": stop\nmode: warn\n") == [
                "f:2:1: error: 'mode' stands in this map more than once"
            ]
        )
    }

    @Test(arguments: [
        ("[{mode: off}]", "3:13: error: 'overrides[0].match' is missing; it says which requests the override is for"),
        ("[{match: {model: x}}]", "3:13: error: 'overrides[0]' sets nothing"),
        ("[{match: {}, mode: off}]", "3:21: error: 'overrides[0].match' must name model, path, client or key"),
        ("[{match: {model: []}, mode: off}]", "3:29: error: 'overrides[0].match.model' must have a pattern"),
        (
            "[{match: {model: [a, \"\"]}, mode: off}]",
            "3:33: error: 'overrides[0].match.model' must be text, not empty text"
        ),
        (
            "[{match: {key: alcie}, mode: off}]",
            "3:27: error: 'overrides[0].match.key' must match a name in 'api_keys', and 'alcie' does not; did you mean "
                + "'alice'?"
        ),
        (
            "[{match: {key: alice}, detectors: {tool_name_run: {run: {warn: 30}}}}]",
            "3:63: error: 'overrides[0].detectors.tool_name_run.run' warns at 30, which is after it stops at 24"
        ),
        ("{match: {model: x}}", "3:12: error: 'overrides' must be a list, not a map"),
    ])
    func anOverrideThatIsNotRight(_ overrides: String, _ expected: String) {
        let digest = String(repeating: "0", count: 64)
        let yaml = "version: 1\napi_keys: {alice: \"sha256:\(digest)\"}\noverrides: \(overrides)\n"
        #expect(errors(in: yaml) == ["f:\(expected)"])
    }

    @Test func anAPIKeyThatIsNoDigestIsNotRepeatedInTheMessage() {
        #expect(
            errors(in: "version: 1\napi_keys:\n  alice: sk-secret\n") == [
                "f:3:10: error: 'api_keys.alice' must be 'sha256:' and 64 hexadecimal digits; "
                    + "printf %s \"$KEY\" | sha256sum prints them"
            ]
        )
        let digest = "sha256:" + String(repeating: "a", count: 64)
        #expect(
            errors(in: "version: 1\napi_keys:\n  a: \(digest)\n  b: \(digest)\n") == [
                "f:4:6: error: 'api_keys.b' is the same key as 'api_keys.a'"
            ]
        )
    }

    @Test func columnsCountCharactersAndNotBytes() {
        #expect(
            errors(in: "version: 1\nlimits: {\"größe😊\": 1, mode: 2}\n").map { $0.prefix(7) } == ["f:2:10:", "f:2:23:"]
        )
    }

    @Test func aFileThatCannotBeReadSaysSo() {
        #expect(throws: RuleErrors.self) { try RuleSet.load("/nonexistent/rules.yaml") }
        do {
            _ = try RuleSet.load("/nonexistent/rules.yaml")
        } catch {
            #expect(error.description.hasPrefix("/nonexistent/rules.yaml:1:1: error: the file cannot be read: "))
        }
    }

    @Test func aHugeOrDeepFileIsRefusedAndHarmless() {
        #expect(
            errors(in: String(repeating: "#", count: 1_048_577)).first?.contains("at most 1048576 are read") == true
        )
        #expect(errors(in: String(repeating: "[", count: 100_000)).count == 1)
        #expect(errors(in: String(repeating: "- ", count: 100_000)).count == 1)
    }
}
