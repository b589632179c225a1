/// What both regions of a board begin with.
struct BoardHeader: Equatable {
    var slots: Int
    /// The gateway's start; random.
    var epoch: UInt64
    /// Who writes the region.
    var process: BoardProcess

    private typealias Place = BoardLayout.Header

    init(slots: Int, epoch: UInt64, process: BoardProcess) {
        self.slots = slots
        self.epoch = epoch
        self.process = process
    }

    /// Reads the header of memory that another process wrote.
    /// - Parameter name: What it is called in errors.
    init(reading memory: BoardMemory, magic: UInt64, name: String) throws(BoardError) {
        func fail(_ why: String) -> BoardError { .unreadable(path: name, why: why) }
        guard memory.load(Place.magic) == magic else { throw fail("it does not begin with its magic") }
        let version = memory.load(Place.versionAndHeaderSize)
        guard version == Self.pair(BoardLayout.version, UInt32(BoardLayout.headerSize)) else {
            throw fail("its layout is version \(version & 0xffff_ffff), ours is \(BoardLayout.version)")
        }
        let shape = memory.load(Place.slotsAndStride)
        let slots = Int(shape & 0xffff_ffff)
        guard BoardLayout.slotLimits.contains(slots), shape >> 32 == BoardLayout.stride else {
            throw fail("\(slots) slots of \(shape >> 32) bytes make no sense")
        }
        guard memory.size == BoardLayout.size(slots: slots) else {
            throw fail("it has \(memory.size) bytes, and \(slots) slots take \(BoardLayout.size(slots: slots))")
        }
        self.slots = slots
        epoch = memory.load(Place.epoch)
        process = BoardProcess(
            identifier: Int32(truncatingIfNeeded: memory.load(Place.process)),
            start: memory.load(Place.processStart)
        )
    }

    /// Writes the header into new memory, the magic last.
    func write(to memory: BoardMemory, magic: UInt64, now: BoardTime) {
        memory.store(Self.pair(BoardLayout.version, UInt32(BoardLayout.headerSize)), at: Place.versionAndHeaderSize)
        memory.store(Self.pair(UInt32(slots), UInt32(BoardLayout.stride)), at: Place.slotsAndStride)
        memory.store(epoch, at: Place.epoch)
        memory.store(UInt64(process.identifier), at: Place.process)
        memory.store(process.start, at: Place.processStart)
        memory.store(now.nanoseconds, at: Place.heartbeat)
        memory.store(magic, at: Place.magic)
    }

    /// Two numbers that lie side by side, as one word of a little-endian machine.
    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(second) << 32 | UInt64(first) }
}

extension BoardMemory {
    /// When the writer of this region last said that it is well.
    var heartbeat: BoardTime { BoardTime(nanoseconds: load(BoardLayout.Header.heartbeat)) }

    func beat(_ now: BoardTime) { store(now.nanoseconds, at: BoardLayout.Header.heartbeat) }

    /// A board's new command region in this memory.
    func beginBoard(slots: Int, epoch: UInt64, now: BoardTime) {
        BoardHeader(slots: slots, epoch: epoch, process: .own)
            .write(to: self, magic: BoardLayout.Command.magic, now: now)
    }

    /// A new acknowledgement region for that board in this memory.
    func beginAcknowledgements(for board: BoardHeader, now: BoardTime) {
        BoardHeader(slots: board.slots, epoch: board.epoch, process: .own)
            .write(to: self, magic: BoardLayout.Acknowledgement.magic, now: now)
    }
}
