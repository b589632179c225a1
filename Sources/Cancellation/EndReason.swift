/// Why a run is ended before its natural end. There is no run ended without one.
///
/// One byte, never zero, so that it fits beside a run's state in one atomic word.
public struct EndReason: Sendable, Hashable {
    /// The byte that stands for the reason.
    public let code: UInt8

    /// Someone asked for this run to stop.
    public static let userStop = EndReason(unchecked: 1)
    /// Someone asked for a run above this one to stop.
    public static let treeStop = EndReason(unchecked: 2)
    /// The client went away.
    public static let clientDisconnect = EndReason(unchecked: 3)
    /// A time limit passed.
    public static let deadline = EndReason(unchecked: 4)
    /// The process is shutting down.
    public static let shutdown = EndReason(unchecked: 5)
    /// The engine broke off.
    public static let upstreamLost = EndReason(unchecked: 6)

    private static let firstDetector: UInt8 = 32

    /// A detector convicted.
    /// - Parameter detector: The detector's number, below 224.
    public static func guardTrip(detector: UInt8) -> EndReason {
        precondition(detector < 224, "a detector's number must leave room for the other reasons")
        return EndReason(unchecked: firstDetector + detector)
    }

    /// The number of the detector that convicted; `nil` for every other reason.
    public var detector: UInt8? { code >= Self.firstDetector ? code - Self.firstDetector : nil }

    /// The reason with that code; `nil` for codes that stand for nothing.
    public init?(code: UInt8) {
        guard (1...6).contains(code) || code >= Self.firstDetector else { return nil }
        self.code = code
    }

    private init(unchecked code: UInt8) { self.code = code }
}
