/// The characters that stand for bytes in the files of byte-level tokenizers, as GPT-2 introduced them: printable
/// characters of Latin-1 stand for themselves, the other bytes in their order for those from U+0100 on.
enum ByteAlphabet {
    static let characters: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                next += 1
                return Unicode.Scalar(next - 1)!
            }
        }
    }()

    private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(characters, UInt8.min...UInt8.max)
    )

    /// The bytes that a text in this alphabet stands for; `nil` when another character is in it.
    static func bytes(of text: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
    }
}
