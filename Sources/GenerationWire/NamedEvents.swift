import JSONBytes

/// Writing server-sent events that name their type twice, in the `event:` line and in the payload, as Anthropic Messages
/// and OpenAI Responses do. Anthropic's SDKs drop events without the line.
enum NamedEvents {
    /// Writes one event; `members` writes what follows the type, each member with its comma in front.
    static func write(_ type: String, into output: inout [UInt8], members: (inout [UInt8]) -> Void = { _ in }) {
        output.append(contentsOf: "event: \(type)\ndata: {\"type\":\"\(type)\"".utf8)
        members(&output)
        output.append(contentsOf: "}\n\n".utf8)
    }
}

extension [UInt8] {
    /// Appends ASCII text.
    mutating func append(_ text: String) { append(contentsOf: text.utf8) }

    /// Appends a JSON object without its closing brace and without the members that `excluded` names.
    ///
    /// Whatever follows is written with a comma in front, so an object that has no other member is refused.
    /// - Returns: Whether anything was written.
    mutating func append(object: [UInt8], without excluded: Set<String>) -> Bool {
        let start = count
        let bytes = object.span
        var reader = JSONReader()
        var members: [Range<Int>] = []
        reader.readObjectOrSkip(bytes) { key, reader in
            let value = reader.skipValue(bytes)
            if excluded.contains(JSONString.string(bytes, key)) { return }
            members.append(key.range.lowerBound - 1..<value.upperBound)
        }
        guard !reader.failed, !members.isEmpty else { return false }
        append(UInt8(ascii: "{"))
        for member in members {
            if count > start + 1 { append(UInt8(ascii: ",")) }
            append(contentsOf: object[member])
        }
        return true
    }
}

extension Span<UInt8> {
    /// A copy in which the numbers in some ranges are others. The ranges must not overlap.
    func replacing(_ numbers: [(range: Range<Int>, by: Int)]) -> [UInt8] {
        var output: [UInt8] = []
        var start = 0
        for number in numbers.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            append(start..<number.range.lowerBound, to: &output)
            output.append(String(number.by))
            start = number.range.upperBound
        }
        append(start..<count, to: &output)
        return output
    }
}
