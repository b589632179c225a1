import Cancellation
import Foundation
import Testing

@testable import CancelBoard

/// The protocol on private memory: the very code that two processes run on shared memory.
struct BoardProtocolTests {
    private let start = BoardTime(nanoseconds: 1_000_000_000_000)
    private let second: UInt64 = 1_000_000_000
    private let board: BoardOwner
    private let reader: BoardReader

    init() throws { (board, reader) = try BoardOwner.inProcess(slots: 2, now: start) }

    private func claim() throws -> BoardHandle { try #require(board.claim(runHash: 1, now: start)) }

    // MARK: A run's way

    @Test func aRunThatEndsByItselfIsAcknowledgedAndFreesItsSlot() throws {
        let run = try claim()
        #expect(board.acknowledgement(run)?.state == BoardAcknowledgement.State.none)
        #expect(reader.admit(run) == .admitted)
        #expect(board.acknowledgement(run)?.state == .bound)
        #expect(reader.state(of: run) == .running)
        #expect(reader.finish(run, .natural, tokens: 12, step: 34))
        #expect(board.acknowledgement(run) == BoardAcknowledgement(state: .final(.natural), tokens: 12, step: 34))
        #expect(board.release(run, connectionEnded: true, now: start) == .freed)
        #expect(board.release(run, connectionEnded: true, now: start) == .stale)
        #expect(board.statistics == BoardStatistics(claims: 1, refusals: 0, free: 2, held: 0, resting: 0))
    }

    @Test func aCancelReachesTheEngineWithItsReasonAndIsConfirmed() throws {
        let run = try claim()
        #expect(reader.admit(run) == .admitted)
        _ = reader.poll(now: start)
        #expect(!reader.poll(now: start))
        let reason = EndReason.guardTrip(detector: 5)
        #expect(board.cancel(run, reason) == .accepted)
        #expect(reader.poll(now: start))
        #expect(reader.isCancelled(run))
        #expect(reader.state(of: run) == .cancelled(reason))
        #expect(reader.finish(run, .cancelled, tokens: 3, step: 4))
        #expect(board.acknowledgement(run)?.isConfirmedCancel == true)
    }

    @Test func aCancelThatCameBeforeTheRunIsSeenAtAdmission() throws {
        let run = try claim()
        #expect(board.cancel(run, .clientDisconnect) == .accepted)
        // The bell has been heard for other runs, and rings no more for this one.
        _ = reader.poll(now: start)
        #expect(reader.admit(run) == .cancelled(.clientDisconnect))
        #expect(reader.finish(run, .cancelled, tokens: 0, step: 1))
        #expect(board.acknowledgement(run)?.isConfirmedCancel == true)
    }

    @Test func aRunThatWasPutAsideSeesItsFlagWhenItComesBack() throws {
        let run = try claim()
        #expect(reader.admit(run) == .admitted)
        #expect(reader.admit(run) == .admitted)
        #expect(board.cancel(run, .userStop) == .accepted)
        #expect(reader.admit(run) == .cancelled(.userStop))
        #expect(reader.boundCount == 1)
    }

    @Test func theFirstReasonStays() throws {
        let run = try claim()
        #expect(board.cancel(run, .deadline) == .accepted)
        #expect(board.cancel(run, .userStop) == .already)
        #expect(reader.admit(run) == .cancelled(.deadline))
    }

    @Test func aCancelAfterTheEndSaysThatTheRunIsFinished() throws {
        let run = try claim()
        _ = reader.admit(run)
        reader.finish(run, .natural, tokens: 1, step: 1)
        #expect(board.cancel(run, .userStop) == .alreadyFinished)
        board.release(run, connectionEnded: true, now: start)
        #expect(board.cancel(run, .userStop) == .alreadyFinished)
    }

    @Test func aNaturalEndThatCameFirstIsReportedAsSuch() throws {
        let run = try claim()
        _ = reader.admit(run)
        #expect(board.cancel(run, .userStop) == .accepted)
        #expect(reader.finish(run, .natural, tokens: 9, step: 1))
        #expect(board.acknowledgement(run)?.state == .final(.natural))
        #expect(board.acknowledgement(run)?.isConfirmedCancel == false)
    }

    @Test func whatIsFinishedIsNotFinishedAgain() throws {
        let run = try claim()
        #expect(!reader.finish(run, .natural, tokens: 1, step: 1))
        _ = reader.admit(run)
        #expect(reader.finish(run, .failed, tokens: 1, step: 1))
        #expect(!reader.finish(run, .cancelled, tokens: 2, step: 2))
        #expect(reader.admit(run) == .orphan)
        #expect(board.acknowledgement(run) == BoardAcknowledgement(state: .final(.failed), tokens: 1, step: 1))
    }

    @Test func theEngineLearnsTheDeadline() throws {
        let run = try #require(board.claim(runHash: 1, deadline: start + second, now: start))
        #expect(reader.deadline(of: run) == start + second)
        #expect(reader.deadline(of: try claim()) == nil)
    }

    // MARK: Owners

    /// Uses the slot of `run` for another run, as the quarantine allows.
    private func nextOwner(of run: BoardHandle) throws -> BoardHandle {
        board.release(run, connectionEnded: true, now: start)
        board.maintain(now: start + 6 * second)
        let others = [try claim(), try claim()]
        return try #require(others.first { $0.slot == run.slot })
    }

    @Test func aLateCancelDoesNotTouchTheNextOwner() throws {
        let first = try claim()
        let second = try nextOwner(of: first)
        #expect(board.cancel(first, .userStop) == .stale)
        #expect(reader.admit(second) == .admitted)
        #expect(reader.state(of: second) == .running)
    }

    @Test func aRunWhoseSlotWentOnIsAnOrphanAndNeverCancelled() throws {
        let first = try claim()
        #expect(reader.admit(first) == .admitted)
        let second = try nextOwner(of: first)
        #expect(board.cancel(second, .userStop) == .accepted)
        #expect(reader.state(of: first) == .orphan)
        #expect(!reader.isCancelled(first))
    }

    @Test func aLateFinishDoesNotSpeakForTheNextOwner() throws {
        let first = try claim()
        #expect(reader.admit(first) == .admitted)
        let second = try nextOwner(of: first)
        #expect(reader.admit(second) == .admitted)
        #expect(!reader.finish(first, .orphan, tokens: 99, step: 99))
        #expect(board.acknowledgement(second)?.state == .bound)
        #expect(board.acknowledgement(first)?.state == BoardAcknowledgement.State.none)
        #expect(reader.finish(second, .natural, tokens: 1, step: 2))
        #expect(board.acknowledgement(second) == BoardAcknowledgement(state: .final(.natural), tokens: 1, step: 2))
    }

    /// As when one thread of the engine takes up an old run while another takes up the slot's next one.
    @Test func theEnginesWordNeverGoesBackToAnEarlierRun() throws {
        let run = try claim()
        let later = BoardWord(run.generation + 1, BoardWord.bound).raw
        reader.acknowledgements.store(later, at: BoardLayout.slot(run.slot))
        #expect(reader.admit(run) == .orphan)
        #expect(reader.acknowledgements.load(BoardLayout.slot(run.slot)) == later)
    }

    @Test func aProcessIsToldFromALaterOneOfTheSameNumber() {
        let own = BoardProcess.own
        #expect(own.isAlive)
        #expect(!BoardProcess(identifier: own.identifier, start: own.start + 1).isAlive)
        #expect(!BoardProcess(identifier: 0, start: 0).isAlive)
    }

    @Test func aHandleOfNoOwnerIsAnOrphan() throws {
        let run = try claim()
        board.release(run, connectionEnded: true, now: start)
        board.maintain(now: start + 6 * second)
        #expect(reader.admit(run) == .orphan)
        #expect(board.cancel(run, .userStop) == .stale)
    }

    @Test func aHandleOfAnotherBoardMeansNothingHere() throws {
        let (other, _) = try BoardOwner.inProcess(slots: 2, now: start)
        let run = try claim()
        let foreign = try #require(other.claim(runHash: 1, now: start))
        #expect(foreign.slot == run.slot && foreign.generation == run.generation)
        #expect(reader.admit(foreign) == .foreignEpoch)
        #expect(board.cancel(foreign, .userStop) == .stale)
        #expect(board.acknowledgement(foreign) == nil)
        #expect(board.release(foreign, connectionEnded: true, now: start) == .stale)
        #expect(reader.state(of: foreign) == .orphan)
        #expect(!reader.finish(foreign, .natural, tokens: 0, step: 0))
    }

    @Test func aHandleOutsideOfTheBoardIsHarmless() throws {
        let text = try claim().description.split(separator: ":")
        let outside = try BoardHandle(parsing: "\(text[0]):65535:1")
        #expect(reader.admit(outside) == .orphan)
        #expect(reader.state(of: outside) == .orphan)
        #expect(board.cancel(outside, .userStop) == .stale)
        #expect(board.acknowledgement(outside) == nil)
    }

    // MARK: Slots

    @Test func aFullBoardRefusesAndCounts() throws {
        _ = try claim()
        _ = try claim()
        #expect(board.claim(runHash: 3, now: start) == nil)
        #expect(board.claim(runHash: 4, now: start) == nil)
        #expect(board.statistics == BoardStatistics(claims: 2, refusals: 2, free: 0, held: 2, resting: 0))
    }

    @Test func aSlotWhoseEngineIsSilentRestsForFiveSeconds() throws {
        let runs = [try claim(), try claim()]
        _ = reader.admit(runs[0])
        for run in runs { #expect(board.release(run, connectionEnded: true, now: start) == .resting) }
        #expect(board.claim(runHash: 1, now: start + (5 * second - 1)) == nil)
        #expect(board.claim(runHash: 1, now: start + 5 * second) != nil)
        #expect(board.statistics.free == 1)
    }

    @Test func aSlowStepMakesSlotsRestLonger() throws {
        let run = try claim()
        _ = reader.admit(run)
        _ = reader.poll(now: start)
        _ = reader.poll(now: start + 10 * second)
        board.release(run, connectionEnded: true, now: start)
        board.maintain(now: start + 19 * second)
        #expect(board.statistics.resting == 1)
        board.maintain(now: start + 20 * second)
        #expect(board.statistics.resting == 0)
    }

    @Test func waitingForWorkIsNoStep() throws {
        _ = reader.poll(now: start)
        _ = reader.poll(now: start + 3_600 * second)
        let run = try claim()
        _ = reader.admit(run)
        _ = reader.poll(now: start + 7_200 * second)
        board.release(run, connectionEnded: true, now: start)
        board.maintain(now: start + 5 * second)
        #expect(board.statistics.free == 2)
    }

    @Test func whileTheConnectionLivesOnlyTheEnginesWordFreesTheSlot() throws {
        let run = try claim()
        _ = reader.admit(run)
        #expect(board.release(run, connectionEnded: false, now: start) == .resting)
        board.maintain(now: start + 1_000 * second)
        #expect(board.statistics.resting == 1)
        reader.finish(run, .natural, tokens: 0, step: 0)
        board.maintain(now: start + 1_000 * second)
        #expect(board.statistics.free == 2)
    }

    // MARK: Looking

    @Test func aFlagWithoutABellIsSeenAfterSixtyFourStepsAtMost() throws {
        let run = try claim()
        _ = reader.admit(run)
        _ = reader.poll(now: start)
        #expect(board.cancelWithoutBell(run, .userStop) == .accepted)
        let due = (1...64).first { _ in reader.poll(now: start) }
        #expect(due == 64)
        #expect(reader.isCancelled(run))
    }

    @Test func aFlagWithoutABellIsSeenAfterAQuarterOfASecondAtMost() throws {
        _ = reader.poll(now: start)
        #expect(!reader.poll(now: start + (second / 4 - 1)))
        #expect(reader.poll(now: start + second / 4))
    }

    @Test func manyCancelsBetweenTwoStepsMakeOneLook() throws {
        _ = reader.poll(now: start)
        for _ in 0..<2 { board.cancel(try claim(), .shutdown) }
        #expect(reader.poll(now: start))
        #expect(!reader.poll(now: start))
    }

    @Test func aSleepingEngineWakesAtTheBell() async throws {
        let run = try claim()
        _ = reader.admit(run)
        _ = reader.poll(now: start)
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [reader] in
                // Nothing but the bell ends this before its time.
                while !reader.isCancelled(run) { reader.sleep(nanoseconds: 600_000_000_000) }
                continuation.resume()
            }
            #expect(board.cancel(run, .userStop) == .accepted)
        }
    }

    @Test func silenceOfTheGatewayIsNoticed() throws {
        board.maintain(now: start)
        #expect(reader.ownerIsWell(now: start + 5 * second))
        #expect(!reader.ownerIsWell(now: start + (5 * second + 1)))
        board.maintain(now: start + 6 * second)
        #expect(reader.ownerIsWell(now: start + 7 * second))
    }

    @Test func theGatewaySeesTheEnginesHeartbeat() throws {
        reader.beat(now: start + 3 * second)
        #expect(board.engineHeartbeat == start + 3 * second)
        #expect(board.engine?.isAlive == true)
    }

    @Test(arguments: [0, -1, 65_537]) func aBoardOfSoManySlotsIsRefused(slots: Int) {
        #expect(throws: BoardError.slots(slots)) { try BoardOwner.inProcess(slots: slots) }
    }

    // MARK: Many at once

    @Test func cancelsFromEverywhereNeverHitAnotherOwner() async throws {
        let (board, reader) = try BoardOwner.inProcess(slots: 4)
        await withTaskGroup(of: Int.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var wrong = 0
                    var random = Numbers(seed: UInt64(worker))
                    var gone: [BoardHandle] = []
                    for round in 0..<2_000 {
                        guard let run = board.claim(runHash: UInt64(round)) else { continue }
                        let isMeant = Int.random(in: 0..<3, using: &random) == 0
                        _ = reader.admit(run)
                        if isMeant, board.cancel(run, .userStop) != .accepted { wrong += 1 }
                        for handle in gone where board.cancel(handle, .treeStop) == .accepted { wrong += 1 }
                        if reader.isCancelled(run) != isMeant { wrong += 1 }
                        reader.finish(run, isMeant ? .cancelled : .natural, tokens: UInt64(round), step: 0)
                        if board.acknowledgement(run)?.isConfirmedCancel != isMeant { wrong += 1 }
                        if board.acknowledgement(run)?.tokens != UInt64(round) { wrong += 1 }
                        if board.release(run, connectionEnded: true) != .freed { wrong += 1 }
                        gone.append(run)
                        if gone.count > 8 { gone.removeFirst() }
                    }
                    return wrong
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
        #expect(board.statistics.free == 4)
        #expect(reader.boundCount == 0)
    }
}
