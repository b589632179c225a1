import Foundation
import Testing

@testable import Recordings

@Suite(.timeLimit(.minutes(1))) struct RedactionTests {
    static let keys = [
        "sk-proj-abcDEF1234567890abcdef", "sk-ant-api03-AAAA1111bbbb2222", "ghp_0123456789abcdefABCDEF0123456789abcd",
        "AKIAIOSFODNN7EXAMPLE1234", "hf_abcdefghij0123456789", "xoxb-12345-67890-abcdefghijkl",
    ]

    static func mask(_ text: String) -> String {
        var mask = KeyMask()
        return String(decoding: mask.receive(Array(text.utf8)) + mask.finish(), as: UTF8.self)
    }

    @Test(arguments: keys) func aKeyIsMaskedAndLengthsStay(key: String) {
        for (before, after) in [("", ""), ("key ", "."), ("\"", "\""), (#"\n"#, #"\n"#), ("=", "&a=1"), ("(", ")")] {
            let masked = Self.mask(before + key + after)
            #expect(!masked.contains(key.suffix(12)) && masked.utf8.count == (before + key + after).utf8.count)
            #expect(masked.hasPrefix(before) && masked.hasSuffix(after == "." ? "" : after))
        }
    }

    @Test func bearersAreMaskedInEitherCase() {
        #expect(
            Self.mask("Authorization: Bearer abcdef0123456789xyz\r\n")
                == "Authorization: Bearer *******************\r\n"
        )
        #expect(!Self.mask("authorization: BEARER abcdef0123456789xyz").contains("0123"))
    }

    @Test(arguments: [
        "a task-oriented-approach-to-0123456789 things", "bearer of bad news, and of 12 good ones",
        "scikit: sk-learn-and-other-libraries-of-note", "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n",
        "use sk- and a number 1234567890123456", "Bearer authentication-is-described-there",
    ])
    func whatIsNoKeyStays(text: String) { #expect(Self.mask(text) == text) }

    @Test func aKeyIsFoundWhereverReadsCutIt() {
        let text =
            "data: {\"content\":\"use sk-abcdefgh0123456789ijkl or Bearer  and Bearer abc0123456789defgh\\nsk-"
            + "zzzzzzzz0000000000000000 \"}\n\n: \(String(repeating: "A1", count: 2_000)) end\n\n"
        let whole = Self.mask(text)
        #expect(!whole.contains("0123456789"))
        let bytes = Array(text.utf8)
        var random = SplitMix(9)
        for _ in 0..<100 {
            var mask = KeyMask()
            var masked: [UInt8] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...90, using: &random))
                masked += mask.receive(Array(bytes[start..<end]))
                start = end
            }
            masked += mask.finish()
            #expect(String(decoding: masked, as: UTF8.self) == whole)
        }
    }

    @Test func noSecretReachesTheDisk() throws {
        let folder = try Folder()
        let rig = try Rig(folder)
        rig.recorder.start()
        let run = try #require(rig.recorder.begin("run_1"))
        let key = Self.keys[0]
        let headers = [
            "Authorization", "x-api-key", "Api-Key", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Goog-Api-Key",
            "X-Auth-Token", "X-Loopguard-Key",
        ].map { Header($0, "topsecret") }
        run.begin(
            "{\"note\":\"\(key)\"}",
            headers: headers + [Header("X-Title", "mine \(key)"), Header("Accept", "*/*")]
        )
        run.sent(bodySize: 9, body: { Array("{\"a\":\"\(key)\"}".utf8) }, at: 1)
        run.note(.head(RecordedHead(status: 200, headers: headers)), at: 2)
        for piece in ["data: sk-pr", "oj-abcDEF1234", "567890abcdef\n\n"] { run.bytes(.came, piece) }
        // What the client got lags behind what came, so that both are cut, at other places.
        for piece in ["data: sk-proj-abcDE", "F1234567890", "abcdef\n\n"] {
            run.bytes(.came, "x")
            run.bytes(.went, piece)
        }
        run.finish()
        rig.recorder.stop()
        let everything = String(decoding: try folder.everything(), as: UTF8.self)
        #expect(
            !everything.contains("topsecret") && !everything.contains("1234567890") && everything.contains("Accept")
        )
        let recorded = try RecordedRun(#require(try folder.runs().first))
        let stars = String(repeating: "*", count: key.utf8.count - 3)
        #expect(String(decoding: recorded.came, as: UTF8.self) == "data: sk-\(stars)\n\nxxx")
        #expect(String(decoding: recorded.went, as: UTF8.self) == "data: sk-\(stars)\n\n")
    }

    @Test(arguments: [
        (
            #"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Hi 42!\n\u00e9","role":"assistant"}}]}"#,
            #"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"xx 00!\n\u0078","role":"assistant"}}]}"#
        ),
        ("data: [DONE]", "data: [DONE]"),
        (
            "event: message_start\r\ndata: {\"type\":\"x\",\"a\":[\"b\",{\"c\":\"d\"}]}",
            "event: message_start\r\ndata: {\"type\":\"x\",\"a\":[\"x\",{\"c\":\"x\"}]}"
        ),
        (": a comment 7", ": x xxxxxxx 0"), ("data: hello 1", "data: xxxxx 0"), ("Not found, Bob", "xxx xxxxx, xxx"),
        (#"{"arguments":"{\"city\":\"Rome\"}"}"#, #"{"arguments":"{\"xxxx\":\"xxxx\"}"}"#),
    ])
    func redactedTextKeepsItsForm(text: String, expected: String) {
        var mask = TextMask()
        #expect(String(decoding: mask.mask(Array(text.utf8)), as: UTF8.self) == expected)
    }

    @Test func redactedLettersOfOtherScriptsStayValidAndAsLong() throws {
        let text = #"{"content":"Grüße, 文字 и 𝄞😀 ½"}"#
        var mask = TextMask()
        let masked = mask.mask(Array(text.utf8))
        #expect(masked.count == text.utf8.count)
        let readable = try #require(String(validating: masked, as: UTF8.self))
        #expect(
            !readable.contains("ü") && !readable.contains("文")
                && readable.unicodeScalars.count == text.unicodeScalars.count
        )
    }

    @Test func redactionDoesNotDependOnWhereReadsCut() {
        let text = Array(
            (#"data: {"content":"Grüße \u00fc \"12\" \\","type":"delta"}"#
                + "\n\n: hi\n\ndata: [DONE]\n\nevent: ping\n\n").utf8
        )
        var mask = TextMask()
        let whole = mask.mask(text)
        for cut in 0...text.count {
            var mask = TextMask()
            #expect(mask.mask(Array(text[..<cut])) + mask.mask(Array(text[cut...])) == whole)
        }
    }
}
