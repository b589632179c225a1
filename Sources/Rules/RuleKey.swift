import Guard
import LoopDetection

/// What the rules decide for a request before its headers are looked at; the value that every key writes into.
struct Policy: Sendable, Equatable {
    var settings = GuardSettings()
    var requestOverrides = RuleSet.RequestOverrides.allow
    var recording = RecordingRule()
}

/// One key of the rules file. Parsing, rendering and the JSON schema are all read from these descriptions, which stand
/// in `RuleFormat`.
struct RuleKey: Sendable {
    let name: String
    /// What the key decides, for the schema and for the comments of a rendered file.
    let summary: String
    let shape: Shape
    /// What is wrong with the settings below this key as a whole; `nil` when they agree with each other.
    var fault: @Sendable (Policy) -> String? = { _ in nil }

    enum Shape: Sendable {
        /// One value.
        case leaf(Leaf)
        /// A map with these keys; rendered on one line when `inline`.
        case map([RuleKey], inline: Bool)
        /// A mode for each place, or one word for all of them.
        case modes([RuleKey])
        /// The version of the format.
        case version
        /// Names for API keys.
        case apiKeys
        /// The profiles of clients.
        case clients
        /// What tells a client: text, patterns of one header, and patterns of headers by their names.
        case source
        case userAgents
        case headers
        /// The mappings of clients' ids to run trees.
        case trees
        /// The requests that an override is for.
        case match
        /// The list of overrides.
        case overrides
    }

    /// The keys below, for shapes whose keys are settings.
    var children: [RuleKey] {
        switch shape {
        case .map(let keys, _), .modes(let keys): keys
        default: []
        }
    }
}

/// A key that holds one value: what may stand there, and where in the policy it goes.
struct Leaf: Sendable {
    let kind: Kind
    let get: @Sendable (Policy) -> RuleValue
    let set: @Sendable (inout Policy, RuleValue) -> Void

    enum Kind: Sendable {
        case boolean
        case choice([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        /// Text, or `false` for none.
        case textOrFalse
        case bands
        case names
        /// Lists of names, each under a name.
        case namesByName
    }

    /// Connects a place in the policy with the value that stands in the file. A value of another kind changes
    /// nothing; the parser never makes one.
    init<Value>(
        _ kind: Kind,
        _ place: Place<Value>,
        get: @escaping @Sendable (Value) -> RuleValue,
        set: @escaping @Sendable (RuleValue) -> Value?
    ) {
        self.kind = kind
        self.get = { get(place.get($0)) }
        self.set = { policy, value in
            if let value = set(value) { place.set(&policy, value) }
        }
    }
}

/// A value as it stands in the file.
enum RuleValue: Sendable, Equatable {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    /// A word out of a choice.
    case word(String)
    /// Text; `nil` is written `false`.
    case text(String?)
    case bands([PeriodBand])
    case names(Set<String>)
    case namesByName([String: Set<String>])

    var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var text: String?? { if case .text(let value) = self { value } else { nil } }
    var bands: [PeriodBand]? { if case .bands(let value) = self { value } else { nil } }
    var names: Set<String>? { if case .names(let value) = self { value } else { nil } }
    var namesByName: [String: Set<String>]? { if case .namesByName(let value) = self { value } else { nil } }
}

/// A place in the policy: a key path that can be taken further member by member and still cross threads.
@dynamicMemberLookup
struct Place<Value>: Sendable {
    let get: @Sendable (Policy) -> Value
    let set: @Sendable (inout Policy, Value) -> Void

    subscript<Member>(dynamicMember path: any WritableKeyPath<Value, Member> & Sendable) -> Place<Member> {
        Place<Member>(
            get: { [get] in get($0)[keyPath: path] },
            set: { [get, set] policy, member in
                var value = get(policy)
                value[keyPath: path] = member
                set(&policy, value)
            }
        )
    }
}

extension Place<Policy> {
    static let root = Place(get: { $0 }, set: { $0 = $1 })
}
