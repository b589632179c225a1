internal import RunIdentity

/// The headers of a request as they came. Making a dictionary of them for every request would cost more than the few
/// searches that the rules make.
public struct RequestHeaders: Sendable {
    private let fields: [(name: String, value: String)]

    /// Takes names and values, names in any case.
    public init(_ fields: [(name: String, value: String)]) { self.fields = fields }

    /// The value of the first header of that name, in whatever case it is written; ASCII letters only.
    func first(_ name: String) -> String? {
        let fields = fields.span
        for index in fields.indices where name.equalsIgnoringCase(fields[index].name) { return fields[index].value }
        return nil
    }
}

extension RequestHeaders: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral fields: (String, String)...) { self.init(fields.map { ($0, $1) }) }
}

extension RequestHeaders: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension String {
    /// Whether two names are the same but for the case of ASCII letters.
    fileprivate func equalsIgnoringCase(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return utf8.elementsEqual(other.utf8) { Glob.folded($0) == Glob.folded($1) }
    }
}
