/// The one spelling of a JSON text that all its spellings share (RFC 8785, the JSON Canonicalization Scheme).
///
/// Members are sorted by the UTF-16 code units of their names, numbers are printed as ECMAScript does, strings carry no
/// needless escape, and nothing is between the tokens. Where the RFC leaves a choice or would refuse:
///
/// - Of members with the same name the last one counts, as in most parsers.
/// - Whole numbers beyond 2⁵³, and numbers beyond a double's range, keep their digits: two large ids that round to the
///   same double stay two.
/// - Text that is empty or blank stands for `{}`: engines send either for a call without arguments.
/// - A surrogate that stands alone becomes U+FFFD.
/// - Unicode is not normalised.
public struct CanonicalJSON: Sendable, Equatable {
    /// The canonical text; for malformed text, the bytes as they came without surrounding whitespace.
    public let bytes: [UInt8]
    /// Whether the text was no JSON.
    public let isMalformed: Bool

    /// Canonicalises a text.
    /// - Parameters:
    ///   - text: JSON text in UTF-8.
    ///   - ignoredMembers: Names of members of the outermost object that are left out.
    public init(_ text: Span<UInt8>, ignoring ignoredMembers: Set<String> = []) {
        let trimmed = text.trimmed(0..<text.count)
        if trimmed.isEmpty {
            bytes = Array("{}".utf8)
            isMalformed = false
            return
        }
        var output: [UInt8] = []
        output.reserveCapacity(trimmed.count)
        var reader = JSONReader(at: trimmed.lowerBound)
        Self.appendValue(text, &reader, ignoring: Set(ignoredMembers.map { Array($0.utf8) }), to: &output)
        isMalformed = !reader.atEnd(text)
        bytes = isMalformed ? text.copy(trimmed) : output
    }

    private struct Member {
        var name: [UInt8]
        var order: Int
        var value: [UInt8]
    }

    private static func appendValue(
        _ text: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        ignoring ignored: Set<[UInt8]>,
        to output: inout [UInt8]
    ) {
        switch reader.peek(text) {
        case .object:
            appendObject(text, &reader, ignoring: ignored, to: &output)
        case .array:
            output.append(UInt8(ascii: "["))
            reader.readArray(text) { index, reader in
                if index > 0 { output.append(UInt8(ascii: ",")) }
                appendValue(text, &reader, ignoring: [], to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .string:
            guard let token = reader.readString(text) else { return }
            JSONString.encode(decoded(text, token), into: &output)
        case .number:
            let lexeme = reader.skipValue(text)
            if !reader.failed { appendNumber(text.copy(lexeme), to: &output) }
        case .bool, .null:
            text.append(reader.skipValue(text), to: &output)
        case nil:
            reader.fail()
        }
    }

    private static func appendObject(
        _ text: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        ignoring ignored: Set<[UInt8]>,
        to output: inout [UInt8]
    ) {
        var members: [Member] = []
        reader.readObject(text) { key, reader in
            let name = decoded(text, key)
            if ignored.contains(name) {
                reader.skipValue(text)
                return
            }
            var value: [UInt8] = []
            appendValue(text, &reader, ignoring: [], to: &value)
            members.append(Member(name: name, order: members.count, value: value))
        }
        members.sort { left, right in
            left.name == right.name ? left.order < right.order : precedes(left.name, right.name)
        }
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        for (index, member) in members.enumerated() {
            if index + 1 < members.count, members[index + 1].name == member.name { continue }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONString.encode(member.name, into: &output)
            output.append(UInt8(ascii: ":"))
            output += member.value
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func decoded(_ text: borrowing Span<UInt8>, _ token: JSONReader.StringToken) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONString.decode(text, token, into: &bytes)
        return bytes
    }

    private static func appendNumber(_ lexeme: [UInt8], to output: inout [UInt8]) {
        let digits = lexeme.drop { $0 == UInt8(ascii: "-") }
        let isWhole = digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard let value = Double(String(decoding: lexeme, as: UTF8.self)), value.isFinite else {
            output += lexeme
            return
        }
        if isWhole, value.magnitude > 9_007_199_254_740_991 {
            output += lexeme
        } else {
            ECMAScriptNumber.append(value, to: &output)
        }
    }

    /// Whether one UTF-8 text comes before another in the order of UTF-16 code units.
    ///
    /// UTF-8 sorts by code point. UTF-16 differs in one place only: surrogate pairs (leading bytes from F0) sort before
    /// U+E000…U+FFFF (leading bytes EE and EF).
    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.lexicographicallyPrecedes(right) { weight($0) < weight($1) }
    }

    private static func weight(_ byte: UInt8) -> UInt8 { byte == 0xEE || byte == 0xEF ? byte + 0x0A : byte }
}
