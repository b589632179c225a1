import ScriptedServer
import Testing

@testable import Doctor

@Suite struct TheUseOfTheProcessor {
    @Test func findsWhoListens() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0
               1: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1 0
            """
        #expect(ProcessorUse.listeners(table, port: 8_080) == ["socket:[4242]"])
        #expect(ProcessorUse.listeners(table, port: 80).isEmpty)
    }

    @Test func readsTheTimesOfAProcessWhateverItsName() {
        let stat = "7 (a) b (c)) S 3 7 7 0 -1 4194560 100 0 0 0 31 11 0 0 20 0 1 0 100 1000 10"
        let times = ProcessorUse.times(stat)
        #expect(times?.parent == 3 && times?.ticks == 42)
        #expect(ProcessorUse.times("") == nil)
        #expect(ProcessorUse.times("7 (a) S 3") == nil)
    }

    /// The tests' own process uses the processor for other things too.
    @Test func isNotThatOfTheProcessThatAsks() async throws {
        let server = try await ScriptedServer.start { try await $0.reply("") }
        #expect(ProcessorUse(url: server.url) == nil)
        await server.stop()
    }

    @Test(arguments: ["http://engine.example:8080", "nonsense", "http://127.0.0.1:1"])
    func isUnknownOfWhatIsNotHere(url: String) { #expect(ProcessorUse(url: url) == nil) }
}
