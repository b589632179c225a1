import Testing

@testable import EmbeddedEngine

@Suite struct TextAssemblerTests {
    /// Feeds a text in pieces of a size; returns what came out and whether a stop string was met.
    private func assemble(_ text: [UInt8], stops: [String] = [], by size: Int) -> (pieces: [String], stopped: Bool) {
        var assembler = TextAssembler(stops: stops.map { Array($0.utf8) })
        var pieces: [String] = []
        var ready: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: size) {
            let match = assembler.append(text[start..<min(start + size, text.count)], ready: &ready)
            pieces.append(String(decoding: ready, as: UTF8.self))
            if match == .stop { return (pieces, true) }
        }
        assembler.flush(ready: &ready)
        pieces.append(String(decoding: ready, as: UTF8.self))
        return (pieces, false)
    }

    @Test(arguments: 1...7)
    func charactersAreNeverTorn(_ size: Int) {
        let text = "aé大🙂z🙂🙂"
        let (pieces, _) = assemble(Array(text.utf8), by: size)
        #expect(pieces.joined() == text)
    }

    @Test(arguments: 1...7)
    func nothingOfAStopStringIsGivenOut(_ size: Int) {
        let (pieces, stopped) = assemble(Array("one two ENE END three".utf8), stops: ["three", "END"], by: size)
        #expect(pieces.joined() == "one two ENE " && stopped)
    }

    @Test(arguments: 1...7)
    func whatOnlyLooksLikeAStopStringComesLater(_ size: Int) {
        let (pieces, stopped) = assemble(Array("aab aabaa".utf8), stops: ["aaba!"], by: size)
        #expect(pieces.joined() == "aab aabaa" && !stopped)
    }

    @Test func whatIsNoCharacterBecomesTheReplacementCharacter() {
        let (pieces, _) = assemble([0x61, 0xFF, 0x62, 0xE5, 0xA4], by: 1)
        #expect(pieces.joined() == "a\u{FFFD}b\u{FFFD}")
    }
}
