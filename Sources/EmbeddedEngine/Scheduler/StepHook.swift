/// A place in the scheduler's work at which a test can look in, or set a flag.
public enum StepPoint: Sendable, Equatable {
    /// A new turn begins; no flag has been read yet.
    case beforeStep
    /// The next chunk of a prompt is due; the sequence's flag has not been read yet.
    case prefillChunk(id: String, position: Int)
    /// The model has written a token, counted from 0; the flag has not been read since.
    case decoded(id: String, choice: Int, index: Int)
    /// The sequence has lost its slot for lack of room and waits to go on; the flag has not been read since.
    case preempted(id: String, choice: Int)
    /// The sequence is at its natural end, and nobody has been told yet.
    case finishing(id: String, choice: Int)
}

/// Called on the scheduler's thread, which waits for it.
public typealias StepHook = @Sendable (StepPoint) -> Void
