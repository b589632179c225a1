#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// How a token is chosen among the candidates, in OpenAI's terms.
public struct SamplingOptions: Sendable, Equatable {
    /// 0 takes the likeliest; larger values flatten the distribution.
    public var temperature: Float
    /// Only this many of the likeliest candidates; 0 for all.
    public var topK: Int
    /// Only the likeliest candidates that together have this share; 1 for all.
    public var topP: Float
    /// Where the random numbers begin: the same seed gives the same text.
    public var seed: UInt64

    /// Creates options; without arguments, plain sampling at temperature 1.
    public init(temperature: Float = 1, topK: Int = 0, topP: Float = 1, seed: UInt64 = 0) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
    }
}

/// A token that may come next.
struct Candidate: Sendable, Equatable {
    var token: Token
    /// The logarithm of its probability, up to a constant that all candidates of a step share.
    var logit: Float
}

extension [Candidate] {
    /// Becomes the tokens of a row of logits that can follow at all.
    mutating func take(_ row: ArraySlice<Float>) {
        removeAll(keepingCapacity: true)
        for (token, logit) in row.enumerated() where logit > -.infinity {
            append(Candidate(token: Token(token), logit: logit))
        }
    }
}

/// Chooses tokens for one sequence.
struct Sampler {
    private let options: SamplingOptions
    private var random: SplitMix64

    init(_ options: SamplingOptions) {
        self.options = options
        random = SplitMix64(state: options.seed)
    }

    /// The chosen token. The candidates, of which there is at least one, are left in any order.
    mutating func choose(_ candidates: inout [Candidate]) -> Token {
        guard options.temperature > 0 else { return likeliest(candidates).token }
        let limit = options.topK > 0 ? min(options.topK, candidates.count) : candidates.count
        if limit < candidates.count || options.topP < 1 {
            candidates.sort { ($0.logit, $1.token) > ($1.logit, $0.token) }
            candidates.removeLast(candidates.count - limit)
        }
        let peak = likeliest(candidates).logit
        var total: Float = 0
        for index in candidates.indices {
            let weight = exp((candidates[index].logit - peak) / options.temperature)
            candidates[index].logit = weight
            total += weight
        }
        if options.topP < 1 { total = cut(&candidates, to: options.topP * total) }
        var rest = Float(random.unit()) * total
        for candidate in candidates {
            rest -= candidate.logit
            if rest < 0 { return candidate.token }
        }
        return candidates[candidates.count - 1].token
    }

    /// The candidate with the largest logit, the first one among equals, so that greedy decoding is deterministic.
    private func likeliest(_ candidates: [Candidate]) -> Candidate {
        var best = candidates[0]
        for candidate in candidates where candidate.logit > best.logit { best = candidate }
        return best
    }

    /// Keeps the first candidates until their weights reach `share`; returns the sum of what is kept.
    private func cut(_ candidates: inout [Candidate], to share: Float) -> Float {
        var sum: Float = 0
        for index in candidates.indices {
            sum += candidates[index].logit
            if sum >= share {
                candidates.removeLast(candidates.count - index - 1)
                break
            }
        }
        return sum
    }
}

/// A small generator whose whole state is one word (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
struct SplitMix64 {
    var state: UInt64

    /// A number from 0 up to, not including, 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
