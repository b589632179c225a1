public import Cancellation
private import Synchronization

/// The gateway's side of a cancel board: gives slots to runs, raises their flags, and reads what the engine answers.
///
/// Every method may be called from any thread, and none waits for the engine. Claiming and releasing take a short lock;
/// a cancel is one compare-and-swap. Only ``maintain(now:)``, and ``claim(runHash:deadline:now:)`` while no engine has
/// come, look at the directory.
public final class BoardOwner: Sendable {
    /// Random, new at each start. The engine recognises handles of a gateway that is no more by it.
    public let epoch: UInt64
    /// How many runs can have a slot at the same time.
    public let slotCount: Int

    let command: BoardMemory
    private let books: Mutex<Books>
    private let directory: BoardDirectory?
    private let file: BoardDirectory.File?

    private struct Books {
        var ledger: SlotLedger
        var engine: Engine?
        var lastLook: BoardTime?
        var claims: UInt64 = 0
        var refusals: UInt64 = 0
    }

    /// An engine that has opened the board.
    private struct Engine {
        let memory: BoardMemory
        let process: BoardProcess
        let file: BoardDirectory.File?
    }

    private init(_ command: BoardMemory, slots: Int, epoch: UInt64, _ directory: BoardDirectory?) {
        self.command = command
        self.epoch = epoch
        self.directory = directory
        slotCount = slots
        file = directory?.file(of: .command)
        books = Mutex(Books(ledger: SlotLedger(slots: slots)))
    }

    /// The board's name goes with it, so that an engine that comes later does not open a board without an owner.
    deinit { directory?.withdraw(.command, file) }

    // MARK: - Making a board

    /// Makes a board in files of mode 0600 for an engine of the same user.
    /// - Parameters:
    ///   - path: A directory, best on tmpfs such as `/run/loopguard`; made with mode 0700 when there is none. What a
    ///     gateway that has ended left there is replaced.
    ///   - slots: How many runs can have a slot at the same time; 128 bytes each.
    /// - Throws: ``BoardError``, such as `inUse` when another gateway runs on the directory.
    public static func create(at path: String, slots: Int, now: BoardTime = .now()) throws(BoardError) -> BoardOwner {
        let directory = try BoardDirectory(path, create: true)
        return try make(slots, now, directory) { size, begin throws(BoardError) in
            try directory.publish(.command, size: size, begin: begin)
        }
    }

    /// Makes a board in sealed memory without a name, for an engine of another user; see ``share(over:withUser:)``.
    public static func createSealed(slots: Int, now: BoardTime = .now()) throws(BoardError) -> BoardOwner {
        try make(slots, now, nil) { size, begin throws(BoardError) in
            let memory = try BoardMemory.sealed(name: "loopguard-board-cmd", size: size)
            begin(memory)
            return memory
        }
    }

    /// Makes a board in private memory and its reader, for an engine in the same process.
    public static func inProcess(slots: Int, now: BoardTime = .now()) throws(BoardError) -> (BoardOwner, BoardReader) {
        let owner = try make(slots, now, nil) { size, begin throws(BoardError) in
            let memory = try BoardMemory.private(size: size)
            begin(memory)
            return memory
        }
        let board = BoardHeader(slots: slots, epoch: owner.epoch, process: .own)
        let acknowledgements = try BoardMemory.private(size: owner.command.size)
        acknowledgements.beginAcknowledgements(for: board, now: now)
        owner.attach(acknowledgements, .own)
        return (owner, BoardReader(command: owner.command, acknowledgements: acknowledgements, board: board))
    }

    private static func make(
        _ slots: Int,
        _ now: BoardTime,
        _ directory: BoardDirectory?,
        _ memory: (_ size: Int, _ begin: (BoardMemory) -> Void) throws(BoardError) -> BoardMemory
    ) throws(BoardError) -> BoardOwner {
        guard BoardLayout.slotLimits.contains(slots) else { throw .slots(slots) }
        let epoch = UInt64.random(in: 1...UInt64.max)
        let command = try memory(BoardLayout.size(slots: slots)) {
            $0.beginBoard(slots: slots, epoch: epoch, now: now)
        }
        return BoardOwner(command, slots: slots, epoch: epoch, directory)
    }

    // MARK: - The life of a slot

    /// Gives a run a slot.
    ///
    /// A handle is good for one request to one engine. A request that is sent again, or to another engine, needs another
    /// handle: the engine may have finished the first one, and would take it for an orphan.
    /// - Parameters:
    ///   - runHash: Stands beside the slot for whoever looks at a board to find a fault; nothing depends on it.
    ///   - deadline: Tells the engine when the run is to be over in any case; `nil` for never.
    /// - Returns: The handle to send to the engine; `nil` when all slots are taken: then the run goes on without one.
    public func claim(runHash: UInt64, deadline: BoardTime? = nil, now: BoardTime = .now()) -> BoardHandle? {
        books.withLock { books in
            if books.engine == nil { lookForEngine(&books, now) }
            if books.ledger.freeCount == 0 { wake(&books, now) }
            guard let (slot, generation) = books.ledger.claim() else {
                books.refusals += 1
                return nil
            }
            books.claims += 1
            let place = BoardLayout.slot(slot)
            command.store(runHash, at: place + BoardLayout.CommandSlot.runHash)
            command.store(deadline?.nanoseconds ?? 0, at: place + BoardLayout.CommandSlot.deadline)
            command.store(BoardWord(generation, BoardWord.claimed).raw, at: place)
            return BoardHandle(epoch: epoch, slot: slot, generation: generation)
        }
    }

    /// Raises the flag of a run.
    ///
    /// `accepted` does not mean that the engine will not come to the run's natural end first;
    /// ``acknowledgement(_:)`` tells how it went.
    @discardableResult
    public func cancel(_ handle: BoardHandle, _ reason: EndReason) -> CancelResult {
        let engine = books.withLock { $0.engine?.memory }
        let result = raise(handle, reason, engine)
        // The flag first, then the bell: whoever hears the bell sees the flag.
        if result == .accepted { ring(engine) }
        return result
    }

    /// What a gateway has done that dies between the flag and the bell.
    package func cancelWithoutBell(_ handle: BoardHandle, _ reason: EndReason) -> CancelResult {
        raise(handle, reason, books.withLock { $0.engine?.memory })
    }

    private func raise(_ handle: BoardHandle, _ reason: EndReason, _ engine: BoardMemory?) -> CancelResult {
        guard isOurs(handle) else { return .stale }
        if let engine, Self.isFinal(engine, handle.slot, handle.generation) { return .alreadyFinished }
        let place = BoardLayout.slot(handle.slot)
        let raised = BoardWord(handle.generation, code: reason.code, BoardWord.claimed | BoardWord.cancelled)
        var word = BoardWord(raw: command.load(place))
        while true {
            guard word.generation == handle.generation, word.has(BoardWord.claimed) else { return .stale }
            if word.has(BoardWord.cancelled) { return .already }
            guard let other = command.exchange(word.raw, for: raised.raw, at: place) else { return .accepted }
            word = BoardWord(raw: other)
        }
    }

    /// What the engine says about a run; `nil` when the handle is not of this board.
    public func acknowledgement(_ handle: BoardHandle) -> BoardAcknowledgement? {
        guard isOurs(handle) else { return nil }
        let nothing = BoardAcknowledgement(state: .none, tokens: 0, step: 0)
        guard let engine = books.withLock({ $0.engine?.memory }) else { return nothing }
        let place = BoardLayout.slot(handle.slot)
        let word = BoardWord(raw: engine.load(place))
        guard word.generation == handle.generation else { return nothing }
        guard word.has(BoardWord.final), let outcome = BoardOutcome(rawValue: word.code) else {
            return BoardAcknowledgement(state: word.has(BoardWord.bound) ? .bound : .none, tokens: 0, step: 0)
        }
        let tokens = engine.load(place + BoardLayout.AcknowledgementSlot.tokens)
        let step = engine.load(place + BoardLayout.AcknowledgementSlot.step)
        // The figures are those of this run only if the slot has not gone to another in the meantime.
        guard engine.load(place) == word.raw else { return nothing }
        return BoardAcknowledgement(state: .final(outcome), tokens: tokens, step: step)
    }

    /// Gives a slot back. Every claimed slot must be, once its run is over.
    /// - Parameter connectionEnded: Whether the engine can know that nobody waits for its answer any more: its answer
    ///   came whole, the connection to it is closed, or the request was never sent. Until a call says so, only the
    ///   engine's own word frees the slot.
    @discardableResult
    public func release(_ handle: BoardHandle, connectionEnded: Bool, now: BoardTime = .now()) -> ReleaseResult {
        guard isOurs(handle) else { return .stale }
        return books.withLock { books in
            guard books.ledger.holds(handle.slot, handle.generation) else { return .stale }
            if let engine = books.engine?.memory, Self.isFinal(engine, handle.slot, handle.generation) {
                vacate(handle.slot, handle.generation)
                books.ledger.free(handle.slot)
                return .freed
            }
            books.ledger.rest(handle.slot, until: connectionEnded ? now + quarantine(books.engine?.memory) : nil)
            return .resting
        }
    }

    // MARK: - Once a second or so

    /// The shortest quarantine of a slot whose engine has not said that it is done: 5 s.
    public static let shortestQuarantine: UInt64 = 5_000_000_000
    /// However long a step once took, a slot does not rest for longer: 120 s.
    static let longestQuarantine: UInt64 = 120_000_000_000

    /// Says that the gateway is well, finds an engine that has come or come back, and wakes slots that have rested.
    ///
    /// Call it at least every second.
    public func maintain(now: BoardTime = .now()) {
        command.beat(now)
        books.withLock { books in
            books.lastLook = nil
            lookForEngine(&books, now)
            wake(&books, now)
        }
    }

    /// The engine that reads the board, if any has opened it.
    public var engine: BoardProcess? { books.withLock { $0.engine?.process } }

    /// When the engine last said that it is well.
    public var engineHeartbeat: BoardTime? { books.withLock { $0.engine?.memory.heartbeat } }

    /// The board in figures.
    public var statistics: BoardStatistics {
        books.withLock { books in
            BoardStatistics(
                claims: books.claims,
                refusals: books.refusals,
                free: books.ledger.freeCount,
                held: books.ledger.heldCount,
                resting: books.ledger.restingCount
            )
        }
    }

    /// Takes on the region of an engine.
    func attach(_ acknowledgements: BoardMemory, _ process: BoardProcess) {
        books.withLock { $0.engine = Engine(memory: acknowledgements, process: process, file: nil) }
    }

    // MARK: - Inside

    private func isOurs(_ handle: BoardHandle) -> Bool { handle.epoch == epoch && handle.slot < slotCount }

    private static func isFinal(_ engine: BoardMemory, _ slot: UInt32, _ generation: UInt64) -> Bool {
        let word = BoardWord(raw: engine.load(BoardLayout.slot(slot)))
        return word.generation == generation && word.has(BoardWord.final)
    }

    private func ring(_ engine: BoardMemory?) {
        command.add(1, at: BoardLayout.Command.doorbell)
        command.addToHalf(BoardLayout.Command.futex)
        // An engine announces that it is about to sleep before it looks at the futex for the last time.
        if let engine, engine.loadInOrder(BoardLayout.Acknowledgement.sleepers) != 0 {
            command.wake(BoardLayout.Command.futex)
        }
    }

    private func vacate(_ slot: UInt32, _ generation: UInt64) {
        command.store(BoardWord(generation, 0).raw, at: BoardLayout.slot(slot))
    }

    private func wake(_ books: inout Books, _ now: BoardTime) {
        let engine = books.engine?.memory
        books.ledger.wake(
            at: now,
            isFinal: { slot, generation in engine.map { Self.isFinal($0, slot, generation) } ?? false },
            freed: vacate
        )
    }

    /// Twice the longest step: an engine that has not looked at its flags for that long has dropped the run.
    private func quarantine(_ engine: BoardMemory?) -> UInt64 {
        let step = engine?.load(BoardLayout.Acknowledgement.longestStep) ?? 0
        return min(
            max(step.multipliedReportingOverflow(by: 2).partialValue, Self.shortestQuarantine),
            Self.longestQuarantine
        )
    }

    /// Maps the region of an engine that has come since the last look. At most ten looks per second.
    private func lookForEngine(_ books: inout Books, _ now: BoardTime) {
        guard let directory, books.lastLook.map({ now.since($0) >= 100_000_000 }) ?? true else { return }
        books.lastLook = now
        guard let file = directory.file(of: .acknowledgement), file != books.engine?.file,
            let (memory, header) = try? directory.open(.acknowledgement),
            header.epoch == epoch, header.slots == slotCount
        else { return }
        books.engine = Engine(memory: memory, process: header.process, file: file)
    }
}
