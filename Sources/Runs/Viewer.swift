internal import RunIdentity

/// Whose eyes look at the runs. Nobody sees or stops what is somebody else's.
public enum Viewer: Sendable, Equatable {
    /// The person who runs the gateway: sees everything.
    case `operator`
    /// Whoever holds these credentials, by ``RunIdentity/principal``.
    case owner(String)

    /// Whether a run of `principal` is theirs.
    public func sees(_ principal: String) -> Bool {
        switch self {
        case .operator: true
        case .owner(let own): own == principal
        }
    }

    /// Whether the run is theirs.
    public func sees(_ run: Run) -> Bool { sees(run.identity.principal) }
}
