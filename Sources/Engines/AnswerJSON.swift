internal import JSONBytes

/// What adapters look for in the JSON of answers. A body that is no JSON has nothing of it.
extension EngineAnswer {
    /// The text of a member of the top-level object.
    func text(_ name: StaticString) -> String? {
        var found: String?
        members { key, reader, bytes in
            if bytes.equals(key, name), let token = reader.readStringOrSkip(bytes) {
                found = JSONString.string(bytes, token)
                return true
            }
            return bytes.equals(key, name)
        }
        return found
    }

    /// The whole number in a member of the top-level object.
    func integer(_ name: StaticString) -> Int? {
        var found: Int?
        members { key, reader, bytes in
            guard bytes.equals(key, name) else { return false }
            found = reader.readIntegerOrSkip(bytes)
            return true
        }
        return found
    }

    /// Whether a member is true, or the text `"true"`, as some engines write it.
    func flag(_ name: StaticString) -> Bool? {
        var found: Bool?
        members { key, reader, bytes in
            guard bytes.equals(key, name) else { return false }
            if reader.peek(bytes) == .bool {
                found = reader.readBoolOrSkip(bytes)
            } else if let token = reader.readStringOrSkip(bytes) {
                found = bytes.equals(token, "true") ? true : bytes.equals(token, "false") ? false : nil
            }
            return true
        }
        return found
    }

    /// Whether the top-level object has all of these members.
    func has(_ names: StaticString...) -> Bool {
        var missing = names
        members { key, _, bytes in
            missing.removeAll { bytes.equals(key, $0) }
            return false
        }
        return missing.isEmpty
    }

    /// The `owned_by` of the first model in a list of models.
    var owner: String? {
        var found: String?
        members { key, reader, bytes in
            guard bytes.equals(key, "data") else { return false }
            reader.readArrayOrSkip(bytes) { _, reader in
                reader.readObjectOrSkip(bytes) { key, reader in
                    if found == nil, bytes.equals(key, "owned_by"), let token = reader.readStringOrSkip(bytes) {
                        found = JSONString.string(bytes, token)
                    } else if found != nil || !bytes.equals(key, "owned_by") {
                        reader.skipValue(bytes)
                    }
                }
            }
            return true
        }
        return found
    }

    /// Calls `member` for each member of the top-level object, until the text turns out to be wrong; `member` says whether
    /// it has read the value.
    func members(_ member: (JSONReader.StringToken, inout JSONReader, Span<UInt8>) -> Bool) {
        guard isSuccess else { return }
        let bytes = body.span
        var reader = JSONReader()
        guard reader.peek(bytes) == .object else { return }
        reader.readObject(bytes) { key, reader in
            if !member(key, &reader, bytes) { reader.skipValue(bytes) }
        }
    }
}
