/// Takes out of a tool's result what changes from one execution to the next although nothing has changed: timestamps,
/// durations, UUIDs, process ids, addresses and request ids.
///
/// Without this a single `wall_time=0.2630s` makes every result unique and no repetition can ever be seen
/// (tetsuo-ai/agenc-core#2021). What tells a wait from a loop is kept: whole seconds ("running for 31s", "elapsed 60")
/// unless their name says that they measure, and an address at the beginning of a line, which is where a debugger
/// says where it stands.
enum VolatileText {
    /// The text with each volatile part replaced by one substitute byte, without blanks at the end.
    static func strip(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte.isASCIIAlphanumeric, isStart(text, index) {
                if let end = volatileEnd(text, index) {
                    output.append(0x1A)
                    index = end
                    continue
                }
                // The rest of a word cannot start anything: copy it at once.
                repeat {
                    output.append(text[index])
                    index += 1
                } while index < text.count && text[index].isASCIIAlphanumeric
                continue
            }
            output.append(byte)
            index += 1
        }
        while let last = output.last, last.isBlank { output.removeLast() }
        return output
    }

    private static func isStart(_ text: [UInt8], _ index: Int) -> Bool {
        guard index > 0 else { return true }
        let before = text[index - 1]
        if before.isASCIIAlphanumeric || before == UInt8(ascii: "_") { return false }
        return !(before == UInt8(ascii: ".") && index > 1 && text[index - 2].isASCIIDigit)
    }

    /// The end of the volatile part that begins here; `nil` when none does.
    private static func volatileEnd(_ text: [UInt8], _ start: Int) -> Int? {
        if let end = uuid(text, start) { return end }
        if text[start].isASCIIDigit {
            return address(text, start) ?? timestamp(text, start) ?? clock(text, start) ?? number(text, start)
        }
        return requestID(text, start)
    }

    // MARK: - Forms

    private static func uuid(_ text: [UInt8], _ start: Int) -> Int? {
        var index = start
        for (part, length) in [8, 4, 4, 4, 12].enumerated() {
            if part > 0 {
                guard at(text, index) == UInt8(ascii: "-") else { return nil }
                index += 1
            }
            for _ in 0..<length {
                guard at(text, index).isHexDigit else { return nil }
                index += 1
            }
        }
        return ends(text, index) ? index : nil
    }

    private static func address(_ text: [UInt8], _ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "0"), at(text, start + 1) == UInt8(ascii: "x") else { return nil }
        var index = start + 2
        while at(text, index).isHexDigit { index += 1 }
        guard index - start >= 8, ends(text, index) else { return nil }
        var before = start - 1
        while before >= 0, !text[before].isASCIIAlphanumeric, text[before] != 0x0A { before -= 1 }
        return before < 0 || text[before] == 0x0A ? nil : index
    }

    /// `2026-09-30T10:15:00.123Z`, `2026-09-30 10:15`. A date alone is kept.
    private static func timestamp(_ text: [UInt8], _ start: Int) -> Int? {
        guard digits(text, start, 4), separator(text, start + 4), digits(text, start + 5, 2),
            separator(text, start + 7), digits(text, start + 8, 2)
        else { return nil }
        let gap = at(text, start + 10)
        guard gap | 0x20 == UInt8(ascii: "t") || gap == 0x20, digits(text, start + 11, 2),
            at(text, start + 13) == UInt8(ascii: ":"), digits(text, start + 14, 2)
        else { return nil }
        var index = start + 16
        if at(text, index) == UInt8(ascii: ":"), digits(text, index + 1, 2) { index = fraction(text, index + 3) }
        if at(text, index) == UInt8(ascii: "Z") { return index + 1 }
        let sign = at(text, index)
        if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), digits(text, index + 1, 2) {
            index += 3
            if at(text, index) == UInt8(ascii: ":") { index += 1 }
            if digits(text, index, 2) { index += 2 }
        }
        return index
    }

    /// `10:15:00.123`.
    private static func clock(_ text: [UInt8], _ start: Int) -> Int? {
        let hour = digits(text, start, 2) ? 2 : 1
        guard at(text, start + hour) == UInt8(ascii: ":"), digits(text, start + hour + 1, 2),
            at(text, start + hour + 3) == UInt8(ascii: ":"), digits(text, start + hour + 4, 2)
        else { return nil }
        let end = fraction(text, start + hour + 6)
        return ends(text, end) ? end : nil
    }

    /// A duration, a process id, seconds since 1970, or an id that is a number.
    private static func number(_ text: [UInt8], _ start: Int) -> Int? {
        var whole = start
        while at(text, whole).isASCIIDigit { whole += 1 }
        if at(text, whole) == UInt8(ascii: "m"), at(text, whole + 1).isASCIIDigit {  // 0m0.52s
            var seconds = whole + 1
            while at(text, seconds).isASCIIDigit { seconds += 1 }
            let end = fraction(text, seconds)
            if end > seconds, at(text, end) == UInt8(ascii: "s"), ends(text, end + 1) { return end + 1 }
        }
        let end = fraction(text, whole)
        let hasFraction = end > whole
        let key = name(text, before: start)
        let isDuration = durationNames.occur(in: key) || key.suffix(3).elementsEqual("_ms".utf8)

        var unit = end
        if at(text, unit) == 0x20 { unit += 1 }
        var unitEnd = unit
        while unitEnd - unit < 8, at(text, unitEnd).isASCIILetter || at(text, unitEnd) >= 0x80 { unitEnd += 1 }
        let word = text[min(unit, text.count)..<min(unitEnd, text.count)]
        if shortUnits.contains(where: word.elementsEqual) { return unitEnd }
        if hasFraction || isDuration, secondUnits.contains(where: word.elementsEqual) { return unitEnd }

        guard ends(text, end) else { return requestID(text, start) }
        if isDuration || (hasFraction && elapsed.occur(in: key)) { return end }
        if key.suffix(3).elementsEqual("pid".utf8) || key.suffix(3).elementsEqual("PID".utf8) { return end }
        let length = whole - start
        if text[start] == UInt8(ascii: "1"), length == 10 || length == 13, timeNames.occur(in: key) {
            return end
        }
        return requestID(text, start)
    }

    private static func requestID(_ text: [UInt8], _ start: Int) -> Int? {
        let isPrefixed = text[start] == UInt8(ascii: "r") && text[start...].starts(with: "req_".utf8)
        guard isPrefixed || isNamedID(text, start) else { return nil }
        var index = start
        while at(text, index).isASCIIAlphanumeric || at(text, index) == UInt8(ascii: "-")
            || at(text, index) == UInt8(ascii: "_")
        { index += 1 }
        return index - start >= 6 ? index : nil
    }

    private static func isNamedID(_ text: [UInt8], _ start: Int) -> Bool {
        // Nearly every word of every text comes by here: most have a letter or a comma before their blank.
        var before = start - 1
        while before >= 0, start - before < 5, text[before] == 0x20 || text[before] == 0x22 { before -= 1 }
        guard before >= 0, text[before] == UInt8(ascii: ":") || text[before] == UInt8(ascii: "=") else { return false }
        return idNames.occur(in: name(text, before: start))
    }

    private static let shortUnits = ["ms", "us", "µs", "μs", "ns", "msec"].map { Array($0.utf8) }
    private static let secondUnits = ["s", "sec", "secs", "second", "seconds"].map { Array($0.utf8) }
    private static let elapsed: Phrases = ["elapsed"]
    private static let durationNames: Phrases = ["duration", "wall_time", "walltime", "latency", "runtime", "took"]
    private static let timeNames: Phrases = ["time", "date", "created", "stamp", "epoch", "expires"]
    private static let idNames: Phrases = [
        "request_id", "request-id", "requestid", "req_id", "trace_id", "traceid", "trace-id", "span_id",
        "correlation_id", "correlation-id",
    ]

    // MARK: - Pieces

    /// The byte at an index; 0 outside.
    private static func at(_ text: [UInt8], _ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

    private static func digits(_ text: [UInt8], _ start: Int, _ count: Int) -> Bool {
        for index in start..<start + count where !at(text, index).isASCIIDigit { return false }
        return true
    }

    private static func separator(_ text: [UInt8], _ index: Int) -> Bool {
        at(text, index) == UInt8(ascii: "-") || at(text, index) == UInt8(ascii: "/")
    }

    /// The end of `.123` or `,123` when it begins here.
    private static func fraction(_ text: [UInt8], _ start: Int) -> Int {
        guard at(text, start) == UInt8(ascii: ".") || at(text, start) == UInt8(ascii: ","),
            at(text, start + 1).isASCIIDigit
        else { return start }
        var index = start + 1
        while at(text, index).isASCIIDigit { index += 1 }
        return index
    }

    private static func ends(_ text: [UInt8], _ index: Int) -> Bool {
        !at(text, index).isASCIIAlphanumeric && at(text, index) != UInt8(ascii: "_")
    }

    /// The name before a value, as in `name=`, `"name": ` and `name `; empty when there is none.
    private static func name(_ text: [UInt8], before start: Int) -> ArraySlice<UInt8> {
        var end = start
        while end > 0, start - end < 5, isNameEnd(text[end - 1]) { end -= 1 }
        guard end < start else { return [] }
        var begin = end
        while begin > 0, end - begin < 32, isNameByte(text[begin - 1]) { begin -= 1 }
        return text[begin..<end]
    }

    private static func isNameEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x22, 0x27, 0x3A, 0x3D: true
        default: false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
