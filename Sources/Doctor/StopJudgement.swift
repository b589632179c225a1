internal import TerminalText

/// Decides from times whether an engine stopped working on a request that was cut.
///
/// The same request was let run to its end before. So it is known for how long the engine would have gone on after the
/// cut, and an engine that is idle long before that has stopped.
struct StopJudgement: Sendable, Equatable {
    /// What was seen of the engine after the cut.
    enum Sight: Sendable, Equatable {
        /// It was idle after so long.
        case idle(after: Duration)
        /// It was busy for as long as was looked.
        case busy(for: Duration)
        /// Nothing can be seen of it, for this reason.
        case nothing(String)
    }

    /// How the engine behaved.
    enum Behaviour: String, Sendable, Equatable, Encodable {
        case stopped
        case wentOn = "went_on"
        case unknown
    }

    var behaviour: Behaviour
    var text: String
    /// Whether it went on for long, as far as that was measured, before it stopped.
    var isLate = false

    /// Below this a stop and an end of its own cannot be told apart by looking from outside.
    static let leastRemaining = Duration.milliseconds(300)

    /// Before this share of what remained an idle engine has stopped, and from that one on it has come to its end: the same
    /// request does not take the same time twice.
    static let stopShare = 0.4
    static let endShare = 0.7

    /// - Parameters:
    ///   - remaining: For how long the uncut request went on after the place of the cut.
    ///   - way: What was done, as the beginning of a sentence: `the close`.
    init(_ sight: Sight, remaining: Duration, after way: String) {
        let rest = remaining.brief
        switch sight {
        case .nothing(let why): (behaviour, text) = (.unknown, "cannot be told: \(why)")
        case _ where remaining < Self.leastRemaining:
            behaviour = .unknown
            text = "cannot be told: uncut it would have ended \(max(.zero, remaining).brief) after \(way) anyway"
        case .idle(let time) where time < remaining * Self.stopShare:
            (behaviour, text) = (.stopped, "idle \(time.brief) after \(way); uncut it went on for \(rest)")
        case .idle(let time) where time < remaining * Self.endShare:
            behaviour = .unknown
            text = """
                cannot be told: idle \(time.brief) after \(way), uncut it went on for \(rest), too close for a stop to be \
                told from an end of its own
                """
        case .idle(let time):
            behaviour = .wentOn
            text = "idle only \(time.brief) after \(way), which is when it would have ended by itself (\(rest))"
        case .busy(let time) where time < remaining * Self.endShare:
            (behaviour, text) = (.unknown, "cannot be told: still busy \(time.brief) after \(way), when looking ended")
        case .busy(let time):
            (behaviour, text) = (.wentOn, "still busy \(time.brief) after \(way); uncut it went on for \(rest)")
        }
    }

    var verdict: Finding.Verdict {
        switch behaviour {
        case _ where isLate: .odd
        case .stopped: .good
        case .wentOn: .bad
        case .unknown: .unknown
        }
    }
}
