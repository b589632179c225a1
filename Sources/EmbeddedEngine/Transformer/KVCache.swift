/// The keys and values of one sequence, for every layer.
///
/// It grows by blocks of positions, so that nothing is copied when it does. Keys lie dimension by dimension within a
/// block and values position by position: either way around attention is a product that needs no transposing.
struct KVCache {
    /// Positions per block.
    static let blockLength = 128

    /// The positions that every layer has.
    private(set) var length = 0
    private let heads: Int
    private let headSize: Int
    private let blockSize: Int
    private var blocks: [FloatBuffer] = []

    init(_ shape: LlamaConfiguration) {
        heads = shape.keyValueHeads
        headSize = shape.headSize
        blockSize = shape.layers * shape.keyValueHeads * 2 * shape.headSize * Self.blockLength
    }

    /// Makes room for more positions. What is not yet advanced over may be written again.
    mutating func reserve(_ count: Int) {
        while blocks.count * Self.blockLength < length + count { blocks.append(FloatBuffer(count: blockSize)) }
    }

    /// Counts positions that have been written in every layer.
    mutating func advance(_ count: Int) { length += count }

    /// Writes what a token's keys and values are in a layer; heads lie one after the other.
    func write(keys: UnsafePointer<Float>, values: UnsafePointer<Float>, layer: Int, position: Int) {
        let (block, offset) = position.quotientAndRemainder(dividingBy: Self.blockLength)
        for head in 0..<heads {
            let key = self.keys(layer: layer, head: head, block: block) + offset
            for index in 0..<headSize { key[index * Self.blockLength] = keys[head * headSize + index] }
            let value = self.values(layer: layer, head: head, block: block) + offset * headSize
            value.update(from: values + head * headSize, count: headSize)
        }
    }

    /// The keys of a block: for each dimension a row of positions.
    func keys(layer: Int, head: Int, block: Int) -> UnsafeMutablePointer<Float> {
        blocks[block].start + (layer * heads + head) * 2 * headSize * Self.blockLength
    }

    /// The values of a block: for each position a row of dimensions.
    func values(layer: Int, head: Int, block: Int) -> UnsafeMutablePointer<Float> {
        keys(layer: layer, head: head, block: block) + headSize * Self.blockLength
    }
}
