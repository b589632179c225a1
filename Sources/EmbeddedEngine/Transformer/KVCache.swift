/// The keys and values of one sequence, for every layer.
///
/// It grows by pages of positions, so that nothing is copied when it does. Keys lie dimension by dimension and values
/// position by position: either way around attention is a product that needs no transposing.
struct KVCache {
    /// Positions per page.
    static let pageLength = 256
    /// Positions of which keys lie side by side. As wide as the inner loop of OpenBLAS's small products, which then
    /// reads keys in the order of their addresses: 0.3 µs for 64 × 32 numbers that no cache close by holds; in rows of
    /// 128 positions it took 0.5.
    static let panelLength = 64

    /// The positions that every layer has.
    private(set) var length = 0
    private let heads: Int
    private let headSize: Int
    private let pageSize: Int
    private var pages: [FloatBuffer] = []

    init(_ shape: LlamaConfiguration) {
        heads = shape.keyValueHeads
        headSize = shape.headSize
        pageSize = shape.layers * shape.keyValueHeads * 2 * shape.headSize * Self.pageLength
    }

    /// Makes room for more positions. What is not yet advanced over may be written again.
    mutating func reserve(_ count: Int) {
        while pages.count * Self.pageLength < length + count { pages.append(FloatBuffer(count: pageSize)) }
    }

    /// Counts positions that have been written in every layer.
    mutating func advance(_ count: Int) { length += count }

    /// Writes what a token's keys and values are in a layer; heads lie one after the other.
    func write(keys: UnsafePointer<Float>, values: UnsafePointer<Float>, layer: Int, position: Int) {
        for head in 0..<heads {
            let key = self.keys(layer: layer, head: head, from: position) + position % Self.panelLength
            for index in 0..<headSize { key[index * Self.panelLength] = keys[head * headSize + index] }
            let offset = position % Self.pageLength * headSize
            let value = self.values(layer: layer, head: head, from: position) + offset
            value.update(from: values + head * headSize, count: headSize)
        }
    }

    /// The keys of a position's panel: for each dimension a row of positions.
    func keys(layer: Int, head: Int, from position: Int) -> UnsafeMutablePointer<Float> {
        let panel = position % Self.pageLength / Self.panelLength
        return start(layer: layer, head: head, position) + panel * Self.panelLength * headSize
    }

    /// The values of a position's page: for each position a row of dimensions.
    func values(layer: Int, head: Int, from position: Int) -> UnsafeMutablePointer<Float> {
        start(layer: layer, head: head, position) + Self.pageLength * headSize
    }

    private func start(layer: Int, head: Int, _ position: Int) -> UnsafeMutablePointer<Float> {
        pages[position / Self.pageLength].start + (layer * heads + head) * 2 * headSize * Self.pageLength
    }
}
