/// The name by which an engine knows one run. It always names exactly one.
///
/// Empty names are impossible, since several engines read them as "all" (vLLM #55521, SGLang before its guard). Those that
/// are made here are random and all of one length: SGLang matches a name against the beginning of every run's, so none may
/// be the beginning of another.
public struct EngineRunID: Sendable, Hashable, CustomStringConvertible {
    /// The name, made of letters, digits and `-_.:`.
    public let text: String

    /// A name that an engine gave.
    /// - Returns: `nil` for an empty name, one of more than 128 characters, and one that would have to be escaped in a path
    ///   or in JSON.
    public init?(_ text: String) {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(Self.isPlain) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// A new name of 32 hexadecimal digits, 128 random bits.
    public static func random() -> EngineRunID {
        var random = SystemRandomNumberGenerator()
        return EngineRunID(unchecked: hexadecimal(random.next()) + hexadecimal(random.next()))
    }

    /// A new name for engines that want a whole number: 15 digits, so that it survives a trip through a double.
    public static func randomNumber() -> EngineRunID {
        EngineRunID(unchecked: String(Int.random(in: 100_000_000_000_000..<1_000_000_000_000_000)))
    }

    /// The name with something in front of it.
    public func prefixed(_ prefix: String) -> EngineRunID? { EngineRunID(prefix + text) }

    public var description: String { text }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Whether a byte can stand in a name: it needs no quoting in a URL, in JSON or in a header.
    public static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
