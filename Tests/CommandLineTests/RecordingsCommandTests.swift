import Foundation
import Testing

/// `loopguard recordings`, on a segment that somebody else wrote.
@Suite struct TheRecordingsCommand {
    private static let stream = #"data: {"choices":[{"index":0,"delta":{"content":"a lighthouse"}}]}"# + "\n\n"

    private func withRecordings(_ use: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = String(decoding: try JSONEncoder().encode(Self.stream), as: UTF8.self)
        let lines = """
            {"v":1,"run":"run_1","kind":"request","t":0,"started":1.5,"path":"/v1/chat/completions","model":"small","text":"{}"}
            {"run":"run_1","kind":"pass","t":2000000,"text":\(text)}
            {"run":"run_1","kind":"verdict","t":3000000,"detector":"stutter","mode":"warn","byte":3,"event":1,"evidence":{"unit":"x"}}
            {"run":"run_1","kind":"end","t":4000000,"state":"completed","status":200,"events":1}
            {"v":1,"run":"run_2","kind":"request","t":0,"started":9.5,"path":"/v1/chat/completions","model":"large","text":"{}"}

            """
        try Data(lines.utf8).write(to: URL(fileURLWithPath: folder + "/a.runs.jsonl"))
        try use(folder)
    }

    @Test func listsWhatIsAskedForAndShowsOneRun() throws {
        try withRecordings { folder in
            let all = try Invocation("recordings", "list", folder)
            #expect(all.status == 0 && all.errors.isEmpty)
            let lines = all.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[1].contains("run_2") && lines[1].contains("unfinished"))
            let found = try Invocation("recordings", "list", folder, "--search", "lighthouse", "--json")
            let object = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any]
            #expect(object?["id"] as? String == "run_1" && object?["detector"] as? String == "stutter")
            #expect((object?["evidence"] as? [String: String])?["unit"] == "x")
            #expect(try Invocation("recordings", "list", folder, "--model", "tiny*").output.isEmpty)

            let shown = try Invocation("recordings", "show", folder + "/run_1")
            #expect(
                shown.status == 0 && shown.output.contains("a lighthouse") && shown.output.contains("warn: stutter")
            )
            #expect(try Invocation("recordings", "show", folder + "/run_1", "--wire").output.contains("2.000 ms < >"))
            for wrong in [folder, folder + "/run_", folder + "/nothing", "/nowhere"] {
                let answer = try Invocation("recordings", "show", wrong)
                #expect(answer.status == 64 && answer.output.isEmpty && !answer.errors.isEmpty)
            }
        }
    }

    @Test func exportsRunsAndImportsThemAgainOnce() throws {
        try withRecordings { folder in
            #expect(try Invocation("recordings", "mark", folder + "/run_1", "healthy").status == 0)
            #expect(try Invocation("recordings", "export", folder, "--output", folder + "/out").status == 0)
            let body = try String(contentsOfFile: folder + "/out/run_1.sse", encoding: .utf8)
            let request = try String(contentsOfFile: folder + "/out/run_1.request.json", encoding: .utf8)
            #expect(body == Self.stream && request == "{}")
            #expect(try String(contentsOfFile: folder + "/out/labels.jsonl", encoding: .utf8).contains("run_1.sse"))
            for expected in ["1 imported, 0 known already", "0 imported, 1 known already"] {
                let answer = try Invocation("recordings", "import", folder + "/out", "--into", folder + "/in")
                #expect(answer.status == 0 && answer.output.hasPrefix(expected), "\(answer.output)")
            }
            #expect(try Invocation("replay", folder + "/in", "--format", "jsonl").output.contains(#""verdict":"pass""#))
            let broken = folder + "/broken.har"
            try Data("{}".utf8).write(to: URL(fileURLWithPath: broken))
            let answer = try Invocation("recordings", "import", broken, "--into", folder + "/in")
            #expect(answer.status == 1 && answer.errors.contains("broken.har"))
        }
    }

    @Test func prunesAndMakesTheIndexAnew() throws {
        try withRecordings { folder in
            #expect(try Invocation("recordings", "prune", folder).status == 64)
            let dry = try Invocation("recordings", "prune", folder, "--max-bytes", "1K", "--dry-run")
            #expect(dry.status == 0 && dry.output.isEmpty)
            try Data("no database".utf8).write(to: URL(fileURLWithPath: folder + "/index.sqlite"))
            #expect(try Invocation("recordings", "reindex", folder).output == "2 runs\n")
            #expect(try Invocation("recordings", "prune", folder, "--max-bytes", "0").output.contains("a.runs.jsonl"))
            #expect(try Invocation("recordings", "list", folder).output.isEmpty)
        }
    }

    @Test(arguments: [
        ["--record-sample", "2"], ["--record-max-bytes", "5"], ["--record-max-age", "7"], ["--record-only", "some"],
        ["--record", "/proc/nowhere"],
    ])
    func theServersOptionsAreChecked(arguments: [String]) throws {
        let answer = try Invocation(["serve", "--upstream", "http://127.0.0.1:1", "--port", "0"] + arguments)
        #expect(answer.status == 64 && answer.errors.contains(arguments[0]))
    }
}
