public import Cancellation
private import Synchronization

/// The engine's side of a cancel board: takes runs up, looks at their flags once per step, and says how they ended.
///
/// Threads: ``poll(now:)`` belongs to the one thread that steps. Everything else may be called from any thread; calls
/// about the same handle come one after the other. In an engine of several ranks only the first reads the board and sends
/// its decision with the step, or the ranks would disagree about a step.
public final class BoardReader: Sendable {
    /// Which start of the gateway the board belongs to.
    public let epoch: UInt64
    /// How many slots the board has.
    public let slotCount: Int
    /// The gateway's process.
    public let owner: BoardProcess

    private let command: BoardMemory
    let acknowledgements: BoardMemory
    private let directory: BoardDirectory?
    private let commandFile: BoardDirectory.File?
    private let acknowledgementFile: BoardDirectory.File?

    /// A look at all flags is due after that many steps or that much time, bell or no bell: the gateway may have died
    /// between a flag and the bell.
    static let stepsBetweenLooks: UInt64 = 64
    static let timeBetweenLooks: UInt64 = 250_000_000
    /// A gateway that has been silent for that long has died or hangs.
    static let longestSilence: UInt64 = 5_000_000_000

    // For the thread that steps; the others only ever read `bound`.
    private let lastBell: Atomic<UInt64>
    private let steps = Atomic<UInt64>(0)
    private let lastLookStep = Atomic<UInt64>(0)
    private let lastLook = Atomic<UInt64>(0)
    private let lastStep = Atomic<UInt64>(0)
    private let bound = Atomic<Int>(0)

    init(
        command: BoardMemory,
        acknowledgements: BoardMemory,
        board: BoardHeader,
        directory: BoardDirectory? = nil,
        commandFile: BoardDirectory.File? = nil
    ) {
        self.command = command
        self.acknowledgements = acknowledgements
        self.directory = directory
        self.commandFile = commandFile
        acknowledgementFile = directory?.file(of: .acknowledgement)
        epoch = board.epoch
        slotCount = board.slots
        owner = board.process
        lastBell = Atomic(command.load(BoardLayout.Command.doorbell))
    }

    deinit { directory?.withdraw(.acknowledgement, acknowledgementFile) }

    /// Opens the board in that directory and announces this engine to the gateway.
    /// - Throws: ``BoardError``: `absent` when there is no board (yet), `inUse` when another engine reads it.
    public static func open(at path: String, now: BoardTime = .now()) throws(BoardError) -> BoardReader {
        let directory = try BoardDirectory(path, create: false)
        let file = directory.file(of: .command)
        let (command, board) = try directory.open(.command)
        let acknowledgements = try directory.publish(.acknowledgement, size: command.size) {
            $0.beginAcknowledgements(for: board, now: now)
        }
        return BoardReader(
            command: command,
            acknowledgements: acknowledgements,
            board: board,
            directory: directory,
            commandFile: file
        )
    }

    /// Whether another gateway has put its board where this one was. Then ``open(at:now:)`` gives a reader for its runs;
    /// the runs of this one go on with this one.
    public var isReplaced: Bool {
        guard let directory, let file = directory.file(of: .command) else { return false }
        return file != commandFile
    }

    // MARK: - The life of a run

    /// What is to be done with a run that comes in, or comes back after it was put aside.
    public enum Admission: Sendable, Equatable {
        /// Work on it, and ``finish(_:_:tokens:step:)`` it.
        case admitted
        /// Its flag is raised already: do not begin, and ``finish(_:_:tokens:step:)`` it as cancelled.
        case cancelled(EndReason)
        /// Its slot has another owner or none: nobody waits for it.
        case orphan
        /// The handle is of another start of the gateway. Work on it without the board; a closed connection ends it.
        case foreignEpoch
    }

    /// Takes a run up and looks at its flag once, since that may have been raised before the run got here.
    public func admit(_ handle: BoardHandle) -> Admission {
        guard handle.epoch == epoch else { return .foreignEpoch }
        guard handle.slot < slotCount else { return .orphan }
        let place = BoardLayout.slot(handle.slot)
        let word = BoardWord(raw: command.load(place))
        guard word.generation == handle.generation, word.has(BoardWord.claimed) else { return .orphan }
        var acknowledged = BoardWord(raw: acknowledgements.load(place))
        while true {
            // The word never goes back to an earlier run, nor from the end of a run to its beginning.
            if acknowledged.generation > handle.generation { return .orphan }
            if acknowledged.generation == handle.generation {
                if acknowledged.has(BoardWord.final) { return .orphan }
                if acknowledged.has(BoardWord.bound) { break }
            }
            let next = BoardWord(handle.generation, BoardWord.bound)
            guard let other = acknowledgements.exchange(acknowledged.raw, for: next.raw, at: place) else {
                bound.wrappingAdd(1, ordering: .relaxed)
                break
            }
            acknowledged = BoardWord(raw: other)
        }
        switch state(of: handle) {
        case .running: return .admitted
        case .cancelled(let reason): return .cancelled(reason)
        case .orphan: return .orphan
        }
    }

    /// Whether flags are to be looked at in this step: the bell has rung, or it is time anyway. Call it once per step,
    /// and look at ``state(of:)`` of every run when it says so.
    ///
    /// It also says that the engine is well and how long its steps take.
    public func poll(now: BoardTime) -> Bool {
        let step = steps.load(ordering: .relaxed) &+ 1
        steps.store(step, ordering: .relaxed)
        let bell = command.load(BoardLayout.Command.doorbell)
        let moment = now.nanoseconds
        let isDue =
            bell != lastBell.load(ordering: .relaxed)
            || step &- lastLookStep.load(ordering: .relaxed) >= Self.stepsBetweenLooks
            || now.since(BoardTime(nanoseconds: lastLook.load(ordering: .relaxed))) >= Self.timeBetweenLooks
        measure(moment)
        guard isDue else { return false }
        lastBell.store(bell, ordering: .relaxed)
        lastLookStep.store(step, ordering: .relaxed)
        lastLook.store(moment, ordering: .relaxed)
        acknowledgements.store(step, at: BoardLayout.Acknowledgement.steps)
        acknowledgements.beat(now)
        return true
    }

    /// What a run's slot says now.
    public enum State: Sendable, Equatable {
        /// Go on.
        case running
        /// End the run like one that has come to its end, and finish it as cancelled.
        case cancelled(EndReason)
        /// The slot has another owner or none. End the run and finish it as an orphan, never as cancelled.
        case orphan
    }

    /// Looks at the flag of a run that was admitted.
    public func state(of handle: BoardHandle) -> State {
        guard handle.slot < slotCount, handle.epoch == epoch else { return .orphan }
        let word = BoardWord(raw: command.load(BoardLayout.slot(handle.slot)))
        guard word.generation == handle.generation, word.has(BoardWord.claimed) else { return .orphan }
        guard word.has(BoardWord.cancelled) else { return .running }
        // A gateway of a later version may know reasons that this one does not.
        return .cancelled(EndReason(code: word.code) ?? .userStop)
    }

    /// Whether the run's flag is raised, and by whom it is still owned.
    public func isCancelled(_ handle: BoardHandle) -> Bool {
        if case .cancelled = state(of: handle) { true } else { false }
    }

    /// When the gateway wants the run to be over in any case; `nil` for never.
    public func deadline(of handle: BoardHandle) -> BoardTime? {
        guard case .running = state(of: handle) else { return nil }
        let moment = command.load(BoardLayout.slot(handle.slot) + BoardLayout.CommandSlot.deadline)
        return moment == 0 ? nil : BoardTime(nanoseconds: moment)
    }

    /// Tells the gateway that the engine is done with a run. Every admitted run must be finished.
    /// - Parameters:
    ///   - tokens: How many tokens were generated.
    ///   - step: The step at which it ended; ``stepCount`` unless the engine counts its own.
    /// - Returns: Whether it was told; false when the run was not admitted or is finished already.
    @discardableResult
    public func finish(_ handle: BoardHandle, _ outcome: BoardOutcome, tokens: UInt64, step: UInt64) -> Bool {
        guard handle.epoch == epoch, handle.slot < slotCount else { return false }
        let place = BoardLayout.slot(handle.slot)
        let expected = BoardWord(handle.generation, BoardWord.bound)
        guard acknowledgements.load(place) == expected.raw else { return false }
        acknowledgements.store(tokens, at: place + BoardLayout.AcknowledgementSlot.tokens)
        acknowledgements.store(step, at: place + BoardLayout.AcknowledgementSlot.step)
        // Last, and after the figures: the gateway reads them once it sees this word.
        let last = BoardWord(handle.generation, code: outcome.rawValue, BoardWord.final)
        guard acknowledgements.exchange(expected.raw, for: last.raw, at: place) == nil else { return false }
        bound.wrappingSubtract(1, ordering: .relaxed)
        return true
    }

    /// How many steps ``poll(now:)`` has seen.
    public var stepCount: UInt64 { steps.load(ordering: .relaxed) }

    /// How many runs are admitted and not finished.
    public var boundCount: Int { bound.load(ordering: .relaxed) }

    // MARK: - When there is nothing to do

    /// Says that the engine is well. For engines that do not step while they have nothing to do.
    public func beat(now: BoardTime = .now()) { acknowledgements.beat(now) }

    /// Whether the gateway has said lately that it is well. It hangs or is gone when not; whether runs go on then is the
    /// engine's choice.
    public func ownerIsWell(now: BoardTime = .now()) -> Bool {
        now.since(command.heartbeat) <= Self.longestSilence
    }

    /// Sleeps until the bell rings, at most that long; returns at once when it has rung since the last poll.
    public func sleep(nanoseconds: UInt64) {
        acknowledgements.add(1, at: BoardLayout.Acknowledgement.sleepers)
        let futex = command.half(BoardLayout.Command.futex)
        if command.loadInOrder(BoardLayout.Command.doorbell) == lastBell.load(ordering: .relaxed) {
            command.sleep(on: BoardLayout.Command.futex, while: futex, nanoseconds: nanoseconds)
        }
        acknowledgements.add(UInt64.max, at: BoardLayout.Acknowledgement.sleepers)
    }

    /// Only time with work to do is a step: an engine may well wait an hour for its next run.
    private func measure(_ moment: UInt64) {
        let last = lastStep.load(ordering: .relaxed)
        let works = boundCount > 0
        lastStep.store(works ? moment : 0, ordering: .relaxed)
        guard works, last != 0, moment > last else { return }
        let longest = BoardLayout.Acknowledgement.longestStep
        if moment - last > acknowledgements.load(longest) { acknowledgements.store(moment - last, at: longest) }
    }
}
