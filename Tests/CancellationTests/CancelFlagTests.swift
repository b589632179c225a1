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
