#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// How likely a chosen token was, and what else could have come.
///
/// As OpenAI defines it, the distribution is the model's own at temperature 1: neither bias nor penalties nor the
/// narrowing that comes with sampling or with the grammar of tool calls changes it.
struct TokenLogprob: Sendable, Equatable {
    struct Alternative: Sendable, Equatable {
        var token: Token
        var logprob: Float
    }

    var chosen: Alternative
    /// The likeliest tokens, likeliest first; as many as the request asked for.
    var top: [Alternative]

    /// - Parameters:
    ///   - logits: The row that the model gave, unchanged.
    ///   - count: How many of the likeliest tokens to name.
    init(of token: Token, in logits: [Float], count: Int, candidates: inout [Candidate]) {
        candidates.take(logits, logits.indices)
        let peak = candidates.map(\.logit).max() ?? 0
        var total: Float = 0
        for candidate in candidates { total += exp(candidate.logit - peak) }
        let norm = peak + log(total)
        chosen = Alternative(token: token, logprob: logits[Int(token)] - norm)
        candidates.keepLikeliest(count)
        candidates.sort { $0.precedes($1) }
        top = candidates.map { Alternative(token: $0.token, logprob: $0.logit - norm) }
    }
}
