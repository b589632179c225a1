import RunIdentity
import Testing

/// How long a stop is remembered, and how much of it.
@Suite struct TombstoneTests {
    @Test func aStoppedRunIsRefusedForTenMinutes() {
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        _ = tree.stop("P", at: parent.key, now: ms(0))
        #expect(tree.admit("C", run("C", parent: "P"), at: ms(599_999)).refusal != nil)
        #expect(tree.admit("C", run("C", parent: "P"), at: ms(600_000)).refusal == nil)
    }

    @Test func aSubagentThatKeepsAskingIsRefusedForGood() {
        var tree = RunTree()
        let main = tree.admit("1", claudeCode(), at: ms(0))
        _ = tree.admit("2", claudeCode(agent: "a"), at: ms(0))
        _ = tree.stop("1", at: main.key, now: ms(0))
        for minute in 1...60 {
            #expect(tree.admit("3", claudeCode(agent: "a"), at: ms(UInt64(minute) * 300_000)).refusal != nil)
        }
        #expect(tree.admit("4", claudeCode(agent: "a"), at: ms(60 * 300_000 + 600_000)).refusal == nil)
    }

    @Test func twoStopsAreBothInForce() {
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        let child = tree.admit("C", run("C", parent: "P"), at: ms(1))
        #expect(tree.stop("C", at: child.key, now: ms(2)).generations == [["C"]])
        #expect(tree.stop("P", at: parent.key, now: ms(3)).generations == [["P"], ["C"]])
        #expect(tree.admit("D", run("D", parent: "P"), at: ms(4)).refusal?.run == "P")
        #expect(tree.admit("E", run("E", parent: "C"), at: ms(5)).refusal?.run == "C")
        #expect(tree.admit("E", run("E", parent: "C"), at: ms(600_002)).refusal?.run == "P")
    }

    @Test func aCleanupCallComesWithinTheGraceOrNotAtAll() {
        func cleanup() -> RunIdentity { identity([("x-run-id", "P"), ("X-Loopguard-Cleanup", "1")]) }
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        _ = tree.stop("P", at: parent.key, now: ms(1))
        tree.end("P", at: parent.key)
        #expect(tree.admit("P", cleanup(), at: ms(3_001)).refusal != nil)

        _ = tree.stop("P", at: parent.key, now: ms(10_000))
        #expect(tree.admit("P", cleanup(), at: ms(10_001)).refusal != nil, "the first stop is still in force")
    }

    @Test func stopsAreRememberedInABoundedNumber() {
        var tree = RunTree()
        let runs = (0...Tombstones.capacity).map { "\($0)" }
        for id in runs {
            let key = tree.admit(id, run(id), at: ms(0)).key
            _ = tree.stop(id, at: key, now: ms(0))
            tree.end(id, at: key)
        }
        #expect(tree.admit("x", run("x", parent: runs[0]), at: ms(1)).refusal == nil)
        #expect(tree.admit("y", run("y", parent: runs[1]), at: ms(1)).refusal?.run == "1")
        #expect(tree.admit("z", run("z", parent: runs[runs.count - 1]), at: ms(1)).refusal != nil)
    }
}
