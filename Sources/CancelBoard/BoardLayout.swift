/// Where everything lies in the two regions of a board. `docs/cancel-board.md` has the same as a picture, and
/// `integrations/c/loopguard_board.h` and `integrations/python` read it.
///
/// Both regions begin with the same header and have one 128-byte slot per run after it. All numbers are in the byte
/// order of the machine; the magic tells should that ever differ. The command region is written by the gateway alone,
/// the acknowledgement region by the engine alone, so every word has exactly one writing process.
public enum BoardLayout {
    /// The layout that this code speaks.
    public static let version: UInt32 = 1
    /// Bytes before the first slot: one page, so that slots are aligned to whatever a cache line may be.
    public static let headerSize = 4096
    /// Bytes per slot: two cache lines of x86, one of Apple's, so that neighbours never share one.
    public static let stride = 128
    /// How many slots a board may have.
    public static let slotLimits = 1...65_536

    /// Bytes of a region with that many slots.
    public static func size(slots: Int) -> Int { headerSize + slots * stride }

    /// Where a slot begins.
    static func slot(_ index: UInt32) -> Int { headerSize + Int(index) * stride }

    /// The header of both regions.
    enum Header {
        static let magic = 0
        /// `u32` layout version, `u32` header size.
        static let versionAndHeaderSize = 8
        /// `u32` slots, `u32` stride.
        static let slotsAndStride = 16
        /// Random at each start of the gateway. The engine repeats it in its own region.
        static let epoch = 24
        static let process = 32
        static let processStart = 40
        static let heartbeat = 48
    }

    /// What only the command region's header has. The doorbell has a cache line of its own: it is what every step reads.
    enum Command {
        static let magic = BoardLayout.magic("LGCANCL1")
        static let doorbell = 64
        /// `u32`, for engines that sleep.
        static let futex = 128
    }

    /// What only the acknowledgement region's header has.
    enum Acknowledgement {
        static let magic = BoardLayout.magic("LGACKNW1")
        static let steps = 64
        static let longestStep = 72
        /// How many threads of the engine sleep on the futex.
        static let sleepers = 80
    }

    /// A slot of the command region: the command word first.
    enum CommandSlot {
        static let runHash = 8
        static let deadline = 16
    }

    /// A slot of the acknowledgement region: the acknowledgement word first.
    enum AcknowledgementSlot {
        static let tokens = 8
        static let step = 16
    }

    /// Eight letters as they lie in memory.
    private static func magic(_ text: StaticString) -> UInt64 {
        precondition(text.utf8CodeUnitCount == 8)
        return UnsafeRawPointer(text.utf8Start).loadUnaligned(as: UInt64.self)
    }
}
