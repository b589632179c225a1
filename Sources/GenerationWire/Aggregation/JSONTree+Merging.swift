import JSONBytes

/// How the pieces of an answer become the answer.
extension JSONTree {
    /// Takes over the members of a later object: the last value wins, but null takes nothing away.
    mutating func overlay(_ later: JSONTree) {
        guard kind == .object, later.kind == .object else {
            if !later.isNull { self = later }
            return
        }
        for (key, value) in zip(later.keys, later.values) { overlay(key, value) }
    }

    mutating func overlay(_ key: [UInt8], _ value: JSONTree) {
        guard let index = keys.firstIndex(of: key) else { return set(key, value) }
        if !value.isNull { values[index] = value }
    }

    /// Goes on with a later piece of the same value: texts and lists are joined, objects member by member, a number or
    /// a boolean is replaced, and null takes nothing away. What names a thing is said again and not joined.
    mutating func extend(_ later: JSONTree) {
        if later.isNull { return }
        switch (kind, later.kind) {
        case (.string, .string): bytes.append(contentsOf: later.bytes)
        case (.array, .array): for value in later.values { add(value) }
        case (.object, .object):
            for (key, value) in zip(later.keys, later.values) { extend(key, value) }
        default: self = later
        }
    }

    mutating func extend(_ key: [UInt8], _ value: JSONTree) {
        guard let index = keys.firstIndex(of: key) else { return set(key, value) }
        guard Self.isName(key) else { return values[index].extend(value) }
        if !value.isEmpty { values[index] = value }
    }

    /// Adds an element to a list; one that says its `index` goes on with the element of that index and kind.
    private mutating func add(_ element: JSONTree) {
        guard let place = element["index"]?.integer,
            let known = values.firstIndex(where: {
                $0["index"]?.integer == place && $0["type"] == element["type"]
            })
        else { return values.append(element) }
        values[known].extend(element)
    }

    /// Members that say what a thing is and not what is in it.
    private static let names: [StaticString] = [
        "role", "type", "id", "name", "format", "status", "phase", "channel", "object", "call_id",
    ]

    private static func isName(_ key: [UInt8]) -> Bool {
        names.contains { key.span.equals(0..<key.count, $0) }
    }

    /// Goes on with content that is text or a list of typed parts. Neighbouring parts of one type are one part.
    mutating func extendContent(_ later: JSONTree) {
        if later.isNull { return }
        switch (kind, later.kind) {
        case (.string, .array):
            let text = self
            self = .array
            if !text.bytes.isEmpty { addPart(Self.textPart(text)) }
            for value in later.values { addPart(value) }
        case (.array, .array): for value in later.values { addPart(value) }
        case (.array, .string): if !later.bytes.isEmpty { addPart(Self.textPart(later)) }
        default: extend(later)
        }
    }

    private static func textPart(_ text: JSONTree) -> JSONTree {
        var part = JSONTree.object
        part.set("type", JSONTree("text"))
        part.set("text", text)
        return part
    }

    private mutating func addPart(_ part: JSONTree) {
        guard let last = values.indices.last, part.kind == .object, values[last].kind == .object,
            let type = part["type"], values[last]["type"] == type,
            part.values.allSatisfy({ $0.kind == .string || $0.kind == .array })
        else { return values.append(part) }
        for (key, value) in zip(part.keys, part.values) {
            guard let index = values[last].keys.firstIndex(of: key) else {
                values[last].set(key, value)
                continue
            }
            if Self.isName(key) { continue }
            values[last].values[index].extendContent(value)
        }
    }
}
