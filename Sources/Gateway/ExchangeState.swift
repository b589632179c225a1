/// How far an exchange has come, and what that means for the ways in which it can end. A value without I/O.
struct ExchangeState: Equatable {
    /// The answer as the client sees it.
    enum Answer: Equatable {
        /// The client has received nothing.
        case awaited
        /// The client receives what the guard lets pass.
        case guarded
        /// The client has received nothing; what the guard lets pass is put together into its answer.
        case gathering
        /// The client receives the engine's bytes as they are.
        case passing
        /// The client has received all it will get.
        case over
    }

    private(set) var answer = Answer.awaited
    private(set) var engineSpoke = false
    private var sentAgain = false
    /// What the answer was before an end that may be taken back.
    private var before = Answer.awaited

    /// Whether what the engine sends goes through the guard.
    var isGuarded: Bool { answer == .guarded || answer == .gathering }

    /// The engine sent its first byte.
    mutating func engineAnswers() { engineSpoke = true }

    /// The head has gone to the client.
    mutating func begin(guarded: Bool) { answer = guarded ? .guarded : .passing }

    /// The engine's head is here; its stream is put together.
    mutating func gather() { answer = .gathering }

    /// What to do about an answer that cannot be completed.
    enum Repair: Equatable {
        /// Ask again on a fresh connection.
        case sendAgain
        /// The client can still get a plain error.
        case replyError
        /// The client's format has an error for the middle of a stream.
        case failInBand
        /// Only cutting the connection tells the client.
        case abort
        /// There is nobody left to tell.
        case nothing
    }

    /// The way to the engine broke.
    /// - Parameters:
    ///   - reused: The connection had served another request before, so that it may have been dead all along.
    ///   - atHand: The whole request can be sent once more.
    mutating func broken(reused: Bool, atHand: Bool) -> Repair {
        if answer == .awaited, !engineSpoke, reused, atHand, !sentAgain {
            sentAgain = true
            return .sendAgain
        }
        return finish(reply: .replyError, inBand: .failInBand)
    }

    /// A repair was not carried out, because another end of the run is on its way.
    mutating func takeBack(_ repair: Repair) {
        if repair != .sendAgain, repair != .nothing { answer = before }
    }

    /// What the client gets when its run is ended.
    enum Ending: Equatable {
        /// A whole answer that says so.
        case reply
        /// The ending that the format of the stream allows.
        case endInBand
        /// Only cutting the connection tells the client.
        case abort
        /// There is nobody left to tell.
        case nothing
    }

    /// The run is ended before its natural end.
    mutating func ended() -> Ending {
        switch finish(reply: .replyError, inBand: .failInBand) {
        case .replyError: .reply
        case .failInBand: .endInBand
        case .abort: .abort
        case .nothing, .sendAgain: .nothing
        }
    }

    /// The answer is whole.
    /// - Returns: Whether it was not over yet.
    mutating func complete() -> Bool {
        defer { answer = .over }
        return answer != .over
    }

    private mutating func finish(reply: Repair, inBand: Repair) -> Repair {
        before = answer
        defer { answer = .over }
        return switch answer {
        case .awaited, .gathering: reply
        case .guarded: inBand
        case .passing: .abort
        case .over: .nothing
        }
    }
}
