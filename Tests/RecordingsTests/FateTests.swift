import Foundation
import Synchronization
import Testing

@testable import Recordings

/// What whoever began a recording is told about it.
@Suite(.timeLimit(.minutes(1))) struct FateTests {
    /// Keeps what it was told.
    private final class Teller: Sendable {
        private let told = Mutex<[RecordingFate]>([])
        var all: [RecordingFate] { told.withLock { $0 } }
        var tell: @Sendable (RecordingFate) -> Void { { fate in self.told.withLock { $0.append(fate) } } }
    }

    @Test func aRunOfWhichAllIsWantedIsKeptFromItsBeginning() throws {
        let folder = try Folder()
        let (rig, teller) = (try Rig(folder), Teller())
        rig.recorder.start()
        let run = try #require(rig.recorder.begin("run", fate: teller.tell))
        #expect(teller.all.isEmpty)
        run.begin()
        #expect(teller.all == [.kept])
        run.finish()
        rig.recorder.stop()
        #expect(teller.all == [.kept])
    }

    @Test func aRunIsKeptWithItsFirstVerdictWhereOnlyTrippedOnesAre() throws {
        let folder = try Folder()
        let rig = try Rig(folder) { $0.policy.only = .tripped }
        rig.recorder.start()
        let (healthy, looping) = (Teller(), Teller())
        for (id, teller) in [("healthy", healthy), ("looping", looping)] {
            let run = try #require(rig.recorder.begin(id, fate: teller.tell))
            run.begin()
            run.bytes(.passed, "text")
            #expect(teller.all.isEmpty)
            if id == "looping" { run.note(.verdict(.loop), at: 2) }
            run.finish()
        }
        rig.recorder.stop()
        #expect(looping.all == [.kept] && healthy.all == [.lost])
    }

    @Test func whatFindsNoRoomOrNoEndOrGrowsTooLongIsLost() throws {
        let folder = try Folder()
        let rig = try Rig(folder) { $0.queueBytes = 4_000 }
        let (large, left) = (Teller(), Teller())
        let run = try #require(rig.recorder.begin("large", fate: large.tell))
        run.begin()
        run.bytes(.passed, String(repeating: "x", count: 4_000))
        #expect(large.all == [.kept, .lost])
        do {
            let run = try #require(rig.recorder.begin("left", fate: left.tell))
            run.begin()
        }
        #expect(left.all.last == .lost)
        rig.recorder.start()
        rig.recorder.stop()

        let others = try Folder()
        let narrow = try Rig(others) {
            $0.policy.only = .tripped
            $0.undecidedBytes = 1_000
        }
        narrow.recorder.start()
        let long = Teller()
        let growing = try #require(narrow.recorder.begin("long", fate: long.tell))
        growing.begin()
        growing.bytes(.passed, String(repeating: "x", count: 2_000))
        growing.finish()
        narrow.recorder.stop()
        #expect(long.all == [.lost])
    }

    @Test func whatTheDiskDoesNotTakeIsLost() throws {
        let folder = try Folder()
        let (rig, teller) = (try Rig(folder), Teller())
        try FileManager.default.removeItem(atPath: folder.path)
        rig.recorder.start()
        let run = try #require(rig.recorder.begin("run", fate: teller.tell))
        run.begin()
        run.finish()
        rig.recorder.stop()
        #expect(teller.all.last == .lost)
    }
}
