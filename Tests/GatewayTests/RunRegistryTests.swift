import GenerationWire
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

struct RunRegistryTests {
    private let loop = EmbeddedEventLoop()
    private let gateway: GatewayContext

    init() throws {
        gateway = GatewayContext(configuration: GatewayConfiguration(upstream: try UpstreamURL("http://e")))
    }

    private func run() -> Run {
        let pool = UpstreamPool(loop: loop, configuration: gateway.configuration)
        let client = ClientHandler(gateway: gateway, pool: pool, codec: ClientCodec())
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/chat/completions")
        let request = Exchange.Request(head: head, body: .streaming, kind: .generation(.chatCompletions))
        return Exchange(request, client: client, pool: pool, gateway: gateway, loop: loop).run
    }

    @Test func everyRunHasAnIdOfItsOwn() {
        let ids = (0..<200).map { _ in run().id }
        #expect(Set(ids).count == 200)
        #expect(ids.allSatisfy { $0.count == 36 && $0.hasPrefix("run_") && $0.dropFirst(4).allSatisfy(\.isHexDigit) })
    }

    @Test func anEndedRunIsRememberedForItsTime() {
        let registry = RunRegistry(memory: .minutes(10))
        let run = run()
        registry.add(run)
        registry.alias("engine", for: run)
        registry.ended(run, at: .now() - .minutes(9))
        #expect(registry.find(run.id) === run && registry.find("engine") === run)
        let older = self.run()
        registry.add(older)
        registry.ended(older, at: .now() - .minutes(11))
        // Ended runs are forgotten in the order in which they ended.
        #expect(registry.find(run.id) === run)
        let alone = RunRegistry(memory: .minutes(10))
        alone.add(older)
        alone.alias("engine", for: older)
        alone.ended(older, at: .now() - .minutes(11))
        #expect(alone.find(older.id) == nil && alone.find("engine") == nil && alone.all.isEmpty)
    }

    @Test func endedRunsAreBoundedAndLiveOnesStay() {
        let registry = RunRegistry(capacity: 5)
        let live = run()
        registry.add(live)
        let ended = (0..<20).map { _ in run() }
        for run in ended {
            registry.add(run)
            registry.ended(run, at: .now())
        }
        #expect(registry.all.count == 6 && registry.find(live.id) === live)
        #expect(registry.find(ended[14].id) == nil && registry.find(ended[15].id) === ended[15])
    }

    @Test func anIdThatTwoRunsShareNamesNeither() {
        let registry = RunRegistry()
        let runs = [run(), run()]
        for run in runs {
            registry.add(run)
            registry.alias("shared", for: run)
        }
        #expect(registry.find("shared") == nil)
        #expect(registry.find(runs[0].id) === runs[0])
    }
}
