import JSONBytes
import Testing

struct CanonicalJSONTests {
    private func canonical(_ text: String, ignoring: Set<String> = []) -> String {
        let result = CanonicalJSON(Array(text.utf8).span, ignoring: ignoring)
        #expect(!result.isMalformed)
        return String(decoding: result.bytes, as: UTF8.self)
    }

    @Test func theExampleOfSection322() {
        let text = """
            {
              "numbers": [333333333.33333329, 1E30, 4.50,
                          6, 2e-3, 0.000000000000000000000000001],
              "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
              "literals": [null, true, false]
            }
            """
        let expected =
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,6,0.002,1e-27],"
            + "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        #expect(canonical(text) == expected)
    }

    @Test func membersAreSortedByUTF16CodeUnits() {
        let text = """
            {"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
             "\\ud83d\\ude02":"Smiley","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis",
             "</script>":"Browser Challenge"}
            """
        let values = ["Carriage", "One", "Browser", "Control", "Latin", "Euro", "Smiley", "Hebrew"]
        let result = canonical(text)
        let positions = values.compactMap { result.firstRange(of: $0)?.lowerBound }
        #expect(positions.count == values.count)
        #expect(positions == positions.sorted())
    }

    @Test func theOrderIsThatOfUTF16ForAnyNames() {
        var generator = SystemRandomNumberGenerator()
        let edges: [UInt32] = [0x41, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFB33, 0xFFFF, 0x10000, 0x10FFFF]
        for _ in 0..<300 {
            let names = (0..<6).map { _ in
                String(
                    String.UnicodeScalarView(
                        (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                            Unicode.Scalar(edges.randomElement(using: &generator)!)!
                        }
                    )
                )
            }
            // Swift compares strings by canonical equivalence; here two names are equal only when their scalars are.
            var seen: Set<[UInt16]> = []
            let distinct = names.filter { seen.insert(Array($0.utf16)).inserted }
            let sorted = distinct.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            func object(_ names: [String]) -> String {
                "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
            }
            #expect(Array(canonical(object(distinct)).utf8) == Array(object(sorted).utf8))
        }
    }

    @Test(
        arguments: [
            (0x0000_0000_0000_0001, "5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0x4430_0000_0000_0000, "295147905179352830000"), (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
            (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"), (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
            (0x3EB0_C6F7_A0B5_ED8D, "0.000001"), (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0x41B3_DE43_5555_5554, "333333333.33333325"), (0x41B3_DE43_5555_5555, "333333333.3333333"),
            (0x41B3_DE43_5555_5556, "333333333.3333334"), (0x41B3_DE43_5555_5557, "333333333.33333343"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"), (0x4340_0000_0000_0000, "9007199254740992"),
        ] as [(UInt64, String)]
    )
    func doublesArePrintedAsInAppendixB(bits: UInt64, printed: String) {
        let value = Double(bitPattern: bits)
        // Spelled with an exponent, so that it is read as a double and not as a whole number.
        let spelled = value.description.contains("e") ? value.description : value.description + "e0"
        #expect(canonical(spelled) == printed)
        #expect(canonical("-" + spelled) == "-" + printed)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("0e5", "0"), ("1.0", "1"), ("100e-2", "1"), ("1E30", "1e+30"),
        ("4.50", "4.5"), ("2e-3", "0.002"), ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("1e-6", "0.000001"),
        ("1e-7", "1e-7"), ("123.456", "123.456"), ("-1.5e-10", "-1.5e-10"), ("1e-400", "0"),
    ])
    func numbersHaveOneSpelling(text: String, printed: String) {
        #expect(canonical(text) == printed)
    }

    @Test func largeWholeNumbersKeepTheirDigits() {
        #expect(canonical("9007199254740991") == "9007199254740991")
        #expect(canonical("9007199254740993") == "9007199254740993")
        #expect(canonical("-12345678901234567890123") == "-12345678901234567890123")
        #expect(canonical("1e400") == "1e400")
    }

    @Test func everyPrintedDoubleReadsBackAsItself() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))
            guard value.isFinite else { continue }
            let spelled = value.description.contains("e") ? value.description : value.description + "e0"
            #expect(Double(canonical(spelled)) == value)
        }
    }

    @Test func ofEqualNamesTheLastCounts() {
        #expect(canonical("{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":[4]}") == "{\"a\":[4],\"b\":2}")
    }

    @Test func nestedObjectsAreSortedAndArraysAreNot() {
        #expect(
            canonical(" { \"b\" : [ {\"z\":1,\"y\":2} , 1 , 0 ] , \"a\" : {} } ")
                == "{\"a\":{},\"b\":[{\"y\":2,\"z\":1},1,0]}"
        )
    }

    @Test func noArgumentsAreAnEmptyObject() {
        #expect(canonical("") == "{}")
        #expect(canonical(" \n\t") == "{}")
        #expect(canonical("{ }") == "{}")
    }

    @Test func unicodeIsNotNormalised() {
        #expect(Array(canonical("\"e\\u0301\"").utf8) != Array(canonical("\"\\u00e9\"").utf8))
    }

    @Test func ignoredMembersAreLeftOutOfTheOutermostObjectOnly() {
        let text = "{\"description\":\"x\",\"command\":\"ls\",\"more\":{\"description\":1}}"
        let expected = "{\"command\":\"ls\",\"more\":{\"description\":1}}"
        #expect(canonical(text, ignoring: ["description"]) == expected)
        #expect(canonical("{\"\\u0064escription\":1}", ignoring: ["description"]) == "{}")
    }

    @Test(arguments: ["{\"a\":", "{'a':1}", "{\"a\":1} x", "ls -la", "\"\\d+\"", "{\"a\":01}", "[1,]"])
    func whatIsNoJSONKeepsItsBytes(text: String) {
        let result = CanonicalJSON(Array("  \(text)\n".utf8).span)
        #expect(result.isMalformed)
        #expect(result.bytes == Array(text.utf8))
    }

    @Test func nestingBeyondTheLimitIsMalformedAndDoesNotCrash() {
        let deep = String(repeating: "[", count: 50_000)
        #expect(CanonicalJSON(Array(deep.utf8).span).isMalformed)
    }

    @Test func canonicalTextIsItsOwnCanonicalForm() {
        let once = canonical("{\"z\":[1e2,\"\\u00e9\\ud83d\\ude02\"],\"a\":{\"k\":null}}")
        #expect(canonical(once) == once)
    }
}
