import Foundation
import Testing

@testable import EmbeddedEngine

/// Every way in which the weights of a folder can be damaged is an error that says where and what.
struct SafetensorsTests {
    private let folder: ModelFolder

    init() throws { folder = try ModelFolder(copying: Golden(name: "tiny-f32")) }

    private func problem(in file: String = "/model.safetensors") throws -> String {
        let error = try #require(throws: ModelError.self) { try LlamaModel(directory: folder.path) }
        #expect(error.path == folder.path + file)
        return error.problem
    }

    private func header() throws -> (text: String, data: Int, count: Int) {
        let file = try folder.read("model.safetensors")
        let length = Int(file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        return (String(decoding: file.dropFirst(8).prefix(length), as: UTF8.self), 8 + length, file.count)
    }

    @Test func aFileCutAnywhereIsTruncated() throws {
        let whole = try folder.read("model.safetensors")
        let data = try header().data
        for count in [0, 7, 8, 100, data - 1, data, data + 1, whole.count - 1] {
            try folder.write(whole.prefix(count), to: "model.safetensors")
            let problem = try problem()
            #expect(problem.contains("truncated"), "\(count): \(problem)")
            #expect(problem.contains("expected") && problem.contains("found"))
            if count >= data { #expect(problem.contains("tensor ")) }
        }
    }

    @Test func aHeaderThatIsNoneIsAnError() throws {
        try folder.write(Data("version https://git-lfs.github.com/spec/v1\n".utf8), to: "model.safetensors")
        #expect(try problem().contains("is no safetensors file"))
        try folder.write(Data([2, 0, 0, 0, 0, 0, 0, 0] + "[]".utf8), to: "model.safetensors")
        #expect(try problem() == "has a header that is no JSON object")
        try folder.write(Data([2, 0, 0, 0, 0, 0, 0, 0] + "{]".utf8), to: "model.safetensors")
        #expect(try problem(in: "/model.safetensors, header").contains("is no JSON"))
    }

    @Test func aMissingTensorIsNamedWithItsShape() throws {
        try folder.replaceInHeader("model.layers.1.mlp.up_proj.weight", by: "something.else")
        #expect(try problem() == "tensor model.layers.1.mlp.up_proj.weight is missing: expected [64, 32]")
    }

    @Test func anUntiedModelWithoutAHeadIsIncomplete() throws {
        try folder.replace(#""tie_word_embeddings": true"#, by: #""tie_word_embeddings": false"#, in: "config.json")
        #expect(try problem() == "tensor lm_head.weight is missing: expected [300, 32]")
    }

    @Test(arguments: [
        (#""num_key_value_heads": 2"#, #""num_key_value_heads": 1"#, "self_attn.k_proj.weight", "[8, 32]", "[16, 32]"),
        (#""intermediate_size": 64"#, #""intermediate_size": 65"#, "mlp.gate_proj.weight", "[65, 32]", "[64, 32]"),
        (#""head_dim": 8"#, #""head_dim": 10"#, "self_attn.q_proj.weight", "[40, 32]", "[32, 32]"),
        (#""vocab_size": 300"#, #""vocab_size": 301"#, "model.embed_tokens.weight", "[301, 32]", "[300, 32]"),
    ])
    func aWrongShapeIsNamedWithTheRightOne(
        field: String,
        wrong: String,
        tensor: String,
        expected: String,
        found: String
    ) throws {
        try folder.replace(field, by: wrong, in: "config.json")
        let problem = try problem()
        #expect(problem.hasPrefix("tensor ") && problem.contains(tensor))
        #expect(problem.hasSuffix("expected \(expected), found \(found)"))
    }

    @Test func aTypeThatIsNoFloatIsNamed() throws {
        try folder.replaceInHeader(#""dtype":"F32""#, by: #""dtype":"I8""#)
        #expect(try problem() == "tensor model.embed_tokens.weight expected F32, F16 or BF16, found I8")
    }

    @Test func aTensorWithFewerBytesThanItsShapeIsAnError() throws {
        try folder.replaceInHeader(#""dtype":"F32""#, by: #""dtype":"F16""#)
        let problem = try problem()
        #expect(problem == "tensor model.embed_tokens.weight expected 19200 bytes for [300, 32], found 38400")
    }

    @Test(arguments: [
        (#""data_offsets":["#, #""data_offsets":[-8,"#),
        (#""data_offsets":["#, #""data_offsets":[9007199254740991,"#),
        (#""data_offsets":["#, #""data_offsets":[1e300,"#),
        (#""data_offsets":["#, #""offsets":["#),
        (#""shape":["#, #""shape":[-1,"#),
        (#""shape":["#, #""shape":["x","#),
        (#""shape":["#, #""size":["#),
        (#""dtype":"#, #""type":"#),
    ])
    func aHeaderThatMakesNoSenseNamesTheTensor(found: String, put: String) throws {
        try folder.replaceInHeader(found, by: put)
        #expect(try problem().hasPrefix("tensor "))
    }

    @Test func aRandomByteInTheHeaderNeverCrashes() throws {
        let whole = try folder.read("model.safetensors")
        let data = try header().data
        var random = SplitMix64(state: 9)
        for _ in 0..<300 {
            var bytes = whole
            bytes[Int(random.next() % UInt64(data))] = UInt8(truncatingIfNeeded: random.next() >> 8)
            try folder.write(bytes, to: "model.safetensors")
            // Some bytes, such as blanks, do not matter; what does is an error of the one kind.
            do { _ = try Checkpoint(folder: folder.path).floats("model.norm.weight", 32) } catch {
                #expect(error.path.hasPrefix(folder.path))
            }
        }
    }

    @Test func missingFilesAreNamed() throws {
        try folder.remove("model.safetensors")
        #expect(try problem(in: "") == "has neither model.safetensors nor model.safetensors.index.json")
        try folder.remove("tokenizer.json")
        #expect(try problem(in: "/tokenizer.json").hasPrefix("cannot be opened"))
        try folder.remove("config.json")
        #expect(try problem(in: "/config.json").hasPrefix("cannot be opened"))
        let error = try #require(throws: ModelError.self) { try LlamaModel(directory: "/no/such/folder") }
        #expect(error == ModelError("/no/such/folder", "is no folder; expected a model's"))
    }

    @Test func halvesBecomeTheFloatsTheyStandFor() {
        let cases: [(UInt16, Float)] = [
            (0x3C00, 1), (0xC000, -2), (0x7BFF, 65_504), (0x0001, 0x1p-24), (0x03FF, 0x1.FF8p-15), (0x0400, 0x1p-14),
            (0x7C00, .infinity), (0xFC00, -.infinity), (0x0000, 0), (0x3555, 0.333_251_95),
        ]
        for (half, float) in cases { #expect(FloatType.float(half: half) == float) }
        #expect(FloatType.float(half: 0x7E00).isNaN)
        #expect(FloatType.float(half: 0x8000).sign == .minus)
    }
}

/// Weights in several files.
struct ShardedCheckpointTests {
    private let folder: ModelFolder
    private let index = "model.safetensors.index.json"

    init() throws { folder = try ModelFolder(copying: Golden(name: "tiny-bf16-untied")) }

    private func error() throws -> ModelError {
        try #require(throws: ModelError.self) { try LlamaModel(directory: folder.path) }
    }

    @Test func aMissingShardIsNamed() throws {
        try folder.remove("model-00002-of-00002.safetensors")
        #expect(try error().description.contains("/model-00002-of-00002.safetensors: cannot be opened"))
    }

    @Test func aTensorThatTheIndexLacksIsNamed() throws {
        try folder.replace(#""lm_head.weight""#, by: #""another.weight""#, in: index)
        #expect(
            try error() == ModelError("\(folder.path)/\(index)", "tensor lm_head.weight is missing: expected [300, 32]")
        )
    }

    @Test func aTensorThatLiesInAnotherShardIsMissing() throws {
        let map = try String(decoding: folder.read(index), as: UTF8.self)
        let first = "model-00001-of-00002.safetensors"
        let place = try #require(JSONValue.read("\(folder.path)/\(index)")["weight_map"]?["lm_head.weight"]?.string)
        let other = place == first ? "model-00002-of-00002.safetensors" : first
        try folder.write(Data(map.replacingOccurrences(of: place, with: other).utf8), to: index)
        let error = try error()
        #expect(error.path.hasSuffix(other) && error.problem.contains("is missing: expected"))
    }

    @Test func anIndexCannotLeaveTheFolder() throws {
        try folder.replace("model-00001-of-00002.safetensors", by: "../model.safetensors", in: index)
        #expect(try error().problem.contains("expected the name of a file in the same folder"))
    }
}
