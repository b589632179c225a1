import JSONBytes

/// One tool call of a chat answer, joined from its fragments.
///
/// A fragment belongs to the call of its index, else of its id, else to the latest. Engines that give every call the
/// index 0 begin another with a new id once the arguments of the one before are whole.
struct ToolCallAggregate: Sendable {
    private(set) var tree = JSONTree.object
    private let index: Int?

    static func add(_ fragment: JSONTree, to calls: inout [ToolCallAggregate]) {
        guard fragment.kind == .object else { return }
        let place = place(of: fragment, in: calls) ?? calls.count
        if place == calls.count { calls.append(ToolCallAggregate(index: fragment["index"]?.integer)) }
        calls[place].add(fragment)
    }

    /// The calls by their index, those without one where they came.
    static func ordered(_ calls: [ToolCallAggregate]) -> [ToolCallAggregate] {
        guard calls.allSatisfy({ $0.index != nil }) else { return calls }
        // A sort that keeps the order of equals: several calls may share an index.
        return calls.enumerated().sorted { ($0.element.index!, $0.offset) < ($1.element.index!, $1.offset) }
            .map(\.element)
    }

    private static func place(of fragment: JSONTree, in calls: [ToolCallAggregate]) -> Int? {
        let id = fragment["id"].flatMap { $0.isEmpty ? nil : $0 }
        if let index = fragment["index"]?.integer {
            guard let place = calls.lastIndex(where: { $0.index == index }) else { return nil }
            let isAnother = id != nil && id != calls[place].tree["id"] && calls[place].isWhole
            return isAnother ? nil : place
        }
        if let id, let place = calls.lastIndex(where: { $0.tree["id"] == id }) { return place }
        let hasName = fragment["function"]?["name"].map { !$0.isEmpty } ?? false
        return id == nil && !hasName ? calls.indices.last : nil
    }

    private var isWhole: Bool {
        guard let arguments = tree["function"]?["arguments"], arguments.kind == .string else { return true }
        return arguments.bytes.isEmpty || JSONTree(whole: arguments.text.span) != nil
    }

    private mutating func add(_ fragment: JSONTree) {
        for (key, value) in zip(fragment.keys, fragment.values) {
            if key.elementsEqual("index".utf8) { continue }
            if value.kind == .object {
                // `function` and `custom`: the name is said once or again, the arguments grow.
                tree.extend(key, value)
            } else if !value.isEmpty || tree.keys.firstIndex(of: key) == nil {
                tree.set(key, value)
            }
        }
    }
}
