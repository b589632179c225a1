/// Names one run on one board: which start of the gateway, which slot, which use of the slot.
///
/// The gateway sends it to the engine with the request, as a header or a field of the body. As text it is
/// `<epoch: 16 hexadecimal digits>:<slot>:<generation>`.
public struct BoardHandle: Sendable, Hashable {
    /// The gateway's start; random.
    public let epoch: UInt64
    /// The place on the board, from 0.
    public let slot: UInt32
    /// Which use of the slot, from 1.
    public let generation: UInt64

    package init(epoch: UInt64, slot: UInt32, generation: UInt64) {
        self.epoch = epoch
        self.slot = slot
        self.generation = generation
    }

    /// Reads a handle.
    /// - Throws: What is wrong with the text.
    public init(parsing text: some StringProtocol) throws(BoardHandleError) {
        // The longest handle has 16 + 1 + 5 + 1 + 15 characters.
        guard text.utf8.count <= 64 else { throw .init(text: String(text.prefix(40)), problem: .length) }
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        func fail(_ problem: BoardHandleError.Problem) -> BoardHandleError {
            .init(text: String(text), problem: problem)
        }
        guard parts.count == 3 else { throw fail(.parts) }
        guard parts[0].count == 16, let epoch = Self.number(parts[0], radix: 16) else { throw fail(.epoch) }
        guard let slot = Self.number(parts[1], radix: 10), slot < BoardLayout.slotLimits.upperBound else {
            throw fail(.slot)
        }
        guard let generation = Self.number(parts[2], radix: 10), (1...BoardWord.lastGeneration).contains(generation)
        else { throw fail(.generation) }
        self.init(epoch: epoch, slot: UInt32(slot), generation: generation)
    }

    /// Digits only: no sign, no space, nothing that overflows.
    private static func number(_ digits: some Collection<UInt8>, radix: UInt64) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            let figure: UInt64
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): figure = UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f") where radix == 16:
                figure = UInt64(digit - UInt8(ascii: "a")) + 10
            default: return nil
            }
            let (product, overflows) = value.multipliedReportingOverflow(by: radix)
            let (sum, carries) = product.addingReportingOverflow(figure)
            if overflows || carries { return nil }
            value = sum
        }
        return value
    }
}

extension BoardHandle: CustomStringConvertible {
    /// The handle as it is sent to the engine.
    public var description: String {
        let digits = String(epoch, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + ":\(slot):\(generation)"
    }
}

/// Why a text is not a handle.
public struct BoardHandleError: Error, Equatable, CustomStringConvertible {
    enum Problem: String {
        case length = "it is too long"
        case parts = "it must have three parts, <epoch>:<slot>:<generation>"
        case epoch = "the epoch must be 16 digits of 0-9 and a-f"
        case slot = "the slot must be a whole number below 65536"
        case generation = "the generation must be a whole number from 1 to 281474976710655"
    }

    let text: String
    let problem: Problem

    /// What is wrong, in a sentence.
    public var description: String { "'\(text)' is no handle of a cancel board: \(problem.rawValue)." }
}
