import Foundation

/// The built binary, run as its user would.
struct Invocation {
    var status: Int32
    var output: String
    var errors: String

    /// It lies beside the tests.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("loopguard")

    init(_ arguments: String...) throws { try self.init(arguments) }

    /// - Parameter input: What the program is given on standard input, when it is to have one.
    init(_ arguments: [String], input: String? = nil) throws {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let source = Pipe()
        if input != nil { process.standardInput = source }
        try process.run()
        if let input {
            try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try source.fileHandleForWriting.close()
        }
        self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }
}
