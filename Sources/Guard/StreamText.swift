import LoopDetection

/// The last text of a stream, for somebody who watches: as much as the detectors keep of it.
public struct StreamText: Sendable, Equatable {
    /// A tool call that the model made or is making.
    public struct Call: Sendable, Equatable {
        /// The tool, in UTF-8.
        public var name: [UInt8]
        /// The beginning of its arguments as they came.
        public var arguments: [UInt8]
        /// Whether the call is whole and was judged.
        public var isComplete: Bool
    }

    /// The end of the visible answer, in UTF-8, beginning with a whole character.
    public var content: [UInt8] = []
    /// The end of the reasoning, likewise.
    public var reasoning: [UInt8] = []
    /// The calls in the order in which they began.
    public var calls: [Call] = []
    /// Whether there was more than is here.
    public var isCut = false

    /// The most bytes of a call's arguments that are shown.
    public static let longestArguments = 512
    /// The most calls that are shown: the last ones.
    public static let mostCalls = 16

    /// No text.
    public init() {}

    /// Whether nothing has been said.
    public var isEmpty: Bool { content.isEmpty && reasoning.isEmpty && calls.isEmpty }
}

extension GuardedStream {
    /// The last text of the first choice.
    /// - Parameter limit: The most bytes of each channel.
    public func text(limit: Int) -> StreamText {
        guard let choice = choices.first else { return StreamText() }
        return choice.text(limit: limit)
    }

    /// How many pieces of text and of calls the engine has sent: most engines send one for a token.
    public var deltas: Int {
        var count = 0
        for index in choices.indices { count += choices[index].deltas }
        return count
    }

    /// The calls that were judged since this was last asked.
    public mutating func takeJudgedCalls() -> [StreamText.Call] {
        var calls: [StreamText.Call] = []
        for index in choices.indices where !choices[index].newCalls.isEmpty {
            calls += choices[index].takeJudgedCalls()
        }
        return calls
    }
}

extension OpenCall {
    /// The call as it is shown.
    var shown: StreamText.Call {
        let beginning = state == .open ? Array(arguments.prefix(StreamText.longestArguments)) : shownArguments
        return StreamText.Call(name: name, arguments: beginning, isComplete: state != .open && state != .cut)
    }
}
