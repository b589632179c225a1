import Foundation
import Logging
import Recordings
import Replay
import Rules
import Runs
import Synchronization
import Testing

@testable import Gateway

/// `POST /v1/runs/{id}/label`, through sockets.
@Suite(.timeLimit(.minutes(1))) struct LabelTests {
    /// A folder with a recorder, and what was marked.
    private final class Folder: Sendable {
        let path = NSTemporaryDirectory() + "loopguard-labels-" + UUID().uuidString
        let recorder: RunRecorder
        let marks = Mutex<[(run: String, label: RunLabel)]>([])

        init(_ configure: (inout RecorderConfiguration) -> Void = { _ in }) throws {
            var configuration = RecorderConfiguration(directory: path)
            configure(&configuration)
            recorder = try RunRecorder(
                configuration: configuration,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            recorder.start()
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func run(
            _ configure: (inout GatewayConfiguration) -> Void = { _ in },
            _ test: (Rig) async throws -> Void
        )
            async throws
        {
            try await Rig.run(
                { configuration in
                    configuration.recorder = recorder
                    configuration.mark = { run, label in self.marks.withLock { $0.append((run, label)) } }
                    configure(&configuration)
                },
                test
            )
            recorder.stop()
        }
    }

    private func end(_ client: RawClient, _ call: ScriptedUpstream.Call) async throws {
        try await call.chunk(Rig.event("a") + Rig.ending)
        try await call.endStream()
        _ = try await client.answer(to: "POST")
    }

    private func label(_ rig: Rig, _ body: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await rig.ask("POST", "/v1/runs/r/label", headers, body)
    }

    private static let loop = #"{"label":"loop","channel":"reasoning","began":812}"#

    @Test func aRunIsMarkedWhileItLivesAndAnewWhenItHasEnded() async throws {
        let folder = try Folder()
        try await folder.run { rig in
            let (client, call) = try await rig.begin()
            let fresh = try await rig.ask("GET", "/v1/runs/r").body
            #expect(fresh.contains(#""recorded":true"#) && !fresh.contains(#""label""#))
            let answer = try await label(rig, Self.loop)
            #expect(answer.status == 200 && answer.body == Self.loop)
            for path in ["/v1/runs/r", "/v1/runs"] {
                #expect(try await rig.ask("GET", path).body.contains(#""recorded":true,"label":\#(Self.loop)"#))
            }
            try await end(client, call)
            let anew = try await label(rig, #"{"label":"healthy","began":null}"#)
            #expect(anew.status == 200 && anew.body == #"{"label":"healthy"}"#)
            let bare = try await label(rig, #" { "label" : "loop" } "#)
            #expect(bare.body == #"{"label":"loop","began":0}"#)
            #expect(try await rig.ask("GET", "/v1/runs/r").body.contains(#""label":{"label":"loop","began":0}"#))
        }
        let marks = folder.marks.withLock { $0 }
        #expect(marks.map(\.run) == ["r", "r", "r"])
        let expected: [RunLabel] = [.loop(channel: .reasoning, began: 812), .healthy, .loop(channel: nil, began: 0)]
        #expect(marks.map(\.label) == expected)
    }

    @Test(arguments: [
        ("", "JSON object"), ("[]", "JSON object"), ("{", "not valid JSON"),
        (#"{"label":"healthy"}x"#, "not valid JSON"),
        ("{}", "'label'"), (#"{"label":"maybe"}"#, "'label'"), (#"{"label":1}"#, "'label'"),
        (#"{"label":"loop","channel":"nose","began":1}"#, "'channel'"),
        (#"{"label":"loop","channel":"content","began":-1}"#, "'began'"),
        (#"{"label":"loop","channel":"content","began":"1"}"#, "'began'"),
        (#"{"label":"loop","channel":"content","began":1.5}"#, "'began'"),
        (#"{"label":"loop","channel":"content","began":99999999999999999999}"#, "'began'"),
        (#"{"label":"loop","began":1}"#, "'channel'"), (#"{"label":"healthy","began":1}"#, "'began'"),
        (#"{"label":"healthy","channel":"content"}"#, "'channel'"), (#"{"label":"loop","from":8}"#, "'from'"),
    ])
    func whatMakesNoSenseIsRefusedAndNamed(body: String, named: String) async throws {
        let folder = try Folder()
        try await folder.run { rig in
            let (client, call) = try await rig.begin()
            let answer = try await label(rig, body)
            #expect(answer.status == 400 && answer.body.contains(named), "\(answer.body)")
            try await end(client, call)
        }
        #expect(folder.marks.withLock { $0.isEmpty })
    }

    @Test func strangersAndOtherSitesMarkNothing() async throws {
        let folder = try Folder()
        try await folder.run { rig in
            let (client, call) = try await rig.begin("r", [("Authorization", "Bearer mine")])
            let body = #"{"label":"healthy"}"#
            let unknown = try await rig.ask("POST", "/v1/runs/q/label", [], body)
            #expect(unknown.status == 404)
            let stranger = try await label(rig, body, [("Authorization", "Bearer yours")])
            #expect(stranger.status == 404 && stranger.body.replacing("'r'", with: "'q'") == unknown.body)
            let site = [("Origin", "http://evil.example"), ("Content-Type", "application/json")]
            #expect(try await label(rig, body, site).status == 403)
            let form = [("Origin", "http://localhost"), ("Content-Type", "text/plain")]
            #expect(try await label(rig, body, form).status == 403)
            #expect(folder.marks.withLock { $0.isEmpty })
            #expect(try await rig.ask("OPTIONS", "/v1/runs/r/label").status == 405)
            #expect(try await label(rig, body, [("X-Api-Key", "mine")]).status == 200)
            try await end(client, call)
        }
        let locked = try Folder()
        try await locked.run {
            $0.controlKey = "0123456789abcdef"
        } _: { rig in
            let (client, call) = try await rig.begin()
            #expect(try await label(rig, Self.loop).status == 401)
            #expect(try await label(rig, Self.loop, [("X-Loopguard-Key", "0123456789abcdef")]).status == 200)
            try await end(client, call)
        }
    }

    @Test func withoutARecordingThereIsNothingToMark() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.begin()
            #expect(try await rig.ask("GET", "/v1/runs/r").body.contains(#""recorded":false"#))
            let answer = try await label(rig, Self.loop)
            #expect(answer.status == 409 && answer.body.contains("--record DIR"))
            try await end(client, call)
        }
    }

    @Test func aRunThatIsLeftOutCannotBeMarked() async throws {
        let folder = try Folder()
        let rules = try RuleSet.parse(yaml: "version: 1\nrecord: {sample: 0}\n", file: "test.yaml")
        try await folder.run {
            $0.rules = { rules.resolve($0) }
        } _: { rig in
            let (client, call) = try await rig.begin()
            let answer = try await label(rig, Self.loop)
            #expect(answer.status == 409 && answer.body.contains(#""code":"not_recorded""#))
            try await end(client, call)
        }
        #expect(folder.marks.withLock { $0.isEmpty })
    }

    @Test func whereOnlyTrippedRunsAreRecordedOneIsMarkedOnceItTripped() async throws {
        let folder = try Folder { $0.policy.only = .tripped }
        try await folder.run { rig in
            let (client, call) = try await rig.begin()
            #expect(try await label(rig, Self.loop).status == 409)
            try? await call.chunk((0..<600).map { _ in Rig.event("I'll do it. ") }.joined())
            _ = try await client.answer(to: "POST")
            let run = try await rig.ask("GET", "/v1/runs/r").body
            #expect(run.contains(#""recorded":true"#) && run.contains(#""channel":"content","byte":"#))
            #expect(try await label(rig, Self.loop).status == 200)
        }
    }

    @Test func aRunWhoseRecordingIsGivenUpIsRecordedNoMore() async throws {
        let folder = try Folder { $0.queueBytes = 3_000 }
        try await folder.run { rig in
            let (client, call) = try await rig.begin()
            #expect(try await rig.ask("GET", "/v1/runs/r").body.contains(#""recorded":true"#))
            try await call.chunk(Rig.event((0..<1_000).map { "\($0 * 7919) " }.joined()))
            _ = try await client.received { $0.contains("7919 ") }
            #expect(try await label(rig, Self.loop).status == 409)
            #expect(try await rig.ask("GET", "/v1/runs/r").body.contains(#""recorded":false"#))
            try await end(client, call)
        }
    }

    @Test func aLabelThatCannotBeKeptIsNotTold() async throws {
        struct DiskFull: Error, CustomStringConvertible { var description: String { "the disk is full" } }
        let folder = try Folder()
        try await folder.run {
            $0.mark = { _, _ in throw DiskFull() }
        } _: { rig in
            let (client, call) = try await rig.begin()
            let answer = try await label(rig, Self.loop)
            #expect(answer.status == 500 && answer.body.contains("the disk is full"))
            #expect(!(try await rig.ask("GET", "/v1/runs/r").body.contains(#""label""#)))
            try await end(client, call)
        }
    }

    @Test func whatIsSaidOverHTTPIsWhatAReplayReads() async throws {
        let folder = try Folder()
        let path = folder.path
        try await folder.run {
            $0.mark = { run, label in
                guard case .loop(let channel, let began) = label else { return }
                let spoken = channel.flatMap { Label.Channel(rawValue: $0.rawValue) }
                try LabelFile.mark(run: run, in: path, Label(.loop, channel: spoken, began: began))
            }
        } _: { rig in
            let (client, call) = try await rig.begin()
            // Nothing of the run is in a file as yet.
            #expect(try await label(rig, Self.loop).status == 200)
            try await end(client, call)
        }
        let labels = try LabelFile.labels(of: Recording.find([path]))
        #expect(labels == [Label(.loop, channel: .reasoning, began: 812)])
    }
}
