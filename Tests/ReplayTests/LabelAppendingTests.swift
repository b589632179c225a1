import Foundation
import Replay
import Testing

@Suite(.timeLimit(.minutes(1))) struct LabelAppending {
    private func text(_ folder: String) throws -> String {
        try String(contentsOfFile: folder + "/labels.jsonl", encoding: .utf8)
    }

    @Test func aMarkIsOneMoreLineAndTheLastOneCounts() async throws {
        let before = #"{"file":"b.sse","label":"healthy","note":"kept as it is"}"# + "\n"
        try await withFolder(["a.sse": chunk("a"), "labels.jsonl": before]) { folder in
            try LabelFile.mark(folder + "/a.sse", Label(.loop, channel: .content, began: 7))
            try LabelFile.mark(folder + "/a.sse", Label(.healthy))
            let first = #"{"file":"a.sse","label":"loop","channel":"content","began":7}"#
            #expect(try text(folder) == before + first + "\n" + #"{"file":"a.sse","label":"healthy"}"# + "\n")
            let labels = try LabelFile(folder: folder + "/").labels
            #expect(labels == ["a.sse": Label(.healthy), "b.sse": Label(.healthy)])
        }
    }

    @Test func aLastLineWithoutItsNewlineStaysALineOfItsOwn() async throws {
        let before = #"{"file":"b.sse","label":"loop"}"#
        try await withFolder(["a.sse": chunk("a"), "labels.jsonl": before]) { folder in
            try LabelFile.mark(folder + "/a.sse", Label(.healthy))
            #expect(try text(folder) == before + "\n" + #"{"file":"a.sse","label":"healthy"}"# + "\n")
            #expect(try LabelFile(folder: folder + "/").labels.count == 2)
        }
    }

    @Test func whoMarksAtTheSameTimeLosesNothing() async throws {
        try await withFolder(["labels.jsonl": #"{"file":"x","label":"healthy"}"#]) { folder in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for marker in 0..<8 {
                    group.addTask {
                        for mark in 0..<50 {
                            let label = Label(.loop, channel: .reasoning, began: mark)
                            try LabelFile.mark(run: "run_\(marker)_\(mark)", in: folder, label)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let labels = try LabelFile(folder: folder + "/").labels
            #expect(labels.count == 401 && labels["x"] == Label(.healthy))
            #expect(labels["run_7_49"] == Label(.loop, channel: .reasoning, began: 49))
        }
    }

    @Test func blankLinesAreNoLabelsAndCountAsLines() async throws {
        let labels = "\n" + #"{"file":"a.sse","label":"healthy"}"# + "\r\n  \n{}\n"
        try await withFolder(["labels.jsonl": labels]) { folder in
            do {
                _ = try LabelFile(folder: folder + "/")
                Issue.record("no error")
            } catch {
                #expect("\(error)".hasPrefix("\(folder)/labels.jsonl: line 4: "))
            }
        }
    }

    @Test func whatCannotBeWrittenIsSaid() async throws {
        try await withFolder(["a.sse": chunk("a")]) { folder in
            try FileManager.default.createDirectory(
                atPath: folder + "/labels.jsonl",
                withIntermediateDirectories: false
            )
            do {
                try LabelFile.mark(folder + "/a.sse", Label(.healthy))
                Issue.record("no error")
            } catch {
                #expect("\(error)".hasPrefix("\(folder)/labels.jsonl: cannot be written: "))
            }
        }
    }
}
