import Cancellation
import RunIdentity
import Synchronization
import Testing

@testable import Runs

struct RunRegistryTests {
    private let registry = RunRegistry(memory: 1_000, capacity: 5)

    private func ended(_ run: Run, at now: UInt64 = 1) {
        #expect(run.state.advance(to: .sent) && run.state.advance(to: .streaming) && run.state.advance(to: .completed))
        #expect(registry.conclude(run, at: now, time: 1))
    }

    @Test func A13_everyRunHasAnUnguessableIdOfItsOwn() {
        let ids = (0..<200).map { _ in run().id }
        #expect(Set(ids).count == 200)
        #expect(ids.allSatisfy { $0.count == 36 && $0.hasPrefix("run_") && $0.dropFirst(4).allSatisfy(\.isHexDigit) })
    }

    @Test func anEndedRunIsRememberedForItsTime() {
        let run = run()
        #expect(registry.admit(run, at: 0) == .admitted)
        registry.alias("engine", for: run)
        ended(run, at: 10)
        #expect(registry.find(run.id, at: 1_009) === run && registry.find("engine", at: 1_009) === run)
        #expect(registry.find(run.id, at: 1_011) == nil && registry.find("engine", at: 1_011) == nil)
        #expect(registry.all(at: 1_011).isEmpty)
    }

    @Test func endedRunsAreBoundedAndLiveOnesStay() {
        let live = run()
        #expect(registry.admit(live, at: 0) == .admitted)
        let runs = (0..<200).map { _ in run() }
        for run in runs {
            #expect(registry.admit(run, at: 0) == .admitted)
            ended(run)
        }
        #expect(registry.counts == (1, 5))
        #expect(registry.find(live.id, at: 1) === live)
        #expect(registry.find(runs[194].id, at: 1) == nil && registry.find(runs[195].id, at: 1) === runs[195])
        #expect(registry.all(at: 1).count == 6)
    }

    @Test func anIdThatTwoRunsShareNamesNeither() {
        let runs = [run(), run()]
        for run in runs {
            #expect(registry.admit(run, at: 0) == .admitted)
            registry.alias("shared", for: run)
        }
        #expect(registry.find("shared", at: 0) == nil)
        #expect(registry.find(runs[0].id, at: 0) === runs[0])
    }

    @Test func A12_nobodySeesWhatIsSomebodyElses() {
        let (mine, yours) = (run(principal: "me"), run(principal: "you"))
        for run in [mine, yours] { #expect(registry.admit(run, at: 0) == .admitted) }
        let me = Viewer.owner("me")
        #expect(registry.find(mine.id, as: me, at: 0) === mine && registry.find(yours.id, as: me, at: 0) == nil)
        #expect(registry.all(as: me, at: 0).map(\.id) == [mine.id] && registry.live(as: me).map(\.id) == [mine.id])
        #expect(registry.all(at: 0).count == 2)
    }

    @Test func A14_aNameThatIsLiveIsTaken() {
        let first = run("mine")
        #expect(registry.admit(first, at: 0) == .admitted)
        #expect(registry.admit(run("mine"), at: 0) == .duplicate)
        ended(first)
        let second = run("mine")
        #expect(registry.admit(second, at: 0) == .admitted)
        #expect(registry.find("mine", at: 0) === second)
    }

    @Test func A12_A14_twoOwnersMayChooseTheSameName() {
        let (mine, yours) = (run("same", principal: "me"), run("same", principal: "you"))
        for run in [mine, yours] { #expect(registry.admit(run, at: 0) == .admitted) }
        #expect(registry.find("same", as: .owner("me"), at: 0) === mine)
        #expect(registry.find("same", as: .owner("you"), at: 0) === yours)
        ended(yours)
        #expect(registry.admit(run("same", principal: "me"), at: 0) == .duplicate)
    }

    @Test func R6_aParentOfAnotherOwnerIsNone() {
        let parent = run("parent", principal: "me")
        let child = run(principal: "you") { $0.parentRun = "parent" }
        for run in [parent, child] { #expect(registry.admit(run, at: 0) == .admitted) }
        #expect(registry.descendants(of: parent).isEmpty && registry.ancestors(of: child).isEmpty)
        #expect(registry.stop(parent, StopRequest(scope: .tree))?.stopped == ["parent"])
        #expect(child.state.current.phase == .queued)
    }

    @Test func R4_aTreeEndsFromItsRootDownwards() throws {
        let root = Ledger(holding: true)
        let below = Ledger(holding: true)
        let (parent, child, grandchild) = (
            run("parent", driver: root), run("child", driver: below) { $0.parentRun = "parent" },
            run("grandchild") { $0.parentRun = "child" }
        )
        for run in [parent, child, grandchild] { #expect(registry.admit(run, at: 0) == .admitted) }
        let answer = Mutex<StopAnswer?>(nil)
        registry.stop(parent, StopRequest(scope: .tree), at: 1) { result in answer.withLock { $0 = result } }
        // A child that ends before its parent would be answered with another turn.
        #expect(parent.state.current.phase == .stopping && child.state.current.phase == .queued)
        #expect(registry.admit(run("late") { $0.parentRun = "parent" }, at: 2) != .admitted)
        root.letGo()
        #expect(child.state.current.phase == .stopping && grandchild.state.current.phase == .queued)
        #expect(answer.withLock { $0 } == nil)
        below.letGo()
        #expect(grandchild.state.current.reason == .treeStop)
        #expect(answer.withLock { $0 }?.stopped == ["parent", "child", "grandchild"])
    }

    @Test func S7_S8_aNameThatCameBackIsNotTheRunThatWasMeant() {
        let first = run("mine")
        #expect(registry.admit(first, at: 0) == .admitted)
        let meant = first.state.current.generation
        ended(first)
        let second = run("mine")
        #expect(registry.admit(second, at: 0) == .admitted)
        let answer = registry.stop(second, StopRequest(ifGeneration: meant))
        #expect(answer?.refusal == .staleOwner && answer?.isCancelled == false)
        #expect(second.state.current.phase == .queued)
        // Forgetting the first does not forget the second.
        #expect(registry.find("mine", at: 5_000) === second)
    }

    @Test func A1_A3_A4_A5_everyAnswerSaysHowItIs() throws {
        let ledger = Ledger()
        let live = run(driver: ledger)
        #expect(registry.admit(live, at: 0) == .admitted)
        let first = try #require(registry.stop(live))
        #expect(first.isCancelled && !first.isDuplicate && first.phase == .stopping && first.stopped == [live.id])
        let second = try #require(registry.stop(live))
        #expect(second.isCancelled && second.isDuplicate && second.stopped == [])
        #expect(ledger.reasons.withLock { $0 } == [.userStop] && live.cancel.duplicates == 1)
        #expect(live.state.settle() == .stopped)
        #expect(try #require(registry.stop(live)).refusal == .alreadyStopped)
        let finished = run()
        #expect(registry.admit(finished, at: 0) == .admitted)
        ended(finished)
        let late = try #require(registry.stop(finished))
        #expect(late.refusal == .alreadyFinished && !late.isCancelled && late.phase == .completed)
    }

    @Test func S6_whatADetectorEndsNobodyElseCancels() throws {
        let capped = run()
        #expect(registry.admit(capped, at: 0) == .admitted)
        capped.requestEnd(.guardTrip(detector: 1))
        let answer = try #require(registry.stop(capped))
        #expect(!answer.isCancelled && answer.refusal == .alreadyStopping && answer.phase == .stopping)
        #expect(capped.state.settle() == .capped)
    }

    @Test func A6_S9_aHundredCancelsAreOneTransitionOneCarryingOutAndOneTerminalEvent() async {
        let ledger = Ledger()
        let run = run(driver: ledger)
        #expect(registry.admit(run, at: 0) == .admitted)
        let registry = registry
        let answers = await withTaskGroup(of: StopAnswer?.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let answer = registry.stop(run)
                    _ = run.state.settle()
                    registry.conclude(run, at: 2, time: 2)
                    return answer
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0?.isCancelled == true && $0?.isDuplicate == false } == 1)
        #expect(answers.allSatisfy { $0?.isCancelled == true || $0?.refusal == .alreadyStopped })
        #expect(ledger.reasons.withLock { $0 } == [.userStop])
        #expect(registry.story.filter { $0.hasPrefix("ended") } == ["ended stopped \(run.id)"])
    }

    @Test func theStoryOfARunIsToldInOrder() {
        let run = run("r")
        #expect(registry.admit(run, at: 0) == .admitted)
        #expect(registry.advance(run, to: .sent, at: 1) && registry.advance(run, to: .streaming, at: 1))
        #expect(registry.advance(run, to: .completed, at: 1) && !registry.advance(run, to: .sent, at: 1))
        #expect(registry.conclude(run, at: 1, time: 1) && !registry.conclude(run, at: 1, time: 1))
        #expect(registry.story == ["started r", "sent r", "streaming r", "ended completed r"])
    }

    @Test func totalsCountWhatWasNotGenerated() {
        let capped = run(maxTokens: 100)
        #expect(registry.admit(capped, at: 0) == .admitted)
        capped.figures.tokens.store(30, ordering: .relaxed)
        registry.totals.received(tokens: 30)
        capped.requestEnd(.guardTrip(detector: 1))
        _ = capped.state.settle()
        registry.conclude(capped, at: 1, time: 1)
        registry.totals.tick()
        let (total, history) = registry.totals.current
        #expect(total.saved == 70 && total.tokens == 30 && total.trips == 1 && total.cancels == 0 && total.runs == 1)
        #expect(history.count == 1 && history[0].saved == 70)
        registry.totals.tick()
        #expect(registry.totals.current.history.last == RunTotals.Counts())
    }
}
