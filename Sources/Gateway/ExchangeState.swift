/// How far an exchange has come, and what that means for the ways in which it can end. A value without I/O.
struct ExchangeState: Equatable {
    /// The answer as the client sees it.
    enum Answer: Equatable {
        /// The client has received nothing.
        case awaited
        /// The client receives what the guard lets pass.
        case guarded
        /// The client receives the engine's bytes as they are.
        case passing
        /// The client has received all it will get.
        case over
    }

    private(set) var answer = Answer.awaited
    private(set) var engineSpoke = false
    private var sentAgain = false

    /// The engine sent its first byte.
    mutating func engineAnswers() { engineSpoke = true }

    /// The head has gone to the client.
    mutating func begin(guarded: Bool) { answer = guarded ? .guarded : .passing }

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
        switch repair {
        case .replyError: answer = .awaited
        case .failInBand: answer = .guarded
        case .abort: answer = .passing
        case .sendAgain, .nothing: break
        }
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
        defer { answer = .over }
        return switch answer {
        case .awaited: reply
        case .guarded: inBand
        case .passing: .abort
        case .over: .nothing
        }
    }
}
