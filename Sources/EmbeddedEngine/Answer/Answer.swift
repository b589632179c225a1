/// Turns the tokens of one sequence into what its client gets: text, and calls of tools. It says which tokens may come
/// next, so that a call that has begun is always well-formed.
///
/// Log-probabilities travel with the text that their token became, so that what is held back or dropped takes them
/// along. Calls have none.
struct Answer {
    /// Whether a token may come next.
    enum Verdict {
        case accepted
        /// The call would not be well-formed.
        case ungrammatical
        /// The call could not be ended in time.
        case tooLong
    }

    private enum Phase {
        case text
        /// A call must begin, with a token of its own.
        case opening
        case call(ToolCallAutomaton)
    }

    private let vocabulary: Vocabulary
    private let grammar: ToolCallGrammar?
    private var phase = Phase.text
    private var text: TextAssembler
    private var calls = 0
    private var wasCutShort = false
    /// Set behind a call: the white space there is not text.
    private var skipsSpace = false
    /// The bytes that have become text, given out or not.
    private var written = 0
    /// Log-probabilities of tokens that have not been given out whole, and where each token's bytes lie.
    private var pending: [(logprob: TokenLogprob, bytes: Range<Int>)] = []
    private var arguments: [UInt8] = []
    private var ready: [UInt8] = []

    init(stops: [[UInt8]], grammar: ToolCallGrammar?, vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        self.grammar = grammar
        let mark = grammar != nil && vocabulary.openCall == nil ? Array(ToolCallGrammar.opening.utf8) : nil
        text = TextAssembler(stops: stops, mark: mark)
        if let grammar, grammar.isRequired {
            phase = vocabulary.openCall == nil ? .call(automaton(grammar, opens: true)) : .opening
        }
    }

    // MARK: - Before a token is chosen

    /// Whether every token may come.
    var isFree: Bool { grammar == nil }

    /// Whether a token may come next.
    /// - Parameter remaining: How many tokens may be written, this one included.
    func accepts(_ token: Token, remaining: Int) -> Verdict {
        guard let grammar else { return .accepted }
        switch phase {
        case .opening: return token == vocabulary.openCall ? .accepted : .ungrammatical
        case .call(let call):
            if token == vocabulary.closeCall { return call.mayClose ? .accepted : .ungrammatical }
            return extend(call, vocabulary.bytes(of: token), remaining)
        case .text:
            if token == vocabulary.openCall { return fits(automaton(grammar), remaining) }
            let bytes = vocabulary.bytes(of: token)
            guard vocabulary.openCall == nil, bytes.contains(UInt8(ascii: ">")), let rest = text.rest(after: bytes)
            else { return .accepted }
            return rest == 0
                ? fits(automaton(grammar), remaining) : extend(automaton(grammar), bytes.suffix(rest), remaining)
        }
    }

    /// Takes every token that may not come next out of a row of logits.
    func mask(_ logits: inout [Float], _ row: Range<Int>, remaining: Int) {
        var mayBegin = [Bool](repeating: true, count: 256)
        if case .call(let call) = phase {
            for byte in UInt8.min...UInt8.max {
                var copy = call
                mayBegin[Int(byte)] = copy.take(byte)
            }
        }
        for index in row where logits[index] > -.infinity {
            let token = Token(index - row.lowerBound)
            let first = vocabulary.bytes(of: token).first
            if first.map({ mayBegin[Int($0)] }) ?? true, accepts(token, remaining: remaining) == .accepted { continue }
            logits[index] = -.infinity
        }
    }

    /// The token that leads a call to its end, for a model that gives every token that could come a probability of 0.
    var forced: Token? {
        switch phase {
        case .text: nil
        case .opening: vocabulary.openCall
        case .call(let call): call.closingByte.map { vocabulary.token(for: $0) } ?? vocabulary.closeCall
        }
    }

    /// Says that a token that the model wanted was refused for lack of room.
    mutating func cutShort() { wasCutShort = true }

    // MARK: - After a token was chosen

    /// Takes a token that may come and adds what it gives to `output`.
    /// - Returns: How the answer ends, when it does.
    mutating func append(
        _ token: Token,
        _ logprob: TokenLogprob?,
        into output: inout PieceQueue.Contents
    ) -> Outcome? {
        if case .call = phase { return extendCall(token, into: &output) }
        if let grammar, token == vocabulary.openCall {
            flush(into: &output)
            phase = .call(automaton(grammar))
            return nil
        }
        var bytes = vocabulary.bytes(of: token)
        if skipsSpace {
            bytes = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
            skipsSpace = bytes.isEmpty
        }
        if let logprob { pending.append((logprob, written..<written + bytes.count)) }
        written += bytes.count
        switch text.append(bytes, ready: &ready) {
        case .none:
            release(into: &output) { $0.upperBound }
            return nil
        case .stop:
            release(into: &output) { $0.lowerBound + 1 }
            return ending(.stop)
        case .mark(let rest):
            release(into: &output) { $0.lowerBound + 1 }
            pending.removeAll()
            phase = .call(automaton(grammar!))
            return extendCall(bytes.suffix(rest), into: &output)
        }
    }

    /// Gives out what is still held: nothing will follow.
    mutating func flush(into output: inout PieceQueue.Contents) {
        text.flush(ready: &ready)
        release(into: &output) { $0.lowerBound + 1 }
        pending.removeAll()
    }

    /// What an end becomes when calls were made.
    func ending(_ outcome: Outcome) -> Outcome {
        if wasCutShort { return .length }
        return outcome == .stop && calls > 0 ? .toolCalls : outcome
    }

    // MARK: - Pieces

    private func automaton(_ grammar: ToolCallGrammar, opens: Bool = false) -> ToolCallAutomaton {
        ToolCallAutomaton(grammar, opens: opens, closesWithToken: vocabulary.closeCall != nil)
    }

    private func extend(_ call: ToolCallAutomaton, _ bytes: ArraySlice<UInt8>, _ remaining: Int) -> Verdict {
        var call = call
        // A token without bytes would lead nowhere.
        if bytes.isEmpty { return .ungrammatical }
        for byte in bytes where !call.take(byte) { return .ungrammatical }
        return fits(call, remaining)
    }

    /// Whether a call can be ended with the tokens and bytes that are left after this token.
    private func fits(_ call: ToolCallAutomaton, _ remaining: Int) -> Verdict {
        let room = min(remaining - 1, ToolCallGrammar.maxLength - call.length)
        return room >= ToolCallGrammar.longestClosing || call.closingLength <= room ? .accepted : .tooLong
    }

    private mutating func extendCall(_ token: Token, into output: inout PieceQueue.Contents) -> Outcome? {
        if token == vocabulary.closeCall { return endCall() }
        return extendCall(vocabulary.bytes(of: token), into: &output)
    }

    private mutating func extendCall(
        _ bytes: ArraySlice<UInt8>,
        into output: inout PieceQueue.Contents
    ) -> Outcome? {
        guard case .call(var call) = phase, let grammar else { return nil }
        for byte in bytes {
            let isArgument = call.place == .arguments
            let wasNamed = call.name != nil
            guard call.take(byte) else { preconditionFailure("a token was chosen that may not come") }
            if let name = call.name, !wasNamed { output.add(.call, grammar.names[name]) }
            if isArgument { arguments.append(byte) }
        }
        if call.isBetweenCharacters, !arguments.isEmpty {
            output.add(.arguments, arguments)
            arguments.removeAll(keepingCapacity: true)
        }
        phase = .call(call)
        return call.place == .done ? endCall() : nil
    }

    private mutating func endCall() -> Outcome? {
        calls += 1
        phase = .text
        skipsSpace = true
        return wasCutShort || grammar?.isSingle == true ? ending(.stop) : nil
    }

    /// Adds the text in `ready` and the log-probabilities of the tokens that it completes.
    /// - Parameter end: How much of a token must have been given out.
    private mutating func release(into output: inout PieceQueue.Contents, _ end: (Range<Int>) -> Int) {
        guard !ready.isEmpty else { return }
        let count = pending.firstIndex { end($0.bytes) > text.released } ?? pending.count
        output.logprobs += pending[..<count].lazy.map(\.logprob)
        pending.removeFirst(count)
        output.add(.text, ready)
    }
}
