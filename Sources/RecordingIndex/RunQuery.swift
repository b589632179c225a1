/// Which runs a list is to show. What is `nil` does not matter.
public struct RunQuery: Sendable, Equatable {
    /// completed, capped, stopped, disconnected, failed or unfinished.
    public var state: String?
    /// The model; `*` stands for any characters.
    public var model: String?
    /// The client; `*` stands for any characters.
    public var client: String?
    /// The detector that found something.
    public var detector: String?
    /// Runs that began at this Unix time or later, in seconds.
    public var since: Double?
    /// Words that request or answer must hold.
    public var text: String?
    /// The most runs.
    public var limit = 50

    /// A query for everything.
    public init() {}
}
