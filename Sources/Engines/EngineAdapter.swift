/// What is known of one engine: how to tell that it is this one, how a run is named there, how it is cancelled, how to see
/// that it has really stopped, and where it deceives. A value without I/O; the gateway carries it out.
///
/// The facts come from the engines' sources and issues, which are named beside each trap.
public struct EngineAdapter: Sendable {
    /// The name by which the engine is chosen and counted.
    public let name: String
    /// How it is recognised.
    public var marks: [EngineMark] = []
    /// Headers of clients that must not reach it.
    public var strippedHeaders: [String] = []
    /// How a run gets a name there.
    public var naming = RunNaming.none
    /// Its own ways of cancelling one run, the best first: the next is tried when one does not exist.
    public var cancels: [CancelCall] = []
    /// When the connection is closed in relation to them.
    public var order = CancelOrder.closeOnly
    /// How to see what it is working on: the first that can tell is believed.
    public var idleness: [IdleCheck] = []
    /// Where it does not do what one would think.
    public var traps: [EngineTrap] = []

    /// An engine of which only the name is known.
    public init(_ name: String) { self.name = name }
}

/// How an engine learns a run's name, or we from it.
public enum RunNaming: Sendable {
    /// Runs have no names that are of use.
    case none
    /// The name is sent in a header. The engine puts something in front of it that depends on the path asked.
    case header(String, prefixes: [(path: String, prefix: String)])
    /// The name is sent in a member of the body, as text.
    case field(String)
    /// The name is sent in a member of the body, as a whole number.
    case numberField(String)
    /// The engine names the run in the `id` of its first chunk.
    case firstChunk
    /// The engine knows the gateway's own id, which it is sent with every run.
    case runID
}

/// When the connection to an engine is closed.
public enum CancelOrder: Sendable, Equatable {
    /// At once; there is nothing else to do.
    case closeOnly
    /// At once, and the engine is asked at the same time.
    case together
    /// When the engine has answered the cancel, at the latest after the time that a cancel may take.
    case cancelFirst
}

/// Something an engine does that one would not think.
public struct EngineTrap: Sendable, Equatable {
    /// What it does, in a sentence.
    public var text: String
    /// Where that is known from: a file in its source, or an issue.
    public var source: String

    /// A trap.
    public init(_ text: String, _ source: String) {
        self.text = text
        self.source = source
    }
}
