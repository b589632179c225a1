/// One of an engine's own ways of cancelling a run.
public struct CancelCall: Sendable {
    /// The request for a run.
    public let request: @Sendable (EngineRunID) -> EngineRequest
    /// What its answer means.
    public let meaning: @Sendable (EngineAnswer) -> CancelEffect

    /// A way of cancelling.
    public init(
        _ request: @escaping @Sendable (EngineRunID) -> EngineRequest,
        meaning: @escaping @Sendable (EngineAnswer) -> CancelEffect = CancelEffect.byStatus
    ) {
        self.request = request
        self.meaning = meaning
    }
}

/// What an engine made of a cancel.
public enum CancelEffect: String, Sendable, CaseIterable {
    /// It says that the run has ended.
    case stopped
    /// It took the cancel, which says nothing about the run yet.
    case accepted
    /// It knows no such run.
    case notFound = "not_found"
    /// It has no such way of cancelling.
    case unsupported
    /// It refused, or could not be asked in time.
    case failed

    /// What a status alone can say: success is a cancel taken, 404, 405 and 501 a way that does not exist.
    @Sendable public static func byStatus(_ answer: EngineAnswer) -> CancelEffect {
        switch answer.status {
        case 200..<300: .accepted
        case 404, 405, 501: .unsupported
        default: .failed
        }
    }
}
