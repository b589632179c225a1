import JSONBytes

/// Arguments as evidence may show them: secrets masked. Best effort, by the names of fields and the look of tokens.
enum RedactedArguments {
    /// The canonical arguments without the values of fields whose names speak of secrets.
    static func text(_ arguments: CanonicalJSON) -> String {
        // What follows is cut away anyway; room is left for what masking takes out.
        let longest = Evidence.longestText * 8
        var output: [UInt8] = []
        if arguments.isMalformed {
            output = Array(arguments.bytes.prefix(longest))
        } else {
            var reader = JSONReader()
            appendValue(arguments.bytes.span, &reader, &output)
        }
        return String(decoding: mask(Array(output.prefix(longest))), as: UTF8.self)
    }

    private static let secretNames = [
        "password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "credential", "private_key",
        "cookie",
    ]

    private static func appendValue(
        _ text: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        _ output: inout [UInt8]
    ) {
        switch reader.peek(text) {
        case .object:
            output.append(UInt8(ascii: "{"))
            reader.readObject(text) { key, reader in
                if output.last != UInt8(ascii: "{") { output.append(UInt8(ascii: ",")) }
                text.append(key.range.lowerBound - 1..<key.range.upperBound + 1, to: &output)
                output.append(UInt8(ascii: ":"))
                let name = JSONString.string(text, key).lowercased()
                if secretNames.contains(where: { name.contains($0) }) {
                    reader.skipValue(text)
                    output += "\"***\"".utf8
                } else {
                    appendValue(text, &reader, &output)
                }
            }
            output.append(UInt8(ascii: "}"))
        case .array:
            output.append(UInt8(ascii: "["))
            reader.readArray(text) { index, reader in
                if index > 0 { output.append(UInt8(ascii: ",")) }
                appendValue(text, &reader, &output)
            }
            output.append(UInt8(ascii: "]"))
        default:
            text.append(reader.skipValue(text), to: &output)
        }
    }

    private static let marks = [
        "bearer ", "basic ", "sk-", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "akia", "password=",
        "passwd=", "token=", "api_key=", "apikey=", "secret=", "password:", "token:", "--password ", "--token ",
    ].map { Array($0.utf8) }

    /// Masks what follows the marks by which tokens and passwords are known, up to the next blank or quote.
    static func mask(_ text: [UInt8]) -> [UInt8] {
        let lowercased = text.map(\.asciiLowercased)
        var output: [UInt8] = []
        var index = 0
        while index < text.count {
            let isStart = index == 0 || !text[index - 1].isASCIIAlphanumeric
            guard isStart, let mark = marks.first(where: { lowercased[index...].starts(with: $0) }) else {
                output.append(text[index])
                index += 1
                continue
            }
            output += text[index..<index + mark.count]
            output += "***".utf8
            index += mark.count
            while index < text.count, text[index] == 0x20 { index += 1 }
            while index < text.count, !text[index].isBlank, !Array("\"'\\,&;".utf8).contains(text[index]) { index += 1 }
        }
        return output
    }
}
