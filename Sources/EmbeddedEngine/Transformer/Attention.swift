internal import COpenBLAS

/// Scaled dot-product attention of some tokens to their sequence, with grouped queries (Ainslie et al., 2023).
struct Attention {
    private let queryHeads: Int
    private let keyValueHeads: Int
    private let headSize: Int
    private let rowSize: Int
    private let scale: Float
    private let weighs: Bool
    private var scores = FloatBuffer(count: 0)

    /// The tokens of a prompt that are computed together: half of the scores of so few are for nothing at most once
    /// per head, and the products stay small to OpenBLAS, see ``Projection``.
    private static let tokensTogether = 16

    /// - Parameter weighs: Whether scores become weights; only a benchmark of the products alone leaves that out.
    init(_ shape: LlamaConfiguration, weighs: Bool = true) {
        self.weighs = weighs
        queryHeads = shape.queryHeads
        keyValueHeads = shape.keyValueHeads
        headSize = shape.headSize
        rowSize = shape.queryKeyValueSize
        scale = 1 / Float(headSize).squareRoot()
    }

    /// Attends from the last `count` positions written to the cache to everything up to them.
    /// - Parameters:
    ///   - queries: One row for each of these tokens, with keys and values behind the queries.
    ///   - results: One row for each of them.
    mutating func attend(
        _ queries: UnsafePointer<Float>,
        count: Int,
        _ cache: KVCache,
        layer: Int,
        into results: UnsafeMutablePointer<Float>
    ) {
        let group = queryHeads / keyValueHeads
        let resultSize = queryHeads * headSize
        for first in stride(from: 0, to: count, by: Self.tokensTogether) {
            let tokens = min(Self.tokensTogether, count - first)
            let length = cache.length + first + 1
            for head in 0..<keyValueHeads {
                let query = queries + first * rowSize + head * group * headSize
                let result = results + first * resultSize + head * group * headSize
                if tokens == 1 {
                    // The queries that share a key lie one after the other, and see equally much.
                    attend(
                        Rows(start: query, stride: headSize, count: group, length: length, growth: 0),
                        cache,
                        layer: layer,
                        head: head,
                        into: result,
                        resultStride: headSize
                    )
                } else {
                    for member in 0..<group {
                        attend(
                            Rows(
                                start: query + member * headSize,
                                stride: rowSize,
                                count: tokens,
                                length: length,
                                growth: 1
                            ),
                            cache,
                            layer: layer,
                            head: head,
                            into: result + member * headSize,
                            resultStride: resultSize
                        )
                    }
                }
            }
        }
    }

    /// Queries to one head's keys.
    private struct Rows {
        var start: UnsafePointer<Float>
        var stride: Int
        var count: Int
        /// The positions that the first row sees, and how many more each following row does.
        var length: Int
        var growth: Int
    }

    private mutating func attend(
        _ rows: Rows,
        _ cache: KVCache,
        layer: Int,
        head: Int,
        into results: UnsafeMutablePointer<Float>,
        resultStride: Int
    ) {
        let longest = rows.length + rows.growth * (rows.count - 1)
        // Rounded up, so that rows begin at the start of a cache line.
        let width = (longest + 15) / 16 * 16
        if scores.count < rows.count * width { scores = FloatBuffer(count: 2 * rows.count * width) }
        for start in stride(from: 0, to: longest, by: KVCache.panelLength) {
            cblas_sgemm(
                CblasRowMajor,
                CblasNoTrans,
                CblasNoTrans,
                Int32(rows.count),
                Int32(min(KVCache.panelLength, longest - start)),
                Int32(headSize),
                scale,
                rows.start,
                Int32(rows.stride),
                cache.keys(layer: layer, head: head, from: start),
                Int32(KVCache.panelLength),
                0,
                scores.start + start,
                Int32(width)
            )
        }
        if weighs { weigh(rows, width: width, longest: longest) }
        for start in stride(from: 0, to: longest, by: KVCache.pageLength) {
            cblas_sgemm(
                CblasRowMajor,
                CblasNoTrans,
                CblasNoTrans,
                Int32(rows.count),
                Int32(headSize),
                Int32(min(KVCache.pageLength, longest - start)),
                1,
                scores.start + start,
                Int32(width),
                cache.values(layer: layer, head: head, from: start),
                Int32(headSize),
                start == 0 ? 0 : 1,
                results,
                Int32(resultStride)
            )
        }
    }
    /// Turns each row of scores into weights that add up to one.
    private func weigh(_ rows: Rows, width: Int, longest: Int) {
        for row in 0..<rows.count {
            let score = scores.start + row * width
            let length = rows.length + rows.growth * row
            let sum = Vector.exponentiate(score, count: length)
            Vector.scale(score, by: 1 / sum, count: length)
            // What comes after the token has no weight.
            (score + length).update(repeating: 0, count: longest - length)
        }
    }
}
