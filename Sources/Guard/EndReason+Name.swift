public import Cancellation
public import LoopDetection

extension EndReason {
    /// The reason of a run that a detector ended.
    public static func tripped(_ detector: DetectorID) -> EndReason { .guardTrip(detector: detector.rawValue) }

    /// The name used on the wire (`stop_reason`), in logs and in metrics, such as `guard:tail_repeat` or `user_stop`.
    public var name: String {
        if let number = detector {
            return "guard:" + (DetectorID(rawValue: number)?.name ?? "unknown")
        }
        return switch self {
        case .userStop: "user_stop"
        case .treeStop: "tree_stop"
        case .clientDisconnect: "client_disconnect"
        case .deadline: "deadline"
        case .shutdown: "shutdown"
        case .upstreamLost: "upstream_lost"
        default: "unknown"
        }
    }
}
