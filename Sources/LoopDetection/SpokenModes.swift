/// The highest mode that each detector has reached in a channel, two bits each.
struct SpokenModes: Sendable {
    private var bits: UInt32 = 0

    subscript(detector: DetectorID) -> Mode {
        get { Mode(rawValue: UInt8(bits >> (UInt32(detector.rawValue) * 2) & 3))! }
        set {
            let shift = UInt32(detector.rawValue) * 2
            bits = bits & ~(3 << shift) | UInt32(newValue.rawValue) << shift
        }
    }
}
