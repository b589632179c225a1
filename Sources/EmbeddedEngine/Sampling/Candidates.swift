#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// A token that may come next.
struct Candidate: Sendable, Equatable {
    var token: Token
    /// The logarithm of its probability, up to a constant that all candidates of a step share.
    var logit: Float

    /// Whether it is likelier; among equals the smaller number counts as likelier, so that every order is settled.
    func precedes(_ other: Candidate) -> Bool { (logit, other.token) > (other.logit, token) }
}

extension [Candidate] {
    /// Becomes the tokens of a row of logits that can follow at all.
    mutating func take(_ logits: [Float], _ row: Range<Int>) {
        removeAll(keepingCapacity: true)
        reserveCapacity(row.count)
        for index in row where logits[index] > -.infinity {
            append(Candidate(token: Token(index - row.lowerBound), logit: logits[index]))
        }
    }

    /// Keeps the likeliest ones, in any order.
    mutating func keepLikeliest(_ count: Int) {
        guard count < self.count else { return }
        // The first `count` are a heap whose root is the least likely of those that are kept.
        for index in (0..<count / 2).reversed() { sink(index, in: count) }
        for index in count..<self.count where self[index].precedes(self[0]) {
            self[0] = self[index]
            sink(0, in: count)
        }
        removeLast(self.count - count)
    }

    /// Keeps the likeliest ones that together have at least a share of the whole, likeliest first.
    mutating func keepShare(_ share: Float) {
        guard let peak = likeliest?.logit else { return }
        var total: Float = 0
        for candidate in self { total += exp(candidate.logit - peak) }
        // All tokens below this probability have less than the rest together: leaving them out spares sorting them.
        let negligible = peak + log(Swift.max(1 - share, 0) * total / Float(count))
        removeAll { $0.logit < negligible && $0.logit < peak }
        sort { $0.precedes($1) }
        var sum: Float = 0
        for index in indices {
            sum += exp(self[index].logit - peak)
            if sum >= share * total { return removeLast(count - index - 1) }
        }
    }

    /// Keeps those that are at least `factor` times as likely as the likeliest.
    mutating func keepWithin(_ factor: Float) {
        guard let peak = likeliest?.logit else { return }
        let least = peak + log(factor)
        removeAll { $0.logit < least }
    }

    /// One of them, drawn by their probabilities at a temperature; what is left of the others is of no use.
    /// - Parameter unit: A random number from 0 to 1.
    mutating func draw(temperature: Float, unit: Float) -> Token? {
        guard let peak = likeliest else { return nil }
        var total: Float = 0
        for index in indices {
            // From here on a weight.
            self[index].logit = exp((self[index].logit - peak.logit) / temperature)
            total += self[index].logit
        }
        var rest = unit * total
        for candidate in self {
            rest -= candidate.logit
            if rest < 0 { return candidate.token }
        }
        // Rounding may leave a little.
        return peak.token
    }

    /// The one with the largest logit, the first among equals.
    private var likeliest: Candidate? {
        guard var best = first else { return nil }
        for candidate in self where candidate.logit > best.logit { best = candidate }
        return best
    }

    private mutating func sink(_ start: Int, in count: Int) {
        var parent = start
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < count && self[least].precedes(self[child]) {
                least = child
            }
            if least == parent { return }
            swapAt(parent, least)
            parent = least
        }
    }
}
