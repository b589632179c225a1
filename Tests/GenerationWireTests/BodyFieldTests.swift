import GenerationWire
import Testing

@Suite struct BodyFieldTests {
    private func set(_ field: String, in body: String) throws -> String? {
        let field = try #require(BodyField(parsing: field))
        return field.set("1:2", in: Array(body.utf8).span).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("a", "{}", #"{"a":"1:2"}"#),
        ("a", #"{"b" : 1}"#, #"{"a":"1:2","b" : 1}"#),
        ("a", #"{"a":null,"b":[{"a":3}]}"#, #"{"a":"1:2","b":[{"a":3}]}"#),
        ("x.a", "{}", #"{"x":{"a":"1:2"}}"#),
        ("x.a", #"{"m":"é","x": {}}"#, #"{"m":"é","x": {"a":"1:2"}}"#),
        ("x.a", #"{"x":{"b":1,"a":"old"},"y":2}"#, #"{"x":{"b":1,"a":"1:2"},"y":2}"#),
        ("x.y.a", #"{"x":{"b":1}}"#, #"{"x":{"y":{"a":"1:2"},"b":1}}"#),
        ("x\"y", "{}", #"{"x\"y":"1:2"}"#),
    ])
    func theTextIsPutInItsPlaceAndNothingElseChanges(_ field: String, _ body: String, _ expected: String) throws {
        #expect(try set(field, in: body) == expected)
    }

    @Test(arguments: ["", "[]", "{", #"{"x":1}"#, #"{"x":"t","y":2}"#, #"{"x":{"a":1}} tail"#])
    func aBodyWithoutThePlaceIsLeftAlone(_ body: String) throws {
        #expect(try set("x.a", in: body) == nil)
    }

    @Test(arguments: ["", ".", "a.", ".a", "a..b"]) func aPathNeedsNames(_ text: String) {
        #expect(BodyField(parsing: text) == nil)
    }
}
