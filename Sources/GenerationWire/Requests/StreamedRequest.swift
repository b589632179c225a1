import JSONBytes

/// The request for a stream that asks for what a request without one asks for.
public enum StreamedRequest {
    /// The body with `stream` set to true, and with `stream_options.include_usage` where the format has it. Every other
    /// byte stays as it is.
    /// - Returns: `nil` when the body is no JSON object.
    public static func body(from body: borrowing Span<UInt8>, format: WireFormat) -> [UInt8]? {
        var edits: [(range: Range<Int>, text: String)] = []
        var streams = false
        let wantsUsage = format == .chatCompletions || format == .completions
        var includesUsage = !wantsUsage
        var isEmpty = true
        var reader = JSONReader()
        guard reader.peek(body) == .object else { return nil }
        let start = reader.position + 1
        reader.readObject(body) { key, reader in
            isEmpty = false
            if body.equals(key, "stream") {
                streams = true
                edits.append((reader.skipValue(body), "true"))
            } else if wantsUsage, body.equals(key, "stream_options") {
                includesUsage = true
                edits.append(options(body, &reader))
            } else {
                reader.skipValue(body)
            }
        }
        guard !reader.failed, reader.atEnd(body) else { return nil }
        var added: [String] = []
        if !streams { added.append(#""stream":true"#) }
        if !includesUsage { added.append(#""stream_options":{"include_usage":true}"#) }
        if !added.isEmpty {
            edits.insert((start..<start, added.joined(separator: ",") + (isEmpty ? "" : ",")), at: 0)
        }
        var output: [UInt8] = []
        output.reserveCapacity(body.count + 64)
        var position = 0
        for edit in edits {
            body.append(position..<edit.range.lowerBound, to: &output)
            output.append(contentsOf: edit.text.utf8)
            position = edit.range.upperBound
        }
        body.append(position..<body.count, to: &output)
        return output
    }

    /// The edit that makes `stream_options` ask for usage.
    private static func options(
        _ body: borrowing Span<UInt8>,
        _ reader: inout JSONReader
    ) -> (range: Range<Int>, text: String) {
        guard reader.peek(body) == .object else { return (reader.skipValue(body), #"{"include_usage":true}"#) }
        let start = reader.position + 1
        var isEmpty = true
        var found: Range<Int>?
        reader.readObject(body) { key, reader in
            isEmpty = false
            let value = reader.skipValue(body)
            if body.equals(key, "include_usage") { found = value }
        }
        return found.map { ($0, "true") } ?? (start..<start, #""include_usage":true"# + (isEmpty ? "" : ","))
    }
}
