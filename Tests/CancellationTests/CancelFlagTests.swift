import Cancellation
import Dispatch
import Synchronization
import Testing

@Test func theFirstReasonStays() {
    let flag = CancelFlag()
    #expect(flag.reason == nil && !flag.isSet)
    #expect(flag.set(.guardTrip(detector: 223)))
    #expect(!flag.set(.userStop))
    #expect(!flag.close())
    #expect(flag.reason == .guardTrip(detector: 223))
    #expect(flag.isSet && !flag.isClosed)
}

/// A flag is raised with a reason, a state is left with one, and no reason stands for nothing: the types have no other way.
@Test func G6_noReasonIsNothing() {
    #expect(EndReason(code: 0) == nil)
    let reasons = (UInt8.min...UInt8.max).compactMap { EndReason(code: $0) }
    #expect(reasons.count == 6 + 224 && reasons.allSatisfy { $0.code != 0 && EndReason(code: $0.code) == $0 })
    for reason in reasons {
        let flag = CancelFlag()
        #expect(flag.set(reason) && flag.reason == reason)
        let state = RunState(generation: 1)
        #expect(state.stop(reason) == .won && state.current.reason == reason)
        #expect(state.settle().map { $0 >= .stopped } == true && state.current.reason == reason)
    }
}

@Test func aReasonAfterTheNaturalEndIsRefused() {
    let flag = CancelFlag()
    #expect(flag.close())
    #expect(!flag.set(.clientDisconnect))
    #expect(flag.reason == nil && flag.isClosed)
}

@Test func ofManyWritersExactlyOneWins() {
    for _ in 0..<2_000 {
        let flag = CancelFlag()
        let winners = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { writer in
            let won = writer == 0 ? flag.close() : flag.set(.guardTrip(detector: UInt8(writer)))
            if won { winners.add(1, ordering: .relaxed) }
        }
        #expect(winners.load(ordering: .relaxed) == 1)
        #expect(flag.isClosed != flag.isSet)
    }
}
