import JSONBytes
import Testing

@testable import EmbeddedEngine

/// A model folder beside the tests, with what a reference implementation makes of it. `Tools/` has what wrote them.
struct Golden: CustomTestStringConvertible, Sendable {
    let name: String

    static let all = [
        "tiny-f32", "tiny-f16", "tiny-bf16-untied", "qwen2-biases", "llama3-rope", "linear-rope",
    ].map { Golden(name: $0) }

    var testDescription: String { name }

    var folder: String {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return "/\(tests)/Golden/\(name)"
    }

    func model() throws -> LlamaModel { try LlamaModel(directory: folder) }

    /// Some tokens, and for each of them what the reference says may follow.
    func logits() throws -> (tokens: [Token], rows: [[Float]]) {
        let root = try JSONValue.read("\(folder)/golden.json")
        let tokens = try #require(root["prompt"]?.elements).compactMap { $0.integer.map { Token($0) } }
        let rows = try #require(root["logits"]?.elements).map { row in
            try #require(row.elements).compactMap { $0.number.map { Float($0) } }
        }
        return (tokens, rows)
    }

    /// Texts, and what the reference makes of them when special tokens are unknown to it.
    func tokens() throws -> [(text: String, tokens: [Token])] {
        let path = "\(folder)/tokens.json"
        guard ModelFile.exists(path) else { return [] }
        return try #require(JSONValue.read(path).elements).map { element in
            let text = try #require(element["text"]?.string)
            let tokens = try #require(element["plain"]?.elements).compactMap { $0.integer.map { Token($0) } }
            return (text, tokens)
        }
    }
}

extension DecodingSession {
    /// One step of one sequence.
    func step(_ token: Token, slot: Int = 0) -> [Float] {
        var logits: [Float] = []
        step([StepInput(slot: slot, token: token)], into: &logits)
        return logits
    }
}

/// The largest difference between rows, as a share of the largest number in the second.
func relativeDifference(_ row: ArraySlice<Float>, _ reference: [Float]) -> Float {
    guard row.count == reference.count else { return .infinity }
    let size = reference.reduce(0) { max($0, $1.magnitude) }
    // What no token has is minus infinity in the one and a number without meaning in the other.
    return zip(row, reference).reduce(0) { $1.0 == -.infinity ? $0 : max($0, ($1.0 - $1.1).magnitude / size) }
}

extension [Float] {
    /// The index of the largest number.
    var likeliest: Token { Token(indices.max { self[$0] < self[$1] } ?? 0) }
}
