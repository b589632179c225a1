import JSONBytes

/// Editing the list of choices in an OpenAI chunk.
public enum OpenAIChoices {
    /// The payload without the choices that have one of the given indices; `nil` when none has. Every other byte stays.
    public static func removing(_ indices: Set<Int>, from payload: borrowing Span<UInt8>) -> [UInt8]? {
        var list: Range<Int>?
        var kept: [Range<Int>] = []
        var removed = 0
        var reader = JSONReader()
        reader.readObjectOrSkip(payload) { key, reader in
            guard payload.equals(key, "choices"), reader.peek(payload) == .array else {
                reader.skipValue(payload)
                return
            }
            let start = reader.position
            reader.readArrayOrSkip(payload) { position, reader in
                var indexReader = reader
                let index = Self.index(payload, &indexReader) ?? position
                let element = reader.skipValue(payload)
                if indices.contains(index) { removed += 1 } else { kept.append(element) }
            }
            list = start..<reader.position
        }
        guard let list, removed > 0, !reader.failed else { return nil }
        var output = payload.copy(0..<list.lowerBound)
        output.append(UInt8(ascii: "["))
        for (place, element) in kept.enumerated() {
            if place > 0 { output.append(UInt8(ascii: ",")) }
            payload.append(element, to: &output)
        }
        output.append(UInt8(ascii: "]"))
        payload.append(list.upperBound..<payload.count, to: &output)
        return output
    }

    private static func index(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Int? {
        var index: Int?
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "index") {
                index = reader.readIntegerOrSkip(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        return index
    }
}
