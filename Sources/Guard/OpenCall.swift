import GenerationWire
import JSONBytes
import LoopDetection

/// A tool call that the model is making: its name and arguments as they come in.
struct OpenCall: Sendable {
    /// Its place among the calls of the choice, when the engine gives one.
    var index: Int?
    /// Its id, decoded; empty when the engine gives none.
    var id: [UInt8] = []
    var name: [UInt8] = []
    var tool: WireEvent.Tool
    /// Whether the engine has said that the call has ended.
    var hasEnded = false
    var arguments: [UInt8] = []
    /// The beginning of the arguments, once they were judged.
    var shownArguments: [UInt8] = []
    var completion = JSONCompletion()
    var monitor: ChannelMonitor
    var state = State.open

    enum State: Sendable {
        /// Arguments are still coming.
        case open
        /// Complete, judged and free to be passed on.
        case accepted
        /// A detector said stop over it: never passed on while calls are held.
        case convicted
        /// The engine finished in the middle of it.
        case cut
    }

    /// Whether what has come is a whole call: a closed object, or no arguments at all. Free text is whole at its end.
    var isWhole: Bool { tool == .custom ? hasEnded : completion.isComplete || !completion.hasBegun }
}
