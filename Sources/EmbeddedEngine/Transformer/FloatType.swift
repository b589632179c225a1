/// How weights are stored.
enum FloatType: String {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"

    /// Bytes per number.
    var size: Int { self == .float32 ? 4 : 2 }

    /// The numbers in some little-endian bytes.
    func floats(_ bytes: [UInt8]) -> [Float] {
        let count = bytes.count / size
        return bytes.withUnsafeBytes { bytes in
            [Float](unsafeUninitializedCapacity: count) { floats, filled in
                switch self {
                case .float32:
                    for index in 0..<count {
                        let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                        floats.initializeElement(at: index, to: Float(bitPattern: UInt32(littleEndian: bits)))
                    }
                case .float16:
                    for index in 0..<count {
                        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                        floats.initializeElement(at: index, to: Self.float(half: UInt16(littleEndian: bits)))
                    }
                case .bfloat16:
                    for index in 0..<count {
                        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                        let wide = UInt32(UInt16(littleEndian: bits)) << 16
                        floats.initializeElement(at: index, to: Float(bitPattern: wide))
                    }
                }
                filled = count
            }
        }
    }

    /// The value of an IEEE 754 half. Swift has `Float16` on some platforms only.
    static func float(half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let magnitude = UInt32(half & 0x7FFF)
        if magnitude >= 0x7C00 {  // Infinities and NaNs keep their fraction.
            return Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
        }
        // The bits taken for a float are the value times 2^-112, for subnormal numbers too.
        return Float(bitPattern: sign | magnitude << 13) * 0x1p112
    }
}
