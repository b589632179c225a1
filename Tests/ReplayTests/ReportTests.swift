import Foundation
import Guard
import LoopDetection
import Replay
import Rules
import Testing

/// Replays what paths name; the rows in the order in which they came.
private func rows(_ paths: [String], _ plan: ReplayPlan, jobs: Int = 3) async throws -> [ReplayRow] {
    var rows: [ReplayRow] = []
    try await plan.replay(try RecordingWalk(paths), jobs: jobs) { rows.append($0) }
    return rows
}

private func plan(looksCloser: Bool = false, against: RuleSet? = nil) -> ReplayPlan {
    var plan = ReplayPlan(Replayer(rules: .default), against: against.map { Replayer(rules: $0) })
    plan.replayer.looksCloser = looksCloser
    return plan
}

private func rules(_ yaml: String) throws -> RuleSet { try RuleSet.parse(yaml: yaml, file: "test.yaml") }

private let began = #"{"content":"It began well and nobody knew. "}"#
private let loop = began + #",{"content":"round and round ","times":400}"#

@Suite struct WalkingThroughRecordings {
    @Test func theOrderIsThatOfSortedPaths() async throws {
        let files = ["b.sse": chunk("x"), "a-1.sse": chunk("x"), "notes.txt": "no", "z.ndjson": "{}"]
        try await withFolder(files) { folder in
            for name in ["a", "a/c", "empty"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            for name in ["a/2.sse", "a/c/1.sse", "a/10.corpus.jsonl"] {
                let text = name.hasSuffix("jsonl") ? line("one", "healthy", began) + "\n" + "broken\n" : chunk("x")
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/a/back.sse",
                withDestinationPath: folder
            )
            let found = try RecordingWalk([folder, "\(folder)/b.sse"]).map { $0.path.dropFirst(folder.count + 1) }
            #expect(
                found == [
                    "a-1.sse", "a/10.corpus.jsonl#one", "a/10.corpus.jsonl:3", "a/2.sse", "a/c/1.sse", "b.sse",
                    "z.ndjson", "b.sse",
                ]
            )
            let walk = try RecordingWalk([folder])
            #expect(walk.size() == nil)
            #expect(try RecordingWalk(["\(folder)/b.sse", "\(folder)/a/c"]).size() == 2 * chunk("x").utf8.count)
            let broken = try await rows(["\(folder)/a"], plan()).filter { $0.result.error != nil }
            #expect(broken.map(\.result.error) == ["not a JSON object"])
        }
    }

    @Test func theRepositorysRecordingsAreFoundAsBefore() throws {
        let folders = [repository + "/fixtures/corpus", repository + "/fixtures/healthy"]
        #expect(try RecordingWalk(folders).map(\.path) == Recording.find(folders).map(\.path))
    }

    @Test func aPathThatIsNotThereIsSaid() {
        #expect(throws: ReplayError(file: "/nowhere", message: "no such file or folder")) {
            try RecordingWalk(["/nowhere"])
        }
    }
}

@Suite struct ComparingRules {
    @Test func everyKindOfChangeIsTold() async throws {
        let files = [
            "x.corpus.jsonl": line("healthy", "healthy", began) + line("loop", "loop", loop)
                + line("lines", "loop", #"{"content":"Now this line.\nAnd that one.\n","times":300}"#)
        ]
        try await withFolder(files) { folder in
            let observing = try rules("version: 1\nmode: observe\n")
            let changes = try await rows([folder], plan(against: observing)).map(\.change)
            #expect(changes == [.same, .newlyStopped, .newlyStopped])

            var backwards = ReplayPlan(Replayer(rules: observing), against: Replayer(rules: .default))
            #expect(try await rows([folder], backwards).map(\.change) == [.same, .noLongerStopped, .noLongerStopped])

            let late = try rules(
                "version: 1\ndetectors:\n  tail_repeat:\n    prose: [{up_to: 4096, span: 4096, repeats: 4}]\n"
            )
            backwards = ReplayPlan(Replayer(rules: late), against: Replayer(rules: .default))
            #expect(try await rows([folder], backwards).map(\.change).contains(.later))
            #expect(try await rows([folder], plan(against: late)).map(\.change).contains(.earlier))
        }
    }

    @Test func totalsAndJSONTellBothSides() async throws {
        try await withFolder(["x.corpus.jsonl": line("loop", "loop", loop)]) { folder in
            var report = ReplayReport()
            let row = try await rows([folder], plan(against: try rules("version: 1\nmode: warn\n")))[0]
            report.add(row)
            #expect(report.changeSentence?.hasPrefix("1 newly stopped, 0 no longer stopped") == true)
            let page = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
            #expect((page?["changes"] as? [String: Int])?["newly_stopped"] == 1)
            #expect((page?["before"] as? [String: Any])?["warn"] as? Int == 1)
            let members = try JSONSerialization.jsonObject(with: Data(row.jsonLine.utf8)) as? [String: Any]
            #expect(members?["change"] as? String == "newly_stopped")
            #expect((members?["before"] as? [String: Any])?["verdict"] as? String == "warn")
            #expect(row.tableRow?.hasPrefix("newly stopped") == true)
        }
    }
}

@Suite struct Reports {
    @Test func aStopIsShownInItsTextWithTheCopiesMarked() async throws {
        try await withFolder(["x.corpus.jsonl": line("loop", "loop", loop)]) { folder in
            let row = try await rows([folder], plan(looksCloser: true))[0]
            let excerpt = try #require(row.result.excerpt)
            let copies = excerpt.pieces.filter { $0.copy != nil && $0.omitted == 0 }
            #expect(copies.count > 20 && copies.contains { $0.text.sorted() == "round and round ".sorted() })
            let text = excerpt.pieces.map(\.text).joined()
            #expect(text.hasPrefix("It began well and nobody knew. "))
            #expect(excerpt.pieces.contains { $0.isSpared } && !excerpt.pieces[0].isSpared)
            #expect(row.result.alone.map(\.detector).contains("tail_repeat"))
        }
    }

    /// Text, names and arguments of a recording are not markup, whatever they hold.
    @Test func hostileTextStaysText() async throws {
        let hostile = "</script></style></pre><img src=x onerror=alert(1)><script>alert(2)</script>&amp;'\\\" \u{202E}"
        let files = [
            "<img src=x onerror=alert(3)>.sse": String(repeating: chunk(hostile), count: 300),
            "call.corpus.jsonl": line(
                "<b>name</b>",
                "loop",
                #"{"call":"<script>alert(4)</script>","arguments":"{\"a\":\"<img onerror=1>\"}","times":40}"#
            ),
        ]
        try await withFolder(files) { folder in
            var report = ReplayReport()
            for row in try await rows([folder], plan(looksCloser: true)) { report.add(row) }
            #expect(report.summary.stopped == 2)
            let title = ReplayReport.Title(paths: ["<i>p</i>"], rules: "<u>r</u>", against: "\"><s>a</s>")
            let page = report.html(title)
            for mark in ["<img", "<script", "<b>name", "<i>p", "<u>", "<s>", "</pre><img", "\u{202E}"] {
                #expect(!page.contains(mark), "\(mark)")
            }
            #expect(page.contains("&lt;img src=x onerror=alert(1)&gt;"))
            #expect(page.contains("default-src 'none'"))
            #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("url("))
            // Every element that is opened is closed.
            for name in ["article", "section", "table", "tr", "td", "span", "mark", "pre", "svg", "p", "div", "figure"]
            {
                let opened = page.matches(of: try Regex("<\(name)[ >]")).count
                #expect(opened == page.components(separatedBy: "</\(name)>").count - 1, "\(name)")
            }
        }
    }

    @Test func theSamePageComesAgainWhateverTheCores() async throws {
        let folder = repository + "/fixtures/corpus/loop-word.corpus.jsonl"
        var pages: Set<String> = []
        for jobs in [1, 2, 7] {
            var report = ReplayReport()
            for row in try await rows([folder], plan(looksCloser: true), jobs: jobs) { report.add(row) }
            pages.insert(report.html(.init(paths: ["a"], rules: "b")))
        }
        #expect(pages.count == 1)
    }

    @Test func whatIsKeptOfManyRunsIsBounded() {
        var report = ReplayReport()
        report.mostRows = 3
        var result = ReplayResult(file: "a", format: "chat")
        result.verdict = Verdict(detector: .stutter, mode: .stop, channel: .content, byte: 9, evidence: Evidence())
        for _ in 0..<10 { report.add(ReplayRow(result)) }
        for _ in 0..<10 { report.add(ReplayRow(ReplayResult(file: "b", format: "unknown", error: "gone"))) }
        let page = report.html(.init(paths: [], rules: ""))
        #expect(page.components(separatedBy: "<article").count - 1 == 3)
        #expect(page.contains("The first 3.") && report.summary.stopped == 10 && report.summary.errors == 10)
    }

    @Test func cellsOfCSVAreQuoted() {
        var result = ReplayResult(file: "a \"b\",\nc", format: "chat")
        result.savedSeconds = 1.5
        let cells = ReplayRow(result).csvLine
        #expect(cells.hasPrefix("\"a \"\"b\"\",\nc\",chat,pass,,,,,,0,0,0,0,0,,1.5,true,"))
        let head = ReplayRow.csvHead(compares: true).split(separator: ",", omittingEmptySubsequences: false)
        let row = ReplayRow(ReplayResult(file: "a", format: "chat"), before: ReplayResult(file: "a", format: "chat"))
        #expect(row.csvLine.split(separator: ",", omittingEmptySubsequences: false).count == head.count)
    }
}

@Suite struct ResumingAReplay {
    private static let corpus = [repository + "/fixtures/corpus/loop-alternation.corpus.jsonl"]

    /// Replays into a journal and stops after some rows.
    private func replay(
        _ state: String,
        _ paths: [String] = corpus,
        atMost most: Int = .max
    ) async throws -> [ReplayRow] {
        struct Interrupted: Error {}
        var rows: [ReplayRow] = []
        do {
            let journal = try ReplayJournal(state, identity: ["rules"] + paths)
            try await plan(looksCloser: true).replay(try RecordingWalk(paths), jobs: 2, journal: journal) { row in
                rows.append(row)
                if rows.count == most { throw Interrupted() }
            }
        } catch is Interrupted {}
        return rows
    }

    @Test func anInterruptedReplayGoesOnAndComesToTheSame() async throws {
        try await withFolder([:]) { folder in
            let whole = try await rows(Self.corpus, plan(looksCloser: true))
            let state = folder + "/state"
            for most in [2, 5] { #expect(try await replay(state, atMost: most) == Array(whole.prefix(most))) }
            // A line that was cut in the middle is written anew.
            let file = try #require(FileHandle(forUpdatingAtPath: state))
            try file.truncate(atOffset: try file.seekToEnd() - 7)
            #expect(try await replay(state) == whole)
            let lines = try String(contentsOfFile: state, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == whole.count + 1)
            #expect(try await replay(state) == whole)
        }
    }

    @Test func onlyWhatIsMissingIsReplayed() async throws {
        try await withFolder(["a.sse": chunk("a"), "b.sse": chunk("b")]) { folder in
            let state = folder + "/state"
            _ = try await replay(state, [folder], atMost: 1)
            // The same size, so that only reading it would tell.
            try Data(chunk("A").utf8).write(to: URL(fileURLWithPath: folder + "/a.sse"))
            let text = try String(contentsOfFile: state, encoding: .utf8)
            try Data(text.replacing("\"format\":\"chat\"", with: "\"format\":\"kept\"").utf8)
                .write(to: URL(fileURLWithPath: state))
            #expect(try await replay(state, [folder]).map(\.result.format) == ["kept", "chat"])
            // A recording of another size is another one.
            try Data(chunk("longer").utf8).write(to: URL(fileURLWithPath: folder + "/a.sse"))
            #expect(try await replay(state, [folder]).map(\.result.format) == ["chat", "chat"])
        }
    }

    @Test func theStateOfAnotherReplayIsRefused() async throws {
        try await withFolder(["a.sse": chunk("a")]) { folder in
            let state = folder + "/state"
            _ = try await replay(state, [folder])
            #expect(throws: ReplayError.self) { try ReplayJournal(state, identity: ["other rules", folder]) }
        }
    }
}
