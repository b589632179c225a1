/// The arithmetic between the matrix products, eight numbers at a time.
///
/// Numbers at the end that make no eight are computed in the same way in a vector of their own, so that a result does
/// not depend on where in a row it lies.
enum Vector {
    private typealias Eight = SIMD8<Float>

    /// Root mean square normalisation (Zhang and Sennrich, 2019): scales a row to unit size, then by the weights.
    static func normalize(
        _ row: UnsafePointer<Float>,
        weights: UnsafePointer<Float>,
        epsilon: Float,
        into result: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        var squares = Eight.zero
        var index = 0
        while index + 8 <= count {
            let value = load(row, index)
            squares += value * value
            index += 8
        }
        var sum = squares.sum()
        while index < count {
            sum += row[index] * row[index]
            index += 1
        }
        let scale = 1 / (sum / Float(count) + epsilon).squareRoot()
        index = 0
        while index + 8 <= count {
            store(load(row, index) * scale * load(weights, index), result, index)
            index += 8
        }
        while index < count {
            result[index] = row[index] * scale * weights[index]
            index += 1
        }
    }

    /// Turns pairs of dimensions, one from each half, by their angles.
    static func rotate(
        _ first: UnsafeMutablePointer<Float>,
        _ second: UnsafeMutablePointer<Float>,
        cosines: UnsafePointer<Float>,
        sines: UnsafePointer<Float>,
        count: Int
    ) {
        var index = 0
        while index + 8 <= count {
            let (x, y) = (load(first, index), load(second, index))
            let (cosine, sine) = (load(cosines, index), load(sines, index))
            store(x * cosine - y * sine, first, index)
            store(y * cosine + x * sine, second, index)
            index += 8
        }
        while index < count {
            let (x, y) = (first[index], second[index])
            first[index] = x * cosines[index] - y * sines[index]
            second[index] = y * cosines[index] + x * sines[index]
            index += 1
        }
    }

    /// SwiGLU (Shazeer, 2020): the content, let through as far as the gate's sigmoid linear unit says.
    static func gate(
        _ gates: UnsafePointer<Float>,
        _ contents: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        var index = 0
        while index + 8 <= count {
            let gate = load(gates, index)
            store(gate / (1 + exp(-gate)) * load(contents, index), result, index)
            index += 8
        }
        while index < count {
            let gate = gates[index]
            result[index] = gate / (1 + exp(Eight(repeating: -gate))[0]) * contents[index]
            index += 1
        }
    }

    /// Replaces a row by the exponentials of its distances from its peak, and returns their sum.
    static func exponentiate(_ row: UnsafeMutablePointer<Float>, count: Int) -> Float {
        var peaks = Eight(repeating: -.infinity)
        var index = 0
        while index + 8 <= count {
            let value = load(row, index)
            peaks.replace(with: value, where: value .> peaks)
            index += 8
        }
        var peak = peaks.max()
        while index < count {
            peak = max(peak, row[index])
            index += 1
        }
        var sums = Eight.zero
        index = 0
        while index + 8 <= count {
            let value = exp(load(row, index) - peak)
            store(value, row, index)
            sums += value
            index += 8
        }
        var sum = sums.sum()
        while index < count {
            row[index] = exp(Eight(repeating: row[index] - peak))[0]
            sum += row[index]
            index += 1
        }
        return sum
    }

    /// Multiplies a row by a number.
    static func scale(_ row: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
        var index = 0
        while index + 8 <= count {
            store(load(row, index) * factor, row, index)
            index += 8
        }
        while index < count {
            row[index] *= factor
            index += 1
        }
    }

    /// e to each number, to about two units in the last place; numbers are clamped to what a float can hold.
    ///
    /// The way and the coefficients are those of Cephes' `expf` (Moshier): 2ⁿ times a polynomial on [-½ ln 2, ½ ln 2].
    /// Adding 1.5 · 2²³ rounds to a whole number and leaves it in the lowest bits, which needs no rounding instruction.
    @inline(__always)
    private static func exp(_ x: SIMD8<Float>) -> SIMD8<Float> {
        var x = x
        x.replace(with: -87, where: x .< -87)
        x.replace(with: 88, where: x .> 88)
        let shift: Float = 12_582_912
        let shifted = x * 1.442_695_04 + shift
        let whole = shifted - shift
        let rest = x - whole * 0.693_359_375 + whole * 2.121_944_4e-4
        var sum = rest * 1.987_569_1e-4 + 1.398_199_9e-3
        sum = sum * rest + 8.333_452e-3
        sum = sum * rest + 4.166_579_6e-2
        sum = sum * rest + 1.666_666_5e-1
        sum = sum * rest + 5.000_000_1e-1
        sum = sum * (rest * rest) + rest + 1
        let exponent = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &+ 127
        return sum * unsafeBitCast(exponent &<< 23, to: SIMD8<Float>.self)
    }

    @inline(__always)
    private static func load(_ numbers: UnsafePointer<Float>, _ index: Int) -> SIMD8<Float> {
        UnsafeRawPointer(numbers + index).loadUnaligned(as: SIMD8<Float>.self)
    }

    @inline(__always)
    private static func store(_ value: SIMD8<Float>, _ numbers: UnsafeMutablePointer<Float>, _ index: Int) {
        UnsafeMutableRawPointer(numbers + index).storeBytes(of: value, as: SIMD8<Float>.self)
    }
}
