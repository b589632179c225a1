#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// How fast each pair of a head's dimensions turns with the position (Su et al., "RoFormer", 2021).
struct RotaryFrequencies: Equatable {
    /// Radians per position, one for each pair.
    let values: [Float]

    /// Reads `rope_theta` and `rope_scaling`, or `rope_parameters`, which newer files have instead of both.
    init(_ reader: ConfigurationReader, headSize: Int, contextLength: Int) throws(ModelError) {
        let scaling = reader.root.present("rope_scaling") ?? reader.root.present("rope_parameters")
        let parameters = reader.root.present("rope_parameters")
        let base = try reader.number(
            "rope_theta",
            in: parameters?.present("rope_theta") == nil ? nil : parameters,
            default: 10_000
        )
        var values = (0..<headSize / 2).map { pair in
            Float(1) / Float(pow(base, Double(2 * pair) / Double(headSize)))
        }
        if let scaling {
            let type = (scaling.present("rope_type") ?? scaling.present("type"))?.string ?? "default"
            switch type {
            case "default": break
            case "linear":
                let factor = Float(try reader.number("factor", in: scaling))
                values = values.map { $0 / factor }
            case "llama3":
                let stretch = try Llama3Stretch(
                    factor: Float(reader.number("factor", in: scaling)),
                    lowFactor: Float(reader.number("low_freq_factor", in: scaling)),
                    highFactor: Float(reader.number("high_freq_factor", in: scaling)),
                    trainedLength: Float(
                        reader.number("original_max_position_embeddings", in: scaling, default: Double(contextLength))
                    )
                )
                guard stretch.lowFactor < stretch.highFactor else {
                    throw reader.error("rope_scaling: low_freq_factor must be below high_freq_factor")
                }
                values = values.map(stretch.apply)
            default: throw reader.error("rope_scaling is of type '\(type)'; the engine knows linear and llama3")
            }
        }
        self.values = values
    }

    /// Llama 3.1 slows down the pairs that turn less than once or so within the length it was trained with, the rest not
    /// at all, and those in between by degrees.
    private struct Llama3Stretch {
        var factor: Float
        var lowFactor: Float
        var highFactor: Float
        var trainedLength: Float

        func apply(_ frequency: Float) -> Float {
            let turns = trainedLength * frequency / (2 * .pi)
            if turns < lowFactor { return frequency / factor }
            if turns > highFactor { return frequency }
            let share = (turns - lowFactor) / (highFactor - lowFactor)
            return (1 - share) * frequency / factor + share * frequency
        }
    }
}

/// The cosines and sines of the positions that have been needed so far.
struct RotaryTable {
    private let frequencies: [Float]
    private var turns: [Float] = []
    private var positions = 0

    init(_ frequencies: RotaryFrequencies) { self.frequencies = frequencies.values }

    /// Makes sure that every position below `count` is there.
    mutating func extend(to count: Int) {
        guard count > positions else { return }
        let wanted = max(count, min(2 * positions, positions + 4_096))
        turns.reserveCapacity(wanted * 2 * frequencies.count)
        for position in positions..<wanted {
            let angles = frequencies.map { Double(Float(position) * $0) }
            turns.append(contentsOf: angles.lazy.map { Float(cos($0)) })
            turns.append(contentsOf: angles.lazy.map { Float(sin($0)) })
        }
        positions = wanted
    }

    /// Turns heads that lie one after the other, in the manner of Hugging Face: dimension `i` is paired with dimension
    /// `i + headSize / 2`.
    func rotate(_ heads: UnsafeMutablePointer<Float>, count: Int, position: Int) {
        let half = frequencies.count
        precondition(position < positions)
        turns.withUnsafeBufferPointer { turns in
            let cosines = turns.baseAddress! + position * 2 * half
            let sines = cosines + half
            for head in 0..<count {
                let first = heads + head * 2 * half
                Vector.rotate(first, first + half, cosines: cosines, sines: sines, count: half)
            }
        }
    }
}
