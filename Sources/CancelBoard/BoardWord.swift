/// One word of a slot: `[generation:48 | code:8 | bits:8]`.
///
/// Because the generation, the code and the bits change together, whoever compares and swaps a word that he knows from an
/// earlier owner of the slot fails, and a reader never sees the flag of one run with the identity of another.
struct BoardWord: Equatable, Sendable {
    let raw: UInt64

    init(raw: UInt64) { self.raw = raw }

    init(_ generation: UInt64, code: UInt8 = 0, _ bits: UInt8) {
        raw = generation << 16 | UInt64(code) << 8 | UInt64(bits)
    }

    /// Which use of the slot this is about. It grows with each claim and never goes back.
    var generation: UInt64 { raw >> 16 }
    /// A command's reason or an acknowledgement's outcome; 0 when there is none.
    var code: UInt8 { UInt8(truncatingIfNeeded: raw >> 8) }
    var bits: UInt8 { UInt8(truncatingIfNeeded: raw) }

    func has(_ bit: UInt8) -> Bool { raw & UInt64(bit) != 0 }

    /// A million claims per second use these up in nine years.
    static let lastGeneration: UInt64 = (1 << 48) - 1

    /// Command: the slot has an owner.
    static let claimed: UInt8 = 1
    /// Command: the owner wants its run to end; the code says why.
    static let cancelled: UInt8 = 2
    /// Acknowledgement: the engine works on the run.
    static let bound: UInt8 = 1
    /// Acknowledgement: the engine is done with the run; the code says how.
    static let final: UInt8 = 2
}
