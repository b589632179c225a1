/// One file in the safetensors format: eight bytes with the length of a JSON header, the header, the numbers.
///
/// Everything the header claims is checked against the file before a number is read.
/// https://huggingface.co/docs/safetensors gives the format.
struct Safetensors {
    private let file: ModelFile
    private var tensors: [String: Entry] = [:]

    /// Where a tensor lies, and how its numbers are stored.
    private struct Entry {
        var type: String
        var shape: [Int]
        /// In the file.
        var bytes: Range<Int>
    }

    /// The bytes that a header may have, as in the reference implementation.
    private static let longestHeader = 100_000_000

    /// Opens a file and reads its header.
    init(path: String) throws(ModelError) {
        file = try ModelFile(path)
        guard file.count >= 8 else {
            throw ModelError(path, "is truncated: expected a header length of 8 bytes, found \(file.count) bytes")
        }
        let prefix = try file.read(0..<8)
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= Self.longestHeader else {
            throw ModelError(path, "is no safetensors file: its header would have \(length) bytes")
        }
        let start = 8 + Int(length)
        guard start <= file.count else {
            throw ModelError(path, "is truncated: expected \(length) bytes of header, found \(file.count - 8)")
        }
        let text = try file.read(8..<start)
        let header = try JSONValue(text.span, path: "\(path), header")
        guard let members = header.members else { throw ModelError(path, "has a header that is no JSON object") }
        for member in members where member.name != "__metadata__" {
            guard tensors[member.name] == nil else { throw error(member.name, "is there twice") }
            tensors[member.name] = try entry(member, dataStart: start)
        }
    }

    private func entry(_ member: JSONValue.Member, dataStart: Int) throws(ModelError) -> Entry {
        let name = member.name
        guard let type = member.value["dtype"]?.string else { throw error(name, "has no dtype") }
        guard let dimensions = member.value["shape"]?.elements else { throw error(name, "has no shape") }
        var shape: [Int] = []
        for dimension in dimensions {
            guard let size = dimension.integer, size >= 0 else {
                throw error(name, "has a shape that is no list of whole numbers")
            }
            shape.append(size)
        }
        guard let offsets = member.value["data_offsets"]?.elements, offsets.count == 2,
            let begin = offsets[0].integer, let end = offsets[1].integer, begin >= 0, begin <= end
        else { throw error(name, "has no data_offsets of the form [begin, end]") }
        guard end <= file.count - dataStart else {
            throw error(
                name,
                "is truncated: expected bytes \(begin)..<\(end) of the data, found \(file.count - dataStart) bytes"
            )
        }
        return Entry(type: type, shape: shape, bytes: dataStart + begin..<dataStart + end)
    }

    func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// The numbers of a tensor, row by row.
    func floats(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        guard let entry = tensors[name] else { throw error(name, "is missing: expected \(shape)") }
        guard entry.shape == shape else { throw error(name, "expected \(shape), found \(entry.shape)") }
        guard let type = FloatType(rawValue: entry.type) else {
            throw error(name, "expected F32, F16 or BF16, found \(entry.type)")
        }
        let count = shape.reduce(1, *)
        guard entry.bytes.count == count * type.size else {
            throw error(name, "expected \(count * type.size) bytes for \(shape), found \(entry.bytes.count)")
        }
        return type.floats(try file.read(entry.bytes))
    }

    private func error(_ name: String, _ problem: String) -> ModelError {
        ModelError(file.path, "tensor \(name) \(problem)")
    }
}
