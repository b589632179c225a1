import Testing

@testable import CancelBoard

struct SlotLedgerTests {
    private let start = BoardTime(nanoseconds: 1_000)

    @Test func slotsAreGivenOutInTheOrderInWhichTheyCameBack() throws {
        var ledger = SlotLedger(slots: 3)
        for slot: UInt32 in [0, 1, 2] {
            let claim = ledger.claim()
            #expect(claim?.slot == slot && claim?.generation == 1)
        }
        #expect(ledger.claim()?.slot == nil)
        ledger.free(2)
        ledger.free(0)
        for slot: UInt32 in [2, 0] {
            let claim = ledger.claim()
            #expect(claim?.slot == slot && claim?.generation == 2)
        }
        #expect(ledger.claim()?.slot == nil)
    }

    @Test func aRestingSlotComesBackAtItsTimeOrAtTheEnginesWord() throws {
        var ledger = SlotLedger(slots: 3)
        for _ in 0..<3 { _ = ledger.claim() }
        ledger.rest(0, until: start + 10)
        ledger.rest(1, until: nil)
        ledger.rest(2, until: nil)
        var freed: [UInt32] = []
        ledger.wake(at: start + 9, isFinal: { slot, _ in slot == 2 }, freed: { slot, _ in freed.append(slot) })
        #expect(freed == [2])
        ledger.wake(at: start + 10, isFinal: { _, _ in false }, freed: { slot, _ in freed.append(slot) })
        #expect(freed == [2, 0])
        #expect(ledger.restingCount == 1)
        // The connection has ended at last.
        ledger.rest(1, until: start + 20)
        ledger.wake(at: start + 20, isFinal: { _, _ in false }, freed: { slot, _ in freed.append(slot) })
        #expect(freed == [2, 0, 1])
        #expect(ledger.freeCount == 3)
    }

    @Test func aSlotWhoseGenerationsAreUsedUpIsNeverGivenOutAgain() throws {
        var ledger = SlotLedger(slots: 1)
        ledger.setGenerations(BoardWord.lastGeneration - 1)
        let last = ledger.claim()
        #expect(last?.generation == BoardWord.lastGeneration)
        ledger.free(0)
        #expect(ledger.claim()?.slot == nil)
        #expect(!ledger.holds(0, BoardWord.lastGeneration))
    }

    /// Against books that are kept in the plainest way.
    @Test(arguments: 0..<20)
    func noSlotIsEverGivenToTwoAndNoneIsLost(seed: UInt64) {
        var random = Numbers(seed: seed)
        var ledger = SlotLedger(slots: 5)
        var held: [UInt32: UInt64] = [:]
        var resting: [UInt32: BoardTime?] = [:]
        var newest: [UInt32: UInt64] = [:]
        var now = start
        for _ in 0..<2_000 {
            now = now + UInt64.random(in: 0..<5, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                guard let (slot, generation) = ledger.claim() else {
                    #expect(held.count + resting.count == 5)
                    break
                }
                #expect(held[slot] == nil && resting[slot] == nil)
                #expect(generation == newest[slot, default: 0] + 1)
                newest[slot] = generation
                held[slot] = generation
            case 1:
                guard let slot = held.keys.randomElement(using: &random) else { break }
                held[slot] = nil
                ledger.free(slot)
            case 2:
                guard let slot = held.keys.randomElement(using: &random) else { break }
                held[slot] = nil
                let moment = Bool.random(using: &random) ? now + 10 : nil
                resting[slot] = .some(moment)
                ledger.rest(slot, until: moment)
            default:
                let final = UInt32.random(in: 0..<5, using: &random)
                ledger.wake(at: now, isFinal: { slot, _ in slot == final }, freed: { _, _ in })
                resting = resting.filter { slot, moment in slot != final && (moment.map { $0 > now } ?? true) }
            }
            #expect(ledger.heldCount == held.count)
            #expect(ledger.restingCount == resting.count)
            #expect(ledger.freeCount == 5 - held.count - resting.count)
        }
    }
}

/// The same numbers every time: SplitMix64 (Steele, Lea, Flood 2014).
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
