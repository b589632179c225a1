/// A board in figures.
public struct BoardStatistics: Sendable, Equatable {
    /// How many runs got a slot.
    public var claims: UInt64
    /// How many runs went without one because all were taken.
    public var refusals: UInt64
    /// Slots that can be given out.
    public var free: Int
    /// Slots that runs have.
    public var held: Int
    /// Slots that were given back and that the engine may still work on.
    public var resting: Int
}
