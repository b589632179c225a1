import CurlHTTP
import ScriptedServer
import Synchronization
import Testing

@testable import ControlClient

/// What an errand said.
final class Said: Sendable {
    private let text = Mutex<[String]>([])
    var lines: [String] { text.withLock(\.self) }
    func say(_ line: String) { text.withLock { $0.append(line) } }
}

@Suite(.timeLimit(.minutes(2))) struct StoppingRuns {
    private func carryOut(
        _ gateway: FakeGateway,
        _ targets: [StopTarget],
        patience: Duration? = nil,
        key: String? = nil,
        _ change: (inout StopOrder) -> Void = { _ in }
    ) async throws -> (isDone: Bool, lines: [String]) {
        let url = try await gateway.start()
        var order = StopOrder()
        change(&order)
        let said = Said()
        let errand = StopErrand(ControlClient(url: url, key: key), targets, order, patience: patience)
        let isDone = try await errand.carryOut(say: said.say, note: { said.say("note: \($0)") })
        await gateway.stop()
        return (isDone, said.lines)
    }

    @Test func aLiveRunIsStoppedWithAllBelowIt() async throws {
        let gateway = FakeGateway([.init(id: "a"), .init(id: "b", parent: "a"), .init(id: "c", parent: "b")])
        let (isDone, lines) = try await carryOut(gateway, [.run("a")])
        #expect(isDone)
        #expect(lines == ["a: stopping, with 2 runs below it"])
        #expect(await gateway.asked == [#"POST /v1/runs/a/stop {"mode":"immediate","scope":"tree","source":"cli"}"#])
        #expect(await gateway.sources == ["cli"])
    }

    @Test func theOrderIsSentAsItWasGiven() async throws {
        let gateway = FakeGateway([.init(id: "a/ü"), .init(id: "b", parent: "a")])
        let (isDone, lines) = try await carryOut(gateway, [.run("a/ü")]) { order in
            (order.mode, order.scope, order.source, order.ifGeneration) = (.boundary, .run, "cron", 41)
        }
        #expect(isDone)
        #expect(lines == ["a/ü: runs on; the next call of its tree is refused"])
        let body = #"{"if_generation":41,"mode":"boundary","scope":"run","source":"cron"}"#
        #expect(await gateway.asked == ["POST /v1/runs/a%2F%C3%BC/stop \(body)"])
    }

    @Test(arguments: [
        ("completed", "was over before: completed"), ("failed", "was over before: failed"),
        ("capped", "was stopped before: capped"), ("stopping", "is stopping already, for another reason"),
    ])
    func aRunThatIsOverNeedsNoStop(state: String, sentence: String) async throws {
        let (isDone, lines) = try await carryOut(FakeGateway([.init(id: "a", state: state)]), [.run("a")])
        #expect(isDone)
        #expect(lines == ["a: \(sentence)"])
    }

    @Test func aRunOfAnotherGenerationIsNotStopped() async throws {
        let (isDone, lines) = try await carryOut(FakeGateway([.init(id: "a")]), [.run("a")]) { $0.ifGeneration = 40 }
        #expect(!isDone)
        #expect(lines == ["a: not stopped: it is no longer of the generation that was named (it is 41 now)"])
    }

    @Test func oneUnknownIdDoesNotKeepTheOthersFromBeingStopped() async throws {
        let (isDone, lines) = try await carryOut(FakeGateway([.init(id: "b")]), [.run("a"), .run("b")])
        #expect(!isDone)
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("a: not stopped: no such run"))
        #expect(lines[1] == "b: stopping")
    }

    @Test func aSessionAndAllAreStoppedRunByRun() async throws {
        func gateway() -> FakeGateway {
            FakeGateway([.init(id: "a", session: "s"), .init(id: "b"), .init(id: "c", session: "s")])
        }
        let session = try await carryOut(gateway(), [.session("s")])
        #expect(session.isDone && session.lines == ["a: stopping", "c: stopping"])
        let all = try await carryOut(gateway(), [.all])
        #expect(all.isDone && all.lines.count == 3)
        let none = try await carryOut(gateway(), [.session("t")])
        #expect(none.isDone && none.lines == ["nothing is running in the session t"])
    }

    // MARK: - Waiting

    @Test func waitingTellsTheEndAndWhatTheEngineSaid() async throws {
        let gateway = FakeGateway([.init(id: "a"), .init(id: "b", parent: "a")])
        let (isDone, lines) = try await carryOut(gateway, [.run("a")], patience: .seconds(60))
        #expect(isDone)
        let end = "stopped, user_stop, 12 events, 11 tokens"
        let word = "llama.cpp has confirmed that it stopped (close), after 3.5 ms"
        #expect(lines == ["a: stopping, with 1 run below it", "a: \(end)", "a: \(word)", "b: \(end)", "b: \(word)"])
    }

    @Test func waitingHearsTheEngineThatSpeaksLater() async throws {
        let gateway = FakeGateway([.init(id: "a")])
        await gateway.set(engine: .later(true))
        let (isDone, lines) = try await carryOut(gateway, [.run("a")], patience: .seconds(60))
        #expect(isDone)
        #expect(lines.last == "a: llama.cpp has confirmed that it stopped (close), after 3.5 ms")
    }

    @Test func anEngineThatGoesOnIsNotCalledStopped() async throws {
        let gateway = FakeGateway([.init(id: "a")])
        await gateway.set(engine: .later(false))
        let (isDone, lines) = try await carryOut(gateway, [.run("a")], patience: .seconds(60))
        #expect(!isDone)
        #expect(lines.last?.contains("has NOT stopped") == true)
    }

    @Test func aRunThatDoesNotEndIsNotCalledStopped() async throws {
        let gateway = FakeGateway([.init(id: "a")])
        await gateway.set(endsStopped: false)
        let (isDone, lines) = try await carryOut(gateway, [.run("a")], patience: .milliseconds(300))
        #expect(!isDone)
        #expect(lines == ["a: stopping", "a: NOT over yet; the time to wait is up"])
    }

    @Test func whatWasOverNeedsNoWait() async throws {
        let gateway = FakeGateway([.init(id: "a", state: "completed")])
        let (isDone, lines) = try await carryOut(gateway, [.run("a")], patience: .seconds(60))
        #expect(isDone)
        #expect(lines == ["a: was over before: completed"])
    }

    @Test func withoutEventsEachRunIsAskedFor() async throws {
        let gateway = FakeGateway([.init(id: "a")])
        await gateway.set(refusesEvents: true)
        let (isDone, lines) = try await carryOut(gateway, [.run("a")], patience: .seconds(60))
        #expect(isDone)
        #expect(lines.first?.hasPrefix("note: ") == true && lines.first?.contains("too many listeners") == true)
        #expect(lines.contains("a: stopped, user_stop, 12 events"))
        #expect(lines.last?.contains("confirmed that it stopped") == true)
    }

    // MARK: - Refusals

    @Test func aMissingKeyIsNamed() async throws {
        let gateway = FakeGateway([.init(id: "a")], key: "secret")
        let error = await #expect(throws: ControlError.self) { try await carryOut(gateway, [.run("a")]) }
        #expect(
            error?.description.hasSuffix(
                "a control key is needed; give the control key with --key-file or LOOPGUARD_CONTROL_KEY"
            ) == true
        )
        let again = FakeGateway([.init(id: "a")], key: "secret")
        #expect(try await carryOut(again, [.run("a")], key: "secret").isDone)
    }

    @Test func aServerThatIsNoGatewayIsToldFromAnUnknownRun() async throws {
        let server = try await ScriptedServer.start { try await $0.reply("<html>", status: 404, type: "text/html") }
        let errand = StopErrand(ControlClient(url: server.url + "/"), [.run("a")], StopOrder())
        let error = await #expect(throws: ControlError.self) { _ = try await errand.carryOut { _ in } }
        #expect(error?.description.hasPrefix("\(server.url)/v1/runs/a/stop: it knows no such page") == true)
        await server.stop()
    }
}

@Suite struct WaitingForTheEngine {
    @Test func endsWhenTheEngineKeepsSilent() throws {
        let start = ContinuousClock.now
        var wait = StopWait(["a", "a"])
        let data = #"{"run_id":"a","at":1,"state":"stopped","engine":null}"#
        let event = try #require(RunEvent("event: cancel\ndata: \(data)\n\n"))
        #expect(wait.receive(event, at: start) == ["a: stopped"])
        #expect(wait.pass(start + .seconds(5)).isEmpty && !wait.isOver)
        #expect(wait.pass(start + .seconds(7)) == ["a: the engine has not said whether it stopped"])
        #expect(wait.isOver && !wait.hasFailed)
    }

    @Test func hearsEachRunOnce() throws {
        var wait = StopWait(["a"])
        let data = #"{"run_id":"a","at":1,"engine":{"confirmed":true}}"#
        let done = try #require(RunEvent("event: done\ndata: \(data)\n\n"))
        #expect(wait.receive(done, at: .now).count == 2)
        #expect(wait.receive(done, at: .now).isEmpty)
        #expect(wait.isOver)
    }
}
