/// Who has which slot: the gateway's own books, a value without memory or clock behind it.
///
/// Slots are given out in the order in which they came back, so that a slot rests as long as possible between two runs.
struct SlotLedger {
    private enum Use: Equatable {
        case free
        case held
        /// Given back while the engine may still work on it; free at that moment, or as soon as the engine says that it
        /// is done. Without a moment only the engine's word counts.
        case resting(until: BoardTime?)
        /// All its generations are used up.
        case retired
    }

    private var uses: [Use]
    private var generations: [UInt64]
    /// A ring of the free slots, oldest first.
    private var ring: [UInt32]
    private var first = 0
    private(set) var freeCount: Int
    private(set) var restingCount = 0

    init(slots: Int) {
        uses = Array(repeating: .free, count: slots)
        generations = Array(repeating: 0, count: slots)
        ring = (0..<UInt32(slots)).map(\.self)
        freeCount = slots
    }

    var heldCount: Int { uses.count - freeCount - restingCount }

    /// Gives out the slot that has been free for longest, with its next generation.
    mutating func claim() -> (slot: UInt32, generation: UInt64)? {
        while freeCount > 0 {
            let slot = ring[first]
            first = (first + 1) % ring.count
            freeCount -= 1
            let index = Int(slot)
            guard generations[index] < BoardWord.lastGeneration else {
                uses[index] = .retired
                continue
            }
            generations[index] += 1
            uses[index] = .held
            return (slot, generations[index])
        }
        return nil
    }

    /// Whether that use of the slot has not been freed yet.
    func holds(_ slot: UInt32, _ generation: UInt64) -> Bool {
        generations[Int(slot)] == generation && uses[Int(slot)] != .free && uses[Int(slot)] != .retired
    }

    /// Takes a slot back at once.
    mutating func free(_ slot: UInt32) {
        if case .resting = uses[Int(slot)] { restingCount -= 1 }
        uses[Int(slot)] = .free
        ring[(first + freeCount) % ring.count] = slot
        freeCount += 1
    }

    /// Takes a slot back later. A moment that was set stays.
    mutating func rest(_ slot: UInt32, until moment: BoardTime?) {
        switch uses[Int(slot)] {
        case .resting(until: .some): return
        case .resting(until: nil): break
        default: restingCount += 1
        }
        uses[Int(slot)] = .resting(until: moment)
    }

    /// Frees the resting slots whose time has come or whose engine is done with them.
    /// - Parameter freed: Told about each, before it is free.
    mutating func wake(
        at now: BoardTime,
        isFinal: (_ slot: UInt32, _ generation: UInt64) -> Bool,
        freed: (_ slot: UInt32, _ generation: UInt64) -> Void
    ) {
        guard restingCount > 0 else { return }
        for index in uses.indices {
            guard case .resting(let moment) = uses[index] else { continue }
            let slot = UInt32(index)
            guard moment.map({ $0 <= now }) ?? false || isFinal(slot, generations[index]) else { continue }
            freed(slot, generations[index])
            free(slot)
        }
    }

    #if DEBUG
    /// For tests: as if the slots had been used that often.
    mutating func setGenerations(_ generation: UInt64) {
        generations = Array(repeating: generation, count: generations.count)
    }
    #endif
}
