public import Engines

/// Which engine a gateway takes the other end for.
public enum EngineChoice: Sendable {
    /// The one that its answers say it is; nothing is taken for granted until they are there.
    case recognised
    /// This one, whatever its answers say.
    case named(EngineAdapter)
}

/// The times of what is done about an engine that is to stop.
public struct CancelTimes: Sendable {
    /// The longest that an engine may take to answer a cancel or a question; its connection is closed then at the latest.
    public var answer = Duration.seconds(2)
    /// When the engine is looked at, counted from the decision to stop it.
    public var looks: [Duration] = [.milliseconds(250), .seconds(1), .seconds(3), .seconds(10)]
    /// For how long after that an engine that has not been seen to stop counts as occupied.
    public var quarantine = Duration.seconds(15)
    /// How often it is looked at in that time.
    public var quarantineLooks = Duration.seconds(5)

    /// The shipped times.
    public init() {}
}
