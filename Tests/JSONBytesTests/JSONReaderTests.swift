import JSONBytes
import Testing

/// A reader with the text it reads, so that expectations can call it.
private final class Text {
    let bytes: [UInt8]
    private var reader: JSONReader

    init(_ text: String, at position: Int = 0) {
        bytes = Array(text.utf8)
        reader = JSONReader(at: position)
    }

    var failed: Bool { reader.failed }
    var position: Int { reader.position }
    func peek() -> JSONReader.Kind? { read { $0.peek($1) } }
    func skipValue() -> Range<Int> { read { $0.skipValue($1) } }
    func readString() -> JSONReader.StringToken? { read { $0.readString($1) } }
    func readStringOrSkip() -> JSONReader.StringToken? { read { $0.readStringOrSkip($1) } }
    func readInteger() -> Int? { read { $0.readIntegerOrSkip($1) } }
    func readBool() -> Bool? { read { $0.readBoolOrSkip($1) } }
    func atEnd() -> Bool { read { $0.atEnd($1) } }

    private func read<Value>(_ body: (inout JSONReader, Span<UInt8>) -> Value) -> Value {
        let bytes = bytes
        return body(&reader, bytes.span)
    }
}

struct JSONReaderTests {
    private func accepts(_ string: String) -> Bool {
        let text = Text(string)
        let range = text.skipValue()
        #expect(text.position <= text.bytes.count)
        if text.failed { #expect(range.isEmpty) }
        return text.atEnd()
    }

    @Test(arguments: [
        "{}", "[]", " [ ] ", "\"\"", "0", "-0", "1.5", "-1.25e+10", "2E-3", "10", "true", "false", "null",
        "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}", "\t{ \"a\" :\r\n 1 , \"b\" : 2 } ",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\\ud83d\\ude02\"", "\"\\ud83d\"", "\"\u{7F}\"", "\"日本語 😀\"", "[[[[[]]]]]", "{\"a\":1,\"a\":2}",
    ])
    func validTextIsReadToItsEnd(text: String) {
        #expect(accepts(text))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}",
        "{1:2}", "{\"a\" 1}", "\"abc", "\"abc\\", "\"\\\"", "\"\\q\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\u", "\"a\nb\"",
        "\"a\u{0}b\"", "01", "-", "-a", "1.", ".5", "1e", "1e+", "1.e5", "+1", "0x10", "NaN", "Infinity", "tru",
        "truee",
        "nul", "True", "'a'", "1 2", "{} {}", "// c\n1", "\u{FEFF}1", "\u{A0}1",
    ])
    func invalidTextIsRefused(text: String) {
        #expect(!accepts(text))
    }

    @Test func nothingMovesAfterAMistake() {
        let text = Text("{\"a\" 1, \"b\": 2}")
        #expect(text.skipValue().isEmpty)
        #expect(text.failed)
        let position = text.position
        #expect(text.peek() == nil)
        #expect(text.skipValue().isEmpty)
        #expect(text.readString() == nil)
        #expect(text.readInteger() == nil)
        #expect(text.readBool() == nil)
        #expect(!text.atEnd())
        #expect(text.position == position)
    }

    @Test func nestingIsReadToTheLimitAndNoDeeper() {
        let limit = JSONReader.maxDepth
        let fits = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(accepts(fits))
        #expect(!accepts("[" + fits + "]"))
        #expect(!accepts(String(repeating: "{\"a\":", count: 100_000)))
    }

    @Test func siblingsDoNotAddToTheDepth() {
        #expect(accepts("[" + Array(repeating: "[]", count: 1_000).joined(separator: ",") + "]"))
        #expect(accepts("[" + Array(repeating: "{\"a\":{}}", count: 1_000).joined(separator: ",") + "]"))
    }

    @Test func valuesAreFoundWhereTheyStand() {
        let bytes = Array(" { \"id\" : \"x\\ny\" , \"list\" : [ 10 , true ] , \"n\" : -7 } tail".utf8)
        var reader = JSONReader()
        var found: [String] = []
        reader.readObject(bytes.span) { key, reader in
            if bytes.span.equals(key, "id") {
                let token = reader.readString(bytes.span)
                found.append(token.map { JSONString.string(bytes.span, $0) } ?? "none")
            } else if bytes.span.equals(key, "list") {
                reader.readArray(bytes.span) { index, reader in
                    let range = reader.skipValue(bytes.span)
                    found.append("\(index)=\(String(decoding: bytes[range], as: UTF8.self))")
                }
            } else {
                found.append("\(reader.readIntegerOrSkip(bytes.span) ?? 0)")
            }
        }
        #expect(found == ["x\ny", "0=10", "1=true", "-7"])
        #expect(bytes[reader.position] == UInt8(ascii: " "))
    }

    @Test func aReaderStartsWhereItIsTold() {
        let text = Text("data: {\"a\":1} x", at: 6)
        #expect(text.skipValue() == 6..<13)
        #expect(!text.atEnd())
        #expect(text.position == 14)
    }

    @Test func aReaderBehindTheEndFails() {
        let text = Text("1", at: 5)
        #expect(text.skipValue().isEmpty)
        #expect(text.failed)
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("42", 42), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
    ])
    func wholeNumbersAreRead(string: String, value: Int) {
        let text = Text(string)
        #expect(text.readInteger() == value)
        #expect(text.atEnd())
    }

    @Test(arguments: ["1.0", "1e3", "9223372036854775808", "-9223372036854775809", "\"1\"", "null", "[1]"])
    func whatIsNoWholeNumberIsSkippedWithoutFailing(string: String) {
        let text = Text(string)
        #expect(text.readInteger() == nil)
        #expect(text.atEnd())
    }

    @Test func booleansAreReadBehindWhitespace() {
        #expect(Text("  true").readBool() == true)
        #expect(Text("\tfalse").readBool() == false)
        let other = Text(" \"true\"")
        #expect(other.readBool() == nil)
        #expect(other.atEnd())
    }

    @Test func stringsAreReadBehindWhitespaceAndOtherValuesSkipped() {
        #expect(Text("  \"a\"").readString() == JSONReader.StringToken(range: 3..<4, isEscaped: false))
        let other = Text(" {\"a\":1}")
        #expect(other.readStringOrSkip() == nil)
        #expect(other.atEnd())
    }

    @Test func kindsAreToldApart() {
        let kinds: [(String, JSONReader.Kind?)] = [
            ("{", .object), ("[", .array), ("\"", .string), ("-", .number), ("7", .number), ("t", .bool), ("f", .bool),
            ("n", .null), ("x", nil), ("", nil),
        ]
        for (text, kind) in kinds {
            #expect(Text(text).peek() == kind)
        }
    }

    @Test func everyPrefixOfAValidTextIsRefusedWithoutLeavingTheBytes() {
        let text = Array("{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\"],\"b\":{\"c\":\"\\ud83d\\ude02\"}}".utf8)
        for count in 0..<text.count {
            let prefix = Array(text[..<count])
            var reader = JSONReader()
            reader.skipValue(prefix.span)
            #expect(reader.failed)
            #expect(reader.position <= prefix.count)
        }
    }

    @Test func noBytesCanLeadTheReaderAstray() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0ed8 \n-1.tfn".utf8) + [0, 0x80, 0xFF]
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator)!
            }
            var reader = JSONReader()
            let range = reader.skipValue(bytes.span)
            #expect(reader.position <= bytes.count)
            #expect(range.upperBound <= bytes.count)
        }
    }
}
