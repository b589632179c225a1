private import Foundation

extension LlamaModel {
    /// The model that comes with loopguard.
    /// - Throws: ``ModelError``, also when the folder with the package's resources is not where it belongs: beside the
    ///   program.
    public static func small() throws(ModelError) -> LlamaModel {
        // `Bundle.module` looks here as well, but ends the program when it finds nothing.
        let bundle = "loopguard_EmbeddedEngine.resources"
        let folder = "\(programFolder)/\(bundle)/small"
        guard ModelFile.isFolder(folder) else {
            throw ModelError(folder, "is missing; the folder \(bundle) belongs beside the program")
        }
        return try LlamaModel(directory: folder, name: "loopguard-small")
    }

    /// The folder that the running program lies in, with links followed.
    private static var programFolder: String {
        let program = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
        return program.resolvingSymlinksInPath().deletingLastPathComponent().path
    }
}
