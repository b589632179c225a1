import Foundation
import GenerationWire
import LoopDetection
import Replay
import Testing

@Suite struct Labels {
    @Test func aMarkIsKeptInTheFolderAndReadAgain() async throws {
        try await withFolder(["a.sse": chunk("a"), "b.sse": chunk("b"), "c.sse": chunk("c")]) { folder in
            try LabelFile.mark(folder + "/b.sse", Label(.healthy))
            try LabelFile.mark(folder + "/a.sse", Label(.loop, channel: .reasoning, began: 812, group: "\"odd\""))
            let labels = try LabelFile.labels(of: try Recording.find([folder]))
            #expect(labels[0] == Label(.loop, channel: .reasoning, began: 812, group: "\"odd\""))
            #expect(labels[1] == Label(.healthy))
            #expect(labels[2] == nil)
            try LabelFile.mark(folder + "/a.sse", Label(.healthy))
            #expect(try LabelFile(folder: folder + "/").labels["a.sse"] == Label(.healthy))
            #expect(throws: ReplayError.self) { try LabelFile.mark(folder + "/d.sse", Label(.healthy)) }
        }
    }

    @Test(arguments: [
        "{}", "x", #"{"file":"a.sse","label":"maybe"}"#, #"{"file":"a.sse","label":"loop","channel":"nose"}"#,
        #"{"file":"a.sse","label":"loop","began":-3}"#, #"{"file":"a.sse","label":"loop","began":"3"}"#,
    ])
    func aLabelThatMakesNoSenseIsNamedWithItsLine(_ bad: String) async throws {
        let labels = #"{"file":"a.sse","label":"healthy"}"# + "\n" + bad + "\n"
        try await withFolder(["a.sse": chunk("a"), "labels.jsonl": labels]) { folder in
            do {
                _ = try LabelFile.labels(of: try Recording.find([folder]))
                Issue.record("no error")
            } catch {
                #expect("\(error)".hasPrefix("\(folder)/labels.jsonl: line 2: "))
            }
        }
    }

    @Test func aLineOfACorpusIsARecording() async throws {
        let text =
            line("one", "healthy", #"{"content":"Grüße, \"du\""},{"content":" und","times":2}"#)
            + line(
                "two",
                "loop",
                #"{"reasoning":"hm"},{"call":"f","arguments":"{\"a\":"},{"arguments":"1}"},{"call":"g","arguments":"{}","times":2}"#,
                #""class":"odd","channel":"calls","began":1,"request":{"model":"m"},"#
            )
        try await withFolder(["x.corpus.jsonl": text]) { folder in
            let recordings = try Recording.find([folder])
            #expect(recordings.map(\.path) == ["\(folder)/x.corpus.jsonl#one", "\(folder)/x.corpus.jsonl#two"])
            let first = try recordings[0].content().body
            #expect(fields(first, "content").joined() == #"Grüße, "du" und und"#)
            #expect(String(decoding: first, as: UTF8.self).hasSuffix("\"stop\"}]}\n\ndata: [DONE]\n\n"))
            let second = try recordings[1].content().body
            #expect(fields(second, "reasoning_content") == ["hm"])
            #expect(calls(second) == ["f{\"a\":1}", "g{}", "g{}"])
            #expect(
                try recordings[1].content().request.map { String(decoding: $0, as: UTF8.self) } == #"{"model":"m"}"#
            )
            let labels = try LabelFile.labels(of: recordings)
            #expect(labels[1] == Label(.loop, channel: .calls, began: 1, group: "odd"))
        }
    }

    @Test(arguments: [
        ("nonsense", "not a JSON object"), (#"{"label":"loop","parts":[{"content":""}]}"#, "'name'"),
        (#"{"name":"a","label":"bad","parts":[{"content":""}]}"#, "'label'"),
        (#"{"name":"a","label":"loop","parts":[]}"#, "'parts'"),
        (#"{"name":"a","label":"loop","parts":[{"times":3}]}"#, "'parts'"),
        (#"{"name":"a","label":"loop","began":-1,"parts":[{"content":""}]}"#, "'began'"),
        (#"{"name":"a","label":"loop","channel":"nose","parts":[{"content":""}]}"#, "'channel'"),
    ])
    func aLineThatCannotBeReadIsNamed(_ bad: String, _ reason: String) async throws {
        try await withFolder(["x.corpus.jsonl": line("a", "healthy", #"{"content":"a"}"#) + bad + "\n"]) { folder in
            do {
                _ = try Recording.find([folder])
                Issue.record("no error")
            } catch {
                #expect("\(error)".contains("x.corpus.jsonl: line 2: ") && "\(error)".contains(reason))
            }
        }
    }

    /// The values of a field in the deltas of a stream.
    private func fields(_ body: [UInt8], _ name: String) -> [String] { deltas(body).compactMap { $0[name] as? String } }

    /// The names and arguments of the calls in a stream.
    private func calls(_ body: [UInt8]) -> [String] {
        var calls: [Int: String] = [:]
        for case let delta as [String: Any] in deltas(body).compactMap({ ($0["tool_calls"] as? [Any])?.first }) {
            guard let index = delta["index"] as? Int, let function = delta["function"] as? [String: Any] else {
                continue
            }
            calls[index, default: ""] +=
                (function["name"] as? String ?? "") + (function["arguments"] as? String ?? "")
        }
        return calls.sorted { $0.key < $1.key }.map(\.value)
    }

    private func deltas(_ body: [UInt8]) -> [[String: Any]] {
        String(decoding: body, as: UTF8.self).split(separator: "\n").compactMap { line in
            guard line.hasPrefix("data: {") else { return nil }
            let chunk = try? JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
            return ((chunk?["choices"] as? [[String: Any]])?.first)?["delta"] as? [String: Any]
        }
    }
}
