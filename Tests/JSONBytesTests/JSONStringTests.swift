import JSONBytes
import Testing

struct JSONStringTests {
    private func decode(_ literal: String) -> [UInt8]? {
        let bytes = Array(literal.utf8)
        var reader = JSONReader()
        guard let token = reader.readString(bytes.span), reader.atEnd(bytes.span) else { return nil }
        var output: [UInt8] = []
        JSONString.decode(bytes.span, token, into: &output)
        return output
    }

    @Test(arguments: [
        ("\"\"", ""), ("\"plain\"", "plain"), ("\"a\\n\\t\\r\\b\\f\\/\\\\\\\"z\"", "a\n\t\r\u{8}\u{C}/\\\"z"),
        ("\"\\u0041\\u00e9\\u20AC\"", "Aé€"), ("\"\\ud83d\\ude02\"", "😂"), ("\"😂\"", "😂"), ("\"\\u0000\"", "\u{0}"),
        ("\"\\uD834\\uDD1E!\"", "𝄞!"),
    ])
    func escapesAreDecoded(literal: String, text: String) {
        #expect(decode(literal) == Array(text.utf8))
    }

    @Test(arguments: [
        ("\"\\ud83d\"", "\u{FFFD}"), ("\"\\ude02\"", "\u{FFFD}"), ("\"\\ude02\\ud83d\"", "\u{FFFD}\u{FFFD}"),
        ("\"\\ud83dx\"", "\u{FFFD}x"), ("\"\\ud83d\\n\"", "\u{FFFD}\n"), ("\"\\ud83d\\u0041\"", "\u{FFFD}A"),
        ("\"\\ud83d\\ud83d\\ude02\"", "\u{FFFD}😂"),
    ])
    func aLoneSurrogateBecomesTheReplacementCharacter(literal: String, text: String) {
        #expect(decode(literal) == Array(text.utf8))
    }

    @Test func aMalformedEscapeInATokenBecomesTheReplacementCharacter() {
        for text in ["\\q", "\\u12G4", "\\u1", "\\"] {
            let bytes = Array(text.utf8)
            var output: [UInt8] = []
            let token = JSONReader.StringToken(range: 0..<bytes.count, isEscaped: true)
            JSONString.decode(bytes.span, token, into: &output)
            #expect(output.starts(with: "\u{FFFD}".utf8))
        }
    }

    @Test func onlyWhatMustBeEscapedIs() {
        var output: [UInt8] = []
        JSONString.encode("a\"\\/\u{8}\t\n\u{C}\r\u{1}\u{1F}\u{7F}é😂", into: &output)
        let expected = "\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\u{7F}é😂\""
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test func whatIsEncodedDecodesToItself() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                let code = UInt32.random(in: 0...0x10FFFF, using: &generator)
                text.unicodeScalars.append(Unicode.Scalar(Bool.random() ? code % 0x80 : code) ?? "?")
            }
            var literal: [UInt8] = []
            JSONString.encode(text, into: &literal)
            #expect(decode(String(decoding: literal, as: UTF8.self)) == Array(text.utf8))
        }
    }
}
