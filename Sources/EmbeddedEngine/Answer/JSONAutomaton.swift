/// Recognises one JSON object byte by byte, and knows at every point a short way to its end.
///
/// It is stricter than RFC 8259 where a careless reader might stumble: strings are valid UTF-8 without escaped
/// surrogates, numbers have at most ``maxNumberLength`` bytes and exponents two digits, brackets nest at most
/// ``maxDepth`` deep, and there are at most ``maxSpaces`` bytes of white space in a row.
struct JSONAutomaton: Sendable, Equatable {
    static let maxDepth = 32
    static let maxNumberLength = 20
    static let maxSpaces = 64

    private enum Place: Equatable {
        /// Before the object.
        case start
        /// Where a value must come; or, at the beginning of an array, its end may.
        case value(mayClose: Bool)
        /// Where a key must come; or, at the beginning of an object, its end may.
        case key(mayClose: Bool)
        case colon
        /// Behind a value: a comma or the closing bracket.
        case afterValue
        case string
        case escape
        /// Behind `\u` and some digits.
        case unicode(digits: Int, isHigh: Bool)
        /// Inside a character of several bytes: how many are missing, and what the next one may be.
        case character(missing: Int, ClosedRange<UInt8>)
        case number(Number)
        case word(StaticWord, Int)
        case done
    }

    private enum Number: Equatable {
        case sign, zero, whole, point, fraction, exponent, exponentSign, exponentDigit, full
    }

    private enum StaticWord: Equatable {
        case yes, no, null
        var bytes: StaticString {
            switch self {
            case .yes: "true"
            case .no: "false"
            case .null: "null"
            }
        }
    }

    private var place = Place.start
    /// One bit for each open bracket, the innermost lowest: 1 for an object.
    private var brackets: UInt64 = 0
    private var depth = 0
    private var isKey = false
    private var spaces = 0
    private var length = 0

    /// Whether the object is complete.
    var isDone: Bool { place == .done }

    /// Whether the bytes so far end with a whole character.
    var isBetweenCharacters: Bool { if case .character = place { false } else { true } }

    /// Takes the next byte in.
    /// - Returns: Whether it may come here; when not, the automaton must not be used any more.
    mutating func take(_ byte: UInt8) -> Bool {
        switch place {
        case .string: return string(byte)
        case .escape: return escape(byte)
        case .unicode(let digits, let isHigh): return unicode(byte, digits, isHigh)
        case .character(let missing, let range):
            guard range.contains(byte) else { return false }
            place = missing > 1 ? .character(missing: missing - 1, 0x80...0xBF) : .string
            return true
        case .word(let word, let offset):
            guard byte == word.bytes.utf8Start[offset] else { return false }
            place = offset + 1 < word.bytes.utf8CodeUnitCount ? .word(word, offset + 1) : .afterValue
            return true
        case .number(let number):
            // What cannot end a number leaves room for what can.
            if let next = Self.number(number, byte),
                length < (Self.mayEnd(next) ? Self.maxNumberLength : Self.maxNumberLength - 3)
            {
                length += 1
                place = .number(next)
                return true
            }
            guard Self.mayEnd(number) else { return false }
            place = .afterValue
            return take(byte)
        case .done: return false
        case .start, .value, .key, .colon, .afterValue: return structure(byte)
        }
    }

    /// The next byte on a short way to the end; `nil` at the end. What is missing becomes `null`.
    var closingByte: UInt8? {
        switch place {
        case .start: UInt8(ascii: "{")
        case .value(let mayClose): mayClose ? UInt8(ascii: "]") : UInt8(ascii: "n")
        case .key(let mayClose): mayClose ? UInt8(ascii: "}") : UInt8(ascii: "\"")
        case .colon: UInt8(ascii: ":")
        case .afterValue: brackets & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")
        case .string: UInt8(ascii: "\"")
        case .escape: UInt8(ascii: "\\")
        // Whatever was written, it becomes a character that is no control character.
        case .unicode(let digits, _): digits == 2 ? UInt8(ascii: "2") : UInt8(ascii: "0")
        case .character(_, let range): range.lowerBound
        case .number(let number):
            switch number {
            case .sign, .point, .exponent, .exponentSign: UInt8(ascii: "0")
            default: brackets & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")
            }
        case .word(let word, let offset): word.bytes.utf8Start[offset]
        case .done: nil
        }
    }

    // MARK: - Pieces

    private mutating func structure(_ byte: UInt8) -> Bool {
        if byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            spaces += 1
            return spaces <= Self.maxSpaces && place != .start
        }
        spaces = 0
        switch (place, byte) {
        case (.start, UInt8(ascii: "{")): return open(isObject: true)
        case (.key(true), UInt8(ascii: "}")), (.value(true), UInt8(ascii: "]")): return close()
        case (.key, UInt8(ascii: "\"")):
            isKey = true
            place = .string
            return true
        case (.colon, UInt8(ascii: ":")):
            place = .value(mayClose: false)
            return true
        case (.afterValue, UInt8(ascii: ",")):
            place = brackets & 1 == 1 ? .key(mayClose: false) : .value(mayClose: false)
            return true
        case (.afterValue, UInt8(ascii: "}")): return brackets & 1 == 1 && close()
        case (.afterValue, UInt8(ascii: "]")): return brackets & 1 == 0 && close()
        case (.value, _): return value(byte)
        default: return false
        }
    }

    private mutating func value(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"): return open(isObject: true)
        case UInt8(ascii: "["): return open(isObject: false)
        case UInt8(ascii: "\""):
            isKey = false
            place = .string
        case UInt8(ascii: "t"): place = .word(.yes, 1)
        case UInt8(ascii: "f"): place = .word(.no, 1)
        case UInt8(ascii: "n"): place = .word(.null, 1)
        case UInt8(ascii: "-"): place = .number(.sign)
        case UInt8(ascii: "0"): place = .number(.zero)
        case UInt8(ascii: "1")...UInt8(ascii: "9"): place = .number(.whole)
        default: return false
        }
        length = 1
        return true
    }

    private mutating func open(isObject: Bool) -> Bool {
        guard depth < Self.maxDepth else { return false }
        depth += 1
        brackets = brackets << 1 | (isObject ? 1 : 0)
        place = isObject ? .key(mayClose: true) : .value(mayClose: true)
        return true
    }

    private mutating func close() -> Bool {
        depth -= 1
        brackets >>= 1
        place = depth == 0 ? .done : .afterValue
        return true
    }

    /// The first byte of a character settles how many follow, and the second one's range (RFC 3629, section 4).
    private mutating func string(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""): place = isKey ? .colon : .afterValue
        case UInt8(ascii: "\\"): place = .escape
        case 0x20...0x7F: break
        case 0xC2...0xDF: place = .character(missing: 1, 0x80...0xBF)
        case 0xE0: place = .character(missing: 2, 0xA0...0xBF)
        case 0xED: place = .character(missing: 2, 0x80...0x9F)
        case 0xE1...0xEF: place = .character(missing: 2, 0x80...0xBF)
        case 0xF0: place = .character(missing: 3, 0x90...0xBF)
        case 0xF1...0xF3: place = .character(missing: 3, 0x80...0xBF)
        case 0xF4: place = .character(missing: 3, 0x80...0x8F)
        default: return false
        }
        return true
    }

    private mutating func escape(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "u") {
            place = .unicode(digits: 0, isHigh: false)
            return true
        }
        place = .string
        return #""\/bfnrt"#.utf8.contains(byte)
    }

    private mutating func unicode(_ byte: UInt8, _ digits: Int, _ isHigh: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            break
        default: return false
        }
        // U+D800 to U+DFFF are no characters.
        if digits == 1, isHigh, byte > UInt8(ascii: "7") { return false }
        let isHigh = digits == 0 && byte | 0x20 == UInt8(ascii: "d")
        place = digits == 3 ? .string : .unicode(digits: digits + 1, isHigh: isHigh)
        return true
    }

    private static func number(_ number: Number, _ byte: UInt8) -> Number? {
        let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        switch (number, byte) {
        case (.sign, UInt8(ascii: "0")): return .zero
        case (.sign, _) where isDigit, (.whole, _) where isDigit: return .whole
        case (.zero, UInt8(ascii: ".")), (.whole, UInt8(ascii: ".")): return .point
        case (.point, _) where isDigit, (.fraction, _) where isDigit: return .fraction
        case (.zero, _), (.whole, _), (.fraction, _):
            return byte | 0x20 == UInt8(ascii: "e") ? .exponent : nil
        case (.exponent, UInt8(ascii: "+")), (.exponent, UInt8(ascii: "-")): return .exponentSign
        case (.exponent, _) where isDigit, (.exponentSign, _) where isDigit: return .exponentDigit
        case (.exponentDigit, _) where isDigit: return .full
        default: return nil
        }
    }

    private static func mayEnd(_ number: Number) -> Bool {
        switch number {
        case .zero, .whole, .fraction, .exponentDigit, .full: true
        case .sign, .point, .exponent, .exponentSign: false
        }
    }
}
