import Foundation
import Testing

/// The built binary, run as its user would.
struct Invocation {
    var status: Int32
    var output: String
    var errors: String

    init(_ arguments: String...) throws { try self.init(arguments) }

    init(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("loopguard")
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }
}

private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// A file that is removed with the test.
private func withFile(_ text: String, named ending: String, _ use: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + UUID().uuidString + ending
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try use(path)
}

@Suite struct TheCommandLine {
    @Test func tellsItsCommands() throws {
        let help = try Invocation("--help")
        #expect(help.status == 0)
        for command in ["serve", "engine", "replay", "recordings", "rules"] { #expect(help.output.contains(command)) }
    }

    @Test(arguments: [["serve", "--port", "70000"], ["replay"], ["replay", "/nowhere"], ["serve", "--nonsense"]])
    func answersWrongUsageWith64(arguments: [String]) throws {
        let answer = try Invocation(arguments)
        #expect(answer.status == 64)
        #expect(answer.output.isEmpty)
        #expect(!answer.errors.isEmpty)
    }

    @Test func saysWhyAnUpstreamCannotBeUsed() throws {
        let answer = try Invocation("serve", "--upstream", "https://127.0.0.1:1")
        #expect(answer.status == 64)
        #expect(answer.errors.contains("https://127.0.0.1:1"))
    }

    @Test func saysThatThePortIsTaken() throws {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> UInt16 in
                _ = bind(socket, address, size)
                _ = listen(socket, 1)
                _ = getsockname(socket, address, &size)
                return pointer.pointee.sin_port.bigEndian
            }
        }
        let answer = try Invocation("serve", "--upstream", "http://127.0.0.1:1", "--port", String(port))
        #expect(answer.status == 69)
        #expect(answer.errors.contains("cannot listen"))
    }

    @Test func takesOptionsFromAFile() throws {
        // The port is out of range in the file and right on the command line, the upstream cannot be used.
        try withFile("port: 70000\nupstream: https://127.0.0.1:1\n", named: ".yaml") { path in
            let file = try Invocation("serve", "--config", path)
            #expect(file.status == 64)
            #expect(file.errors.contains("70000"))
            let both = try Invocation("serve", "--config=\(path)", "--port", "0")
            #expect(both.status == 64)
            #expect(both.errors.contains("https://127.0.0.1:1"))
        }
        try withFile("prot: 1\nhost: [a]\n", named: ".yaml") { path in
            let answer = try Invocation("serve", "--config", path)
            #expect(answer.status == 64)
            #expect(answer.errors.contains("\(path):1:1: error: there is no option 'prot'; did you mean 'port'?"))
            #expect(answer.errors.contains("\(path):2:7: error: 'host' must have one plain value"))
        }
    }

    @Test func checksRules() throws {
        #expect(try Invocation("rules", "check", repository + "/rules/default.yaml").status == 0)
        try withFile("version: 1\ndetectors:\n  tail_repeet:\n    mode: stop\nmode: loud\n", named: ".yaml") { path in
            let answer = try Invocation("rules", "check", path)
            #expect(answer.status == 1)
            let lines = answer.errors.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].hasPrefix("\(path):3:3: error: ") && lines[0].contains("tail_repeat"))
            #expect(lines[1].hasPrefix("\(path):5:7: error: "))
        }
    }

    @Test func showsRulesThatAreTheRules() throws {
        let shown = try Invocation("rules", "show")
        #expect(shown.status == 0)
        try withFile(shown.output, named: ".yaml") { path in
            let again = try Invocation("rules", "show", path)
            #expect(again.output == shown.output)
        }
    }

    @Test func replaysInEveryFormat() throws {
        let healthy = repository + "/fixtures/healthy"
        let table = try Invocation("replay", healthy)
        #expect(table.status == 0)
        #expect(table.output.contains("0 stopped"))
        let json = try Invocation("replay", healthy, "--format", "json")
        let whole = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let lines = try Invocation("replay", healthy, "--format", "jsonl").output.split(separator: "\n")
        #expect((whole?["results"] as? [Any])?.count == lines.count)
    }

    @Test func marksRecordingsAndScoresRulesOnThem() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("loopguard-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let chunk = #"data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"round "}}]}"#
        let path = folder.appendingPathComponent("a.sse").path
        try Data(String(repeating: chunk + "\n\n", count: 600).utf8).write(to: URL(fileURLWithPath: path))

        #expect(try Invocation("replay", folder.path, "--score").status == 1)
        #expect(try Invocation("recordings", "mark", path, "loop", "--from", "7").status == 64)
        #expect(try Invocation("recordings", "mark", path, "healthy", "--from", "7").status == 64)
        #expect(try Invocation("recordings", "mark", path, "perhaps").status == 64)
        let mark = try Invocation("recordings", "mark", path, "loop", "--from", "6", "--channel", "content")
        #expect(mark.status == 0)
        let table = try Invocation("replay", folder.path, "--score")
        #expect(table.status == 0)
        #expect(table.output.contains("0 healthy: 0 stopped; 1 loops: 0 missed"))
        let json = try Invocation("replay", folder.path, "--score", "--format", "json")
        let page = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect((page?["all"] as? [String: Any])?["loop_bytes_median"] as? Int == 1_024 - 6)
        #expect(try Invocation("replay", folder.path, "--score", "--format", "jsonl").status == 64)
        let tune = try Invocation("rules", "tune", folder.path)
        #expect(tune.status == 64 && tune.errors.contains("both labels"))
    }

    @Test func failsOnTheVerdictAskedFor() throws {
        let chunk = #"data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"round "}}]}"#
        try withFile(String(repeating: chunk + "\n\n", count: 600), named: ".sse") { path in
            let observe = ["--rules", repository + "/rules/observe.yaml"]
            let cases: [(arguments: [String], status: Int32)] = [
                ([], 0), (["--fail-on", "stop"], 1), (["--fail-on", "stop"] + observe, 0),
                (["--fail-on", "observe"] + observe, 1),
            ]
            for (arguments, status) in cases {
                let answer = try Invocation(["replay", path] + arguments)
                #expect(answer.status == status, "\(arguments)")
            }
        }
    }
}
