import Foundation
import Testing

@testable import Recordings

@Suite struct ImportTests {
    static let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"é\"}}]}\n\ndata: [DONE]\n\n"

    static func read(_ text: String, as name: String, beside: [String: String] = [:]) throws -> [ImportedRun] {
        let folder = try Folder()
        for (name, text) in beside { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
        let path = "\(folder.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try ImportedRun.read(path)
    }

    @Test(arguments: ["a.sse", "a.ndjson"]) func rawBodiesComeWithTheRequestBesideThem(name: String) throws {
        let run = try #require(
            try Self.read(Self.stream, as: name, beside: ["a.request.json": #"{"model":"m"}"#]).first
        )
        #expect(run.body == Array(Self.stream.utf8) && run.request.model == "m" && run.request.source == "file")
        #expect(run.request.body == Array(#"{"model":"m"}"#.utf8) && run.request.started > 0)
        #expect(try Self.read(Self.stream, as: name).first?.request.body == [])
    }

    @Test func anArchiveGivesItsAnswersWithTheirTimes() throws {
        let base64 = Data(Self.stream.utf8).base64EncodedString()
        func entry(_ method: String, _ content: String) -> String {
            """
            {"startedDateTime":"2026-11-21T06:40:12.500Z","time":1500.5,
             "request":{"method":"\(method)","url":"https://api.example.com/v1/chat/completions?x=1",
              "headers":[{"name":"User-Agent","value":"opencode/1"},{"name":"Authorization","value":"Bearer x"}],
              "postData":{"mimeType":"application/json","text":"{\\"model\\":\\"m\\"}"}},
             "response":{"status":200,"headers":[{"name":"content-type","value":"text/event-stream"}],"content":\(content)}}
            """
        }
        let text = String(decoding: try JSONEncoder().encode(Self.stream), as: UTF8.self)
        let har = """
            {"log":{"version":"1.2","entries":[\(entry("GET", "{}")),\(entry("POST", "{\"text\":\(text)}")),
            \(entry("POST", "{\"text\":\"\(base64)\",\"encoding\":\"base64\"}"))]}}
            """
        for name in ["a.har", "a.json"] {
            let runs = try Self.read(har, as: name)
            #expect(runs.count == 2 && runs.allSatisfy { $0.body == Array(Self.stream.utf8) })
            let run = try #require(runs.first)
            #expect(run.request.path == "/v1/chat/completions" && run.request.client == "opencode/1")
            #expect(run.request.started == 1_795_243_212.5 && run.seconds == 1.5005 && run.head?.status == 200)
        }
    }

    @Test func cassettesOfBothLanguagesAreRead() throws {
        let python = """
            interactions:
            - request:
                body: '{"model":"m","stream":true}'
                headers:
                  user-agent: [OpenAI/Python 1.2]
                  authorization:
                  - Bearer x
                method: POST
                uri: https://api.openai.com/v1/chat/completions
              response:
                body:
                  string: 'data: {"choices":[{"delta":{"content":"é"}}]}


                    data: [DONE]


                    '
                headers:
                  Content-Type: [text/event-stream]
                status: {code: 200, message: OK}
            - request: {body: null, headers: {}, method: GET, uri: 'https://api.openai.com/v1/models'}
              response: {body: {string: '{}'}, headers: {}, status: {code: 200, message: OK}}
            version: 1
            """
        let binary = """
            interactions:
            - request: {body: !!binary eyJtb2RlbCI6Im0ifQ==, headers: {}, method: POST, uri: 'http://h/v1/messages'}
              response:
                body:
                  string: !!binary |
                    \(Data(Self.stream.utf8).base64EncodedString())
                headers: {}
                status: {code: 529, message: Overloaded}
            """
        let ruby = """
            ---
            http_interactions:
            - request:
                method: post
                uri: https://api.openai.com/v1/chat/completions
                body: {encoding: UTF-8, string: '{"model":"m"}'}
                headers: {User-Agent: [Ruby]}
              response:
                status: {code: 200, message: OK}
                headers: {Content-Type: [text/event-stream]}
                body: {encoding: UTF-8, string: "data: {\\"choices\\":[{\\"delta\\":{\\"content\\":\\"é\\"}}]}\\n\\ndata: [DONE]\\n\\n"}
              recorded_at: Sat, 21 Nov 2026 06:40:12 GMT
            recorded_with: VCR 6.0.0
            """
        let json = """
            {"version":1,"interactions":[{"request":{"method":"POST","uri":"http://h/v1/responses","body":"{}","headers":{}},
             "response":{"status":{"code":200},"headers":{},"body":{"base64_string":"\(Data(Self.stream.utf8).base64EncodedString())"}}}]}
            """
        for (text, name) in [(python, "a.yaml"), (binary, "b.yml"), (ruby, "c.yml"), (json, "d.json")] {
            let runs = try Self.read(text, as: name)
            #expect(runs.map(\.body) == [Array(Self.stream.utf8)], "\(name)")
        }
        let run = try #require(try Self.read(python, as: "a.yaml").first)
        #expect(run.request.client == "OpenAI/Python 1.2" && run.request.model == "m" && run.request.source == "vcr")
        #expect(run.head == RecordedHead(status: 200, headers: [Header("Content-Type", "text/event-stream")]))
        #expect(try Self.read(binary, as: "b.yml").first?.request.model == "m")
        #expect(try Self.read(binary, as: "b.yml").first?.head?.status == 529)
    }

    @Test func whatCurlPrintedIsReadWithAndWithoutHeads() throws {
        let head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        let verbose = """
            * Connected to 127.0.0.1 port 8080
            > POST /v1/chat/completions HTTP/1.1\r
            > Host: 127.0.0.1:8080\r
            > User-Agent: curl/8.5\r
            >\u{20}
            } [52 bytes data]
            < HTTP/1.1 200 OK\r
            < Content-Type: text/event-stream\r
            <\u{20}
            { [300 bytes data]

            """
        for (text, path, status) in [
            (Self.stream, "", 200), (head + Self.stream, "", 200),
            (verbose + Self.stream + "* Connection #0 to host left intact\n", "/v1/chat/completions", 200),
        ] {
            let run = try #require(try Self.read(text, as: "curl.txt").first)
            #expect(String(decoding: run.body, as: UTF8.self) == Self.stream)
            #expect(run.request.path == path && (run.head?.status ?? 200) == status)
        }
        let run = try #require(try Self.read(verbose + Self.stream, as: "curl.txt").first)
        #expect(run.request.client == "curl/8.5" && run.head?.headers == [Header("Content-Type", "text/event-stream")])
        #expect(try Self.read(head + Self.stream, as: "x").first?.head?.headers.count == 1)
    }

    @Test(arguments: [
        ("{}", "a.har", "log.entries"), ("[1", "a.har", "log.entries"), ("a: [", "a.yaml", "cassette"),
        ("a: 1", "a.yaml", "interactions"), ("", "a.sse", "no answer"), ("", "a.txt", "no answer"),
        (#"{"interactions":[]}"#, "a.json", "no answer"),
    ])
    func whatCannotBeReadIsSaid(text: String, name: String, reason: String) {
        let error = #expect(throws: RecordingError.self) { try Self.read(text, as: name) }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func compressedAnswersAreRefusedWithAdvice() throws {
        let gzip = Data([0x1F, 0x8B, 8, 0]).base64EncodedString()
        let cassette = """
            interactions:
            - request: {body: '{}', headers: {}, method: POST, uri: 'http://h/v1/messages'}
              response: {body: {string: !!binary \(gzip)}, headers: {}, status: {code: 200}}
            """
        let error = #expect(throws: RecordingError.self) { try Self.read(cassette, as: "a.yaml") }
        #expect(error?.message.contains("compressed") == true)
    }

    @Test func theSameRunHasTheSameIdAndKeysAreTakenOut() throws {
        let folder = try Folder()
        let key = "sk-proj-abcDEF1234567890abcdef"
        let runs = try Self.read("data: \(key)\n\n", as: "a.sse", beside: ["a.request.json": "{\"k\":\"\(key)\"}"])
        let again = try Self.read("data: \(key)\n\n", as: "b.sse", beside: ["b.request.json": "{\"k\":\"\(key)\"}"])
        #expect(runs.map(\.id) == again.map(\.id))
        let importer = try RunImporter(directory: folder.path)
        try importer.add(#require(runs.first))
        try importer.finish()
        let found = try #require(try folder.runs().first)
        #expect(found.id == runs.first?.id && found.state == "completed")
        #expect(!String(decoding: try folder.everything(), as: UTF8.self).contains("abcDEF"))
    }
}
