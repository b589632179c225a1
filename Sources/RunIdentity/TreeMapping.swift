import GenerationWire
import JSONBytes

/// A rule of the rules file by which requests of a client are placed that is not known here (`trees:`).
public struct TreeMapping: Sendable, Equatable {
    /// The name of the rule, for logs.
    public var name: String
    /// Patterns of `User-Agent`, of which one must match; none asks for nothing.
    public var userAgents: [String] = [] { didSet { agentGlobs = userAgents.map { Glob($0) } } }
    /// Patterns by the name of a header, in lower case. Every header named here must be there and match one of its.
    public var headers: [String: [String]] = [:] {
        didSet { headerGlobs = headers.mapValues { $0.map { Glob($0) } } }
    }
    /// How far these ids may be relied on.
    public var strength = RunIdentity.Strength.session
    /// Where the session is.
    public var session: Place?
    /// Where the tree is; the session's value where this is not given.
    public var tree: Place?
    /// Where the agent is that asks; a request that does not say comes from the main one.
    public var node: Place?
    /// Where the agent above is.
    public var parent: Place?
    /// Where the turn is.
    public var turn: Place?

    private var agentGlobs: [Glob] = []
    private var headerGlobs: [String: [Glob]] = [:]

    /// A rule that finds nothing yet.
    public init(name: String) { self.name = name }

    /// Where in a request a value is.
    public enum Place: Sendable, Equatable {
        /// In a header, whose name is in lower case.
        case header(String)
        /// In the body: the names of the members on the way from the outermost object.
        case body([String])
    }
}

extension TreeMapping {
    fileprivate func matches(_ header: (_ name: String) -> String?, _ userAgent: String?) -> Bool {
        if !agentGlobs.isEmpty {
            guard let userAgent, agentGlobs.contains(where: { $0.matches(userAgent) }) else { return false }
        }
        return headerGlobs.allSatisfy { name, globs in
            guard let value = header(name) else { return false }
            return globs.contains { $0.matches(value) }
        }
    }
}

extension RunIdentity {
    /// Places the request by the first mapping that is for it and finds something.
    mutating func apply(
        _ mappings: [TreeMapping],
        _ header: (_ name: String) -> String?,
        _ userAgent: String?,
        _ request: GenerationRequest?,
        _ body: borrowing Span<UInt8>
    ) -> Bool {
        for mapping in mappings where mapping.matches(header, userAgent) {
            var found: [TreeMapping.Place: String] = [:]
            for place in [mapping.session, mapping.tree, mapping.node, mapping.parent, mapping.turn] {
                guard let place, found[place] == nil else { continue }
                let value: String? =
                    switch place {
                    case .header(let name): header(name)
                    case .body(let path): Self.string(at: path[...], in: body, request?.belonging)
                    }
                found[place] = value.flatMap { IdentityText.id($0, in: "\(place) of '\(mapping.name)'", &diagnostics) }
            }
            func value(_ place: TreeMapping.Place?) -> String? { place.flatMap { found[$0] } }
            guard let first = value(mapping.tree) ?? value(mapping.session) ?? value(mapping.node) else { continue }
            session = value(mapping.session) ?? session
            tree = value(mapping.tree) ?? value(mapping.session)
            node = value(mapping.node) ?? (tree == nil ? first : Self.mainNode)
            parent = value(mapping.parent)
            // An agent in a tree that names nobody above works for the main one.
            if parent == nil, tree != nil, node != Self.mainNode { parent = Self.mainNode }
            turn = value(mapping.turn)
            // The main agent's name is the same in every turn, so nothing strict can be said of it.
            let isNamed = turn != nil || value(mapping.node) != nil
            strength = mapping.strength == .strict && !isNamed ? .session : mapping.strength
            source = .mapping(mapping.name)
            return true
        }
        return false
    }

    /// The text at the end of a path in the body; `nil` when there is none.
    ///
    /// Members that were found when the request was read are gone to at once; for any other the body is read again.
    private static func string(
        at path: ArraySlice<String>,
        in body: borrowing Span<UInt8>,
        _ members: BelongingMembers?
    ) -> String? {
        var reader = JSONReader()
        guard path.first == "metadata", let members else { return string(at: path, in: body, &reader) }
        guard let metadata = members.metadata else { return nil }
        reader.position = metadata.lowerBound
        return string(at: path.dropFirst(), in: body, &reader)
    }

    private static func string(
        at path: ArraySlice<String>,
        in body: borrowing Span<UInt8>,
        _ reader: inout JSONReader
    ) -> String? {
        guard let name = path.first else { return reader.readStringOrSkip(body).map { JSONString.string(body, $0) } }
        var found: String?
        reader.readObjectOrSkip(body) { key, reader in
            if found == nil, JSONString.string(body, key) == name {
                found = string(at: path.dropFirst(), in: body, &reader)
            } else {
                reader.skipValue(body)
            }
        }
        return reader.failed ? nil : found
    }
}

extension TreeMapping.Place: Hashable, CustomStringConvertible {
    /// The place as the rules file names it.
    public var description: String {
        switch self {
        case .header(let name): name
        case .body(let path): path.joined(separator: ".")
        }
    }
}
