import CXXHash
import JSONBytes

/// A 128-bit fingerprint of a call or of a result.
///
/// Two seeds of XXH3 instead of a cryptographic hash: fingerprints are compared inside one process and for the length
/// of one request, nobody gains by forging one (a model that wants two different calls to look equal can simply make
/// equal calls), and 128 bits keep an accident out of reach: among 10⁶ calls it has a chance of about 10⁻²⁷.
struct Fingerprint: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// The fingerprint of bytes.
    init(_ bytes: [UInt8]) {
        (high, low) = bytes.withUnsafeBytes { buffer in
            (
                loopguard_xxh3_64_seeded(buffer.baseAddress, buffer.count, 0x6C6F_6F70_6775_6172),
                loopguard_xxh3_64_seeded(buffer.baseAddress, buffer.count, 0x746F_6F6C_6361_6C6C)
            )
        }
    }

    /// The fingerprint of a call: its name, a zero byte, its canonical arguments.
    init(name: String, arguments: CanonicalJSON) {
        self.init(Array(name.utf8) + [0] + arguments.bytes)
    }

    /// The fingerprint of several in the order given.
    init(_ parts: some Sequence<Fingerprint>) {
        var bytes: [UInt8] = []
        for part in parts {
            withUnsafeBytes(of: (part.high, part.low)) { bytes.append(contentsOf: $0) }
        }
        self.init(bytes)
    }

    /// 32 hexadecimal digits.
    var hex: String { Self.hex(high) + Self.hex(low) }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension Fingerprint: Comparable {
    static func < (left: Fingerprint, right: Fingerprint) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
