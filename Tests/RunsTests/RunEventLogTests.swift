import Runs
import Synchronization
import Testing

struct RunEventLogTests {
    private let log = RunEventLog(capacity: 8)

    private func add(_ count: Int) {
        let run = run()
        for time in 0..<count { log.append(RunEvent(.started, of: run, at: Double(time))) }
    }

    @Test func whoComesBackReadsOnWhereItLeft() {
        add(5)
        #expect(log.events(after: 0).events.map(\.number) == [1, 2, 3, 4, 5])
        #expect(log.events(after: 3).events.map(\.number) == [4, 5])
        #expect(log.events(after: 5).events.isEmpty && log.events(after: 5).lost == 0)
        #expect(log.events(after: 0, atMost: 2).events.map(\.number) == [1, 2])
    }

    @Test func whoFallsBehindIsToldHowMuchIsLost() {
        add(20)
        let (events, lost) = log.events(after: 3)
        #expect(events.map(\.number) == Array(13...20) && lost == 9)
        #expect(events.map(\.time) == (12...19).map(Double.init))
    }

    @Test func aNumberFromBeforeARestartBeginsAnew() {
        add(2)
        let (events, lost) = log.events(after: 1_000)
        #expect(events.map(\.number) == [1, 2] && lost == 0)
    }

    @Test func everyEventRingsUntilTheFollowerLeaves() {
        let rung = Mutex(0)
        let follower = log.follow { rung.withLock { $0 += 1 } }
        add(3)
        #expect(log.isFollowed)
        log.unfollow(follower)
        add(3)
        #expect(rung.withLock { $0 } == 3 && !log.isFollowed && log.newest == 6)
    }
}
