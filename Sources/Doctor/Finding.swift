/// What the examination found out about one thing.
public struct Finding: Sendable, Equatable, Encodable {
    /// How it stands.
    public enum Verdict: String, Sendable, Encodable {
        /// As it should be.
        case good
        /// Not as it should be, and loopguard copes.
        case odd
        /// Not as it should be.
        case bad
        /// It cannot be told.
        case unknown
    }

    /// What was looked at, in a word or two.
    public var subject: String
    public var verdict: Verdict
    /// What was found, with the numbers behind it.
    public var text: String
}
