import Foundation
import Testing

/// The commands that ask a server.
@Suite struct AskingAServer {
    /// Nothing listens on port 9 of the loopback interface on a machine that runs tests.
    private static let nowhere = "http://127.0.0.1:9"

    @Test(arguments: [
        ["stop"], ["stop", "a", "--all"], ["stop", "*"], ["stop", "a b"], ["stop", "a", "--boundary", "--wait"],
        ["stop", "a", "b", "--if-generation", "1"], ["stop", "--all", "--source", "two words"],
        ["stop", "a", "--timeout", "0"], ["stop", "a", "--key-file", "/nowhere"], ["runs", "--state", "dead"],
        ["runs", "a", "--model", "m"], ["runs", "--watch", "--limit", "3"], ["runs", "--url", "ftp://127.0.0.1"],
        ["runs", "--limit", "0"], ["doctor"], ["doctor", "http://a", "--max-tokens", "0"],
        ["doctor", "http://a", "--format", "smoke"], ["doctor", "http://a", "--header", "nonsense"],
    ])
    func answersWrongUsageWith64(arguments: [String]) throws {
        let answer = try Invocation(arguments)
        #expect(answer.status == 64)
        #expect(answer.output.isEmpty && !answer.errors.isEmpty)
    }

    @Test(arguments: [["runs"], ["runs", "--watch"], ["stop", "a"], ["stop", "a", "--wait"], ["doctor"]])
    func saysThatNobodyIsThere(arguments: [String]) throws {
        let place = arguments == ["doctor"] ? [Self.nowhere] : ["--url", Self.nowhere]
        let answer = try Invocation(arguments + place + ["--proxy", ""])
        #expect(answer.status == (arguments == ["doctor"] ? 2 : 69))
        #expect(answer.output.isEmpty)
        #expect(answer.errors.contains("\(Self.nowhere)/v1/"))
        #expect(answer.errors.contains("check that the server runs and listens there"))
    }

    @Test func examinesARunningEngine() throws {
        let engine = Process()
        engine.executableURL = Invocation.program
        engine.arguments = ["engine", "--port", "0", "--tokens-per-second", "200", "--log-level", "error"]
        let output = Pipe()
        engine.standardOutput = output
        try engine.run()
        defer { engine.terminate() }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let url = try #require(line.split(whereSeparator: \.isWhitespace).last)
        let report = try Invocation("doctor", String(url), "--max-tokens", "300")
        #expect(report.status == 0, "\(report.output)\(report.errors)")
        #expect(report.output.contains("It stops when the connection of a stream is closed."))
        #expect(report.output.contains("  loopguard serve --upstream \(url) --engine embedded\n"))
        let json = try Invocation("doctor", String(url), "--max-tokens", "300", "--json")
        let page = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(page?["stops_on_close"] as? Bool == true)
        #expect((page?["closing"] as? [Any])?.count == 3)
        // It is an engine and no gateway.
        let runs = try Invocation("runs", "--url", String(url))
        #expect(runs.status == 1)
        #expect(runs.errors.contains("\(url)/v1/runs: "))
    }
}
