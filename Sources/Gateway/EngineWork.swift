internal import Synchronization

/// How many runs the engine works on for us, as far as we know: what an engine's own count is held against.
final class EngineWork: Sendable {
    /// Where a run stands with the engine.
    enum Stage: Sendable {
        /// The engine has not been asked, or is done.
        case none
        /// It was asked and has not answered.
        case asked
        /// It answers: it is certainly at work.
        case answering
        /// It was told to stop.
        case stopping
    }

    /// The runs at one moment.
    struct Count: Sendable, Equatable {
        var asked = 0
        var answering = 0
        var stopping = 0
        /// Changes whenever anything does.
        var edition: UInt64 = 0
    }

    private let count = Mutex(Count())

    var now: Count { count.withLock { $0 } }

    /// A run goes from one stage to another.
    func move(from old: Stage, to new: Stage) {
        count.withLock { count in
            count[old] -= 1
            count[new] += 1
            count.edition += 1
        }
    }
}

extension EngineWork.Count {
    fileprivate subscript(_ stage: EngineWork.Stage) -> Int {
        get {
            switch stage {
            case .none: 0
            case .asked: asked
            case .answering: answering
            case .stopping: stopping
            }
        }
        set {
            switch stage {
            case .none: break
            case .asked: asked = newValue
            case .answering: answering = newValue
            case .stopping: stopping = newValue
            }
        }
    }
}
