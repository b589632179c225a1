/// Why a model folder cannot be used: which file, and what is wrong with it.
public struct ModelError: Error, Equatable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// What was expected there and what was found.
    public let problem: String

    /// Creates an error.
    public init(_ path: String, _ problem: String) {
        self.path = path
        self.problem = problem
    }

    public var description: String { "\(path): \(problem)" }
}
