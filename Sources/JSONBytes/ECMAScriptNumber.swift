/// Numbers as ECMAScript prints them, which is what RFC 8785 (section 3.2.2.3) asks for.
///
/// Swift prints the same shortest digits that ECMA-262 (`Number::toString`, radix 10) wants, the fewest that read back
/// as the same double and the closest among those; only the place of the point and of the exponent differ.
enum ECMAScriptNumber {
    /// Appends a finite double.
    static func append(_ value: Double, to output: inout [UInt8]) {
        precondition(value.isFinite, "JSON has no infinities")
        if value == 0 { return output.append(UInt8(ascii: "0")) }
        if value < 0 { output.append(UInt8(ascii: "-")) }
        let (digits, point) = decimal(value.magnitude.description.utf8)
        let zero = UInt8(ascii: "0")

        switch point {
        case 1...21 where point >= digits.count:
            output += digits
            output += repeatElement(zero, count: point - digits.count)
        case 1...21:
            output += digits[..<point]
            output.append(UInt8(ascii: "."))
            output += digits[point...]
        case -5...0:
            output += "0.".utf8
            output += repeatElement(zero, count: -point)
            output += digits
        default:
            output.append(digits[0])
            if digits.count > 1 {
                output.append(UInt8(ascii: "."))
                output += digits[1...]
            }
            let exponent = point - 1
            output += (exponent < 0 ? "e-" : "e+").utf8
            output += exponent.magnitude.description.utf8
        }
    }

    /// The significant digits of a printed number, and where the point stands: the value is `0.digits × 10^point`.
    private static func decimal(_ text: String.UTF8View) -> (digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var point = 0
        var isFraction = false
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte == UInt8(ascii: "e") {
                point += exponent(&iterator)
            } else {
                if digits.isEmpty, byte == UInt8(ascii: "0") {
                    if isFraction { point -= 1 }
                    continue
                }
                digits.append(byte)
                if !isFraction { point += 1 }
            }
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, point)
    }

    private static func exponent(_ iterator: inout String.UTF8View.Iterator) -> Int {
        var value = 0
        var isNegative = false
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): continue
            default: value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        return isNegative ? -value : value
    }
}
