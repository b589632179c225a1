import RunIdentity
import Testing

/// The requirements on run trees, each by its number.
@Suite struct RunTreeTests {
    @Test func R1_aStopReachesTheChildInFlight() {
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        _ = tree.admit("C", run("C", parent: "P"), at: ms(1))
        #expect(tree.stop("P", at: parent.key, now: ms(2)).generations == [["P"], ["C"]])
    }

    @Test func R2_aNewCallOfAStoppedRunOrOfItsChildIsRefused() {
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        let child = tree.admit("C", run("C", parent: "P"), at: ms(1))
        _ = tree.stop("P", at: parent.key, now: ms(2))
        tree.end("P", at: parent.key)
        tree.end("C", at: child.key)
        #expect(tree.admit("P", run("P"), at: ms(3)).refusal?.run == "P")
        #expect(tree.admit("C", run("C"), at: ms(4)).refusal?.run == "P")
        #expect(tree.admit("C", run("C", parent: "P"), at: ms(5)).refusal != nil)
        #expect(tree.admit("Q", run("Q"), at: ms(6)).refusal == nil)
    }

    @Test func R3_aChildThatRegistersAfterTheStopIsBornStopped() {
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        _ = tree.stop("P", at: parent.key, now: ms(1))
        #expect(tree.admit("C", run("C", parent: "P"), at: ms(2)).refusal != nil)
        #expect(tree.admit("G", run("G", parent: "C"), at: ms(3)).refusal != nil)
        #expect(tree.admit("H", run("H", parent: "never seen", root: "P"), at: ms(4)).refusal != nil)
    }

    @Test func R4_runsAreEndedFromTheRootGenerationByGeneration() {
        var tree = RunTree()
        let root = tree.admit("P", run("P"), at: ms(0))
        for (id, parent) in [("A", "P"), ("B", "P"), ("A1", "A"), ("B1", "B"), ("A11", "A1")] {
            _ = tree.admit(id, run(id, parent: parent), at: ms(1))
        }
        let stop = tree.stop("P", at: root.key, now: ms(2))
        #expect(stop.generations == [["P"], ["A", "B"], ["A1", "B1"], ["A11"]])
        #expect(stop.tombstone.at == ms(2))
    }

    @Test func R5_aSessionIsRefusedForAMomentOnly() {
        var tree = RunTree()
        let main = tree.admit("1", claudeCode(), at: ms(0))
        _ = tree.admit("2", claudeCode(agent: "a"), at: ms(1))
        let stop = tree.stop("1", at: main.key, now: ms(10))
        #expect(stop.generations == [["1"], ["2"]])
        #expect(tree.admit("3", claudeCode(), at: ms(15)).refusal != nil)
        #expect(tree.admit("4", claudeCode(agent: "new"), at: ms(20)).refusal != nil)
        #expect(tree.admit("5", claudeCode(), at: ms(3_009)).refusal != nil)
        #expect(tree.admit("6", claudeCode(), at: ms(3_010)).refusal == nil)
    }

    @Test func R5_whatAPersonAsksNextIsNeverRefused() {
        var tree = RunTree()
        let main = tree.admit("1", claudeCode(), at: ms(0))
        _ = tree.stop("1", at: main.key, now: ms(10))
        #expect(tree.admit("2", claudeCode(), at: ms(11)).refusal != nil)
        #expect(tree.admit("3", claudeCode(afterTool: false), at: ms(12)).refusal == nil)
        #expect(tree.admit("4", claudeCode(), at: ms(13)).refusal == nil)
        #expect(tree.admit("5", claudeCode(agent: "new", afterTool: false), at: ms(14)).refusal == nil)
    }

    @Test func R6_equalIdsOfOtherTreesAndOwnersAreOthers() {
        var tree = RunTree()
        let first = tree.admit("1", claudeCode(session: "s", agent: "a"), at: ms(0))
        _ = tree.admit("2", claudeCode(session: "t", agent: "a"), at: ms(1))
        #expect(tree.stop("1", at: first.key, now: ms(2)).generations == [["1"]])
        #expect(tree.admit("3", claudeCode(session: "t", agent: "a"), at: ms(3)).refusal == nil)

        let mine = tree.admit("P", run("P", key: "mine"), at: ms(4))
        _ = tree.stop("P", at: mine.key, now: ms(5))
        #expect(tree.admit("C", run("C", parent: "P", key: "yours"), at: ms(6)).refusal == nil)
        #expect(tree.admit("D", run("D", parent: "P", key: "mine"), at: ms(7)).refusal != nil)
    }

    @Test func R7_aCircleOfParentsIsNotMade() {
        var tree = RunTree()
        let a = tree.admit("A", run("A", parent: "B"), at: ms(0))
        let b = tree.admit("B", run("B", parent: "A"), at: ms(1))
        #expect(b.diagnostics == ["the parent 'A' of 'B' ignored: it stands below it already"])
        #expect(tree.ancestors(of: a.key) == [b.key])
        #expect(tree.ancestors(of: b.key) == [])
        #expect(tree.stop("B", at: b.key, now: ms(2)).generations == [["B"], ["A"]])
    }

    @Test func R7_aRunIsNotItsOwnParent() {
        #expect(run("A", parent: "A").parentRun == nil)
        #expect(run("A", parent: "A").diagnostics == ["the parent of run 'A' ignored: it is the run itself"])
        #expect(run("A", root: "A").diagnostics == [])
        #expect(claudeCode(agent: "a", parent: "a").parent == nil)
    }

    @Test func R7_aTreeIsAtMostThirtyTwoDeep() {
        var tree = RunTree()
        let root = tree.admit("0", run("0"), at: ms(0))
        for depth in 1...32 {
            let admission = tree.admit("\(depth)", run("\(depth)", parent: "\(depth - 1)"), at: ms(0))
            #expect(admission.depth == depth)
            #expect(admission.diagnostics == [])
        }
        let tooDeep = tree.admit("33", run("33", parent: "32"), at: ms(0))
        #expect(tooDeep.depth == 0)
        #expect(tooDeep.diagnostics == ["the parent '32' of '33' ignored: the tree is too deep"])
        #expect(tree.stop("0", at: root.key, now: ms(1)).generations.count == 33)
    }

    @Test func R8_aStopAtTheBoundaryIsATombstoneAlone() {
        // The caller leaves the generations alone; what matters here is that the next call is refused all the same.
        var tree = RunTree()
        let parent = tree.admit("P", run("P"), at: ms(0))
        _ = tree.stop("P", at: parent.key, now: ms(1))
        #expect(tree.liveRuns(from: parent.key) == [["P"]])
        tree.end("P", at: parent.key)
        #expect(tree.admit("P", run("P"), at: ms(2)).refusal != nil)
    }

    @Test func R9_siblingsAndParentsGoOn() {
        var tree = RunTree()
        _ = tree.admit("P", run("P"), at: ms(0))
        let first = tree.admit("C1", run("C1", parent: "P"), at: ms(1))
        let second = tree.admit("C2", run("C2", parent: "P"), at: ms(2))
        #expect(tree.stop("C1", at: first.key, now: ms(3)).generations == [["C1"]])
        #expect(tree.liveRuns(from: second.key) == [["C2"]])
        tree.end("C2", at: second.key)
        #expect(tree.admit("C2", run("C2", parent: "P"), at: ms(4)).refusal == nil)
        #expect(tree.admit("C3", run("C3", parent: "P"), at: ms(5)).refusal == nil)
        #expect(tree.admit("C1a", run("C1a", parent: "C1"), at: ms(6)).refusal != nil)
    }

    @Test func R10_oneCleanupCallPassesWithinTheGrace() {
        var tree = RunTree()
        let main = tree.admit("1", claudeCode(), at: ms(0))
        _ = tree.stop("1", at: main.key, now: ms(10))
        #expect(tree.admit("2", claudeCode(cleanup: true), at: ms(20)).refusal == nil)
        #expect(tree.admit("3", claudeCode(cleanup: true), at: ms(30)).refusal != nil)
    }
}
