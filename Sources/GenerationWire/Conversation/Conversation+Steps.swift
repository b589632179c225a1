extension Conversation {
    /// One thing that a request tells of the past, in order. Every format is read into steps, so that calls and results
    /// are paired in one place; and steps can be remembered where a format leaves the past to the engine.
    public enum Step: Sendable, Equatable {
        /// A genuine user message.
        case user
        /// A message of the model begins: its calls make up a round of their own.
        case assistant
        /// The model called a tool.
        case call(id: String, name: String, arguments: [UInt8])
        /// A tool answered, by the call's id or, where a format has none, by the tool's name or by order alone.
        case result(id: String?, name: String?, PastResult)
    }

    /// Pairs calls with results.
    ///
    /// A result with an id belongs to the latest call of that id. One without belongs to the first call of that name
    /// (of any name when it gives none) in the latest round that still waits for a result, which is how Ollama's
    /// clients answer parallel calls: in their order.
    public init(steps: some Sequence<Step>) {
        self.init()
        var places: [String: (round: Int, call: Int)] = [:]
        var roundIsOpen = false
        for step in steps {
            switch step {
            case .user:
                userTurns += 1
                roundIsOpen = false
            case .assistant:
                roundIsOpen = false
            case .call(let id, let name, let arguments):
                if !roundIsOpen { rounds.append(Round(calls: [], turn: userTurns)) }
                roundIsOpen = true
                places[id] = (rounds.count - 1, rounds[rounds.count - 1].calls.count)
                rounds[rounds.count - 1].calls.append(PastCall(name: name, arguments: arguments))
            case .result(let id, let name, let result):
                roundIsOpen = false
                guard let place = id.map({ places[$0] }) ?? waiting(for: name) else { continue }
                rounds[place.round].calls[place.call].result = result
            }
        }
    }

    private func waiting(for name: String?) -> (round: Int, call: Int)? {
        for round in rounds.indices.reversed() {
            let call = rounds[round].calls.firstIndex { $0.result == nil && (name == nil || $0.name == name) }
            if let call { return (round, call) }
            // Without a name, only the latest round can be meant.
            if name == nil { return nil }
        }
        return nil
    }
}
