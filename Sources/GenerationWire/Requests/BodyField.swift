import JSONBytes

/// A place in the JSON of a request's body, where engines take what is not of the API: `vllm_xargs.loopguard_cancel`.
public struct BodyField: Sendable, Equatable {
    /// The names of the members on the way, from the outermost object.
    public let path: [String]

    /// Reads names joined by dots.
    /// - Returns: `nil` when there is no name, or an empty one.
    public init?(parsing text: some StringProtocol) {
        path = text.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        if path.contains("") { return nil }
    }

    /// The body with a text in the field, whether or not it had one. Objects on the way are made; every other byte stays
    /// as it is.
    /// - Returns: `nil` when the body is no JSON object, or something on the way is none.
    public func set(_ text: String, in body: borrowing Span<UInt8>) -> [UInt8]? { set(json: Self.json(text), in: body) }

    /// The same with a number, which is written as it is given.
    /// - Parameter number: Digits.
    public func set(number: String, in body: borrowing Span<UInt8>) -> [UInt8]? {
        set(json: Array(number.utf8), in: body)
    }

    private func set(json value: [UInt8], in body: borrowing Span<UInt8>) -> [UInt8]? {
        var reader = JSONReader()
        guard let edit = edit(body, &reader, path[...], value), !reader.failed, reader.atEnd(body) else { return nil }
        var output = body.copy(0..<edit.range.lowerBound)
        output.append(contentsOf: edit.text)
        body.append(edit.range.upperBound..<body.count, to: &output)
        return output
    }

    /// What to put in place of which bytes, for the object that comes next.
    private func edit(
        _ body: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        _ names: ArraySlice<String>,
        _ value: [UInt8]
    ) -> (range: Range<Int>, text: [UInt8])? {
        guard let name = names.first, reader.peek(body) == .object else { return nil }
        let start = reader.position + 1
        let rest = names.dropFirst()
        var isEmpty = true
        var isHere = false
        var found: (range: Range<Int>, text: [UInt8])?
        reader.readObject(body) { key, reader in
            isEmpty = false
            if JSONString.string(body, key) != name {
                reader.skipValue(body)
            } else if rest.isEmpty {
                isHere = true
                found = (reader.skipValue(body), value)
            } else {
                isHere = true
                let isObject = reader.peek(body) == .object
                found = edit(body, &reader, rest, value)
                if !isObject { reader.skipValue(body) }
            }
        }
        if isHere { return found }
        var member = Self.json(name) + [UInt8(ascii: ":")]
        for name in rest { member += [UInt8(ascii: "{")] + Self.json(name) + [UInt8(ascii: ":")] }
        member += value + Array(repeating: UInt8(ascii: "}"), count: rest.count)
        if !isEmpty { member.append(UInt8(ascii: ",")) }
        return (start..<start, member)
    }

    private static func json(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        JSONString.encode(text, into: &output)
        return output
    }
}

extension BodyField: CustomStringConvertible {
    /// The names joined by dots.
    public var description: String { path.joined(separator: ".") }
}
