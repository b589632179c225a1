extension BoardOwner {
    /// What came of raising a flag.
    public enum CancelResult: Sendable, Equatable {
        /// This call raised it.
        case accepted
        /// It was raised before; the first reason stays.
        case already
        /// The handle's run has no slot any more. Nobody else's flag was touched.
        case stale
        /// The engine is done with the run.
        case alreadyFinished
    }

    /// What became of a slot that was given back.
    public enum ReleaseResult: Sendable, Equatable {
        /// The engine is done with it; another run may have it.
        case freed
        /// The engine may still work on it. It comes back by itself: as soon as the engine is done, or after the
        /// quarantine when the connection has ended.
        case resting
        /// It was given back before.
        case stale
    }
}
