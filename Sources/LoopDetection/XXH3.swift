import CXXHash

/// The 64-bit XXH3 hash of bytes.
func xxh3(_ bytes: Span<UInt8>) -> UInt64 {
    bytes.withUnsafeBufferPointer { loopguard_xxh3_64($0.baseAddress, $0.count) }
}
