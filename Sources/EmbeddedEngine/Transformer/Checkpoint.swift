/// The weights in a model folder: `model.safetensors`, or the files that `model.safetensors.index.json` names.
struct Checkpoint {
    private let folder: String
    /// The files by name, and for a sharded model which tensor lies in which.
    private var files: [String: Safetensors] = [:]
    private var places: [String: String]?

    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    init(folder: String) throws(ModelError) {
        self.folder = folder
        if ModelFile.exists("\(folder)/\(Self.single)") {
            files[Self.single] = try Safetensors(path: "\(folder)/\(Self.single)")
            return
        }
        let path = "\(folder)/\(Self.index)"
        guard ModelFile.exists(path) else {
            throw ModelError(folder, "has neither \(Self.single) nor \(Self.index)")
        }
        guard let members = try JSONValue.read(path)["weight_map"]?.members else {
            throw ModelError(path, "has no weight_map")
        }
        var places: [String: String] = [:]
        for member in members {
            guard let file = member.value.string, !file.isEmpty, !file.contains("/") else {
                throw ModelError(path, "tensor \(member.name): expected the name of a file in the same folder")
            }
            places[member.name] = file
            if files[file] == nil { files[file] = try Safetensors(path: "\(folder)/\(file)") }
        }
        self.places = places
    }

    /// The numbers of a tensor, row by row.
    func floats(_ name: String, _ shape: Int...) throws(ModelError) -> [Float] {
        guard let places else { return try files[Self.single]!.floats(name, shape: shape) }
        guard let file = places[name] else {
            throw ModelError("\(folder)/\(Self.index)", "tensor \(name) is missing: expected \(shape)")
        }
        return try files[file]!.floats(name, shape: shape)
    }
}
