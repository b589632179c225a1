import ArgumentParser

/// A number of bytes as it is typed: `4096`, `500M`, `4G`; the letters stand for powers of 1024.
struct ByteCount: ExpressibleByArgument {
    let bytes: Int

    init(_ bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
        let unit = argument.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Double(unit == nil ? argument[...] : argument.dropLast()), number >= 0,
            number * Double(unit ?? 1) < 1e15
        else { return nil }
        bytes = Int(number * Double(unit ?? 1))
    }

    var defaultValueDescription: String {
        bytes.isMultiple(of: 1 << 30) ? "\(bytes >> 30)G" : "\(bytes)"
    }
}

/// A time as it is typed: `90s`, `30m`, `12h`, `7d`.
struct TimeSpan: ExpressibleByArgument {
    let seconds: Double

    init(seconds: Double) { self.seconds = seconds }

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0,
            number * unit < 1e10
        else { return nil }
        seconds = number * unit
    }

    var defaultValueDescription: String {
        seconds.truncatingRemainder(dividingBy: 86_400) == 0 ? "\(Int(seconds / 86_400))d" : "\(Int(seconds))s"
    }
}
