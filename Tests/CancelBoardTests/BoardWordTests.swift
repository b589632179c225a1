import Testing

@testable import CancelBoard

struct BoardWordTests {
    @Test(arguments: [0, 1, 4_711, BoardWord.lastGeneration])
    func everyPartComesBackOutOfTheWord(generation: UInt64) {
        for code in UInt8.min...UInt8.max {
            let word = BoardWord(generation, code: code, 3)
            #expect(word.generation == generation)
            #expect(word.code == code)
            #expect(word.bits == 3)
            #expect(word.has(1) && word.has(2) && !word.has(4))
            #expect(BoardWord(raw: word.raw) == word)
        }
    }
}

struct BoardLayoutTests {
    /// The places that `docs/cancel-board.md` and the readers in other languages know.
    @Test func theLayoutIsTheDocumentedOne() {
        #expect(BoardLayout.size(slots: 1) == 4_224)
        #expect(BoardLayout.slot(3) == 4_096 + 3 * 128)
        #expect(BoardLayout.Header.epoch == 24)
        #expect(BoardLayout.Command.doorbell == 64)
        #expect(BoardLayout.Command.futex == 128)
        #expect(withUnsafeBytes(of: BoardLayout.Command.magic) { String(decoding: $0, as: UTF8.self) } == "LGCANCL1")
        #expect(
            withUnsafeBytes(of: BoardLayout.Acknowledgement.magic) { String(decoding: $0, as: UTF8.self) } == "LGACKNW1"
        )
    }
}

struct BoardHandleTests {
    @Test func aHandleSurvivesBeingPrintedAndParsed() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let handle = BoardHandle(
                epoch: .random(in: 0...(.max), using: &random),
                slot: .random(in: 0..<65_536, using: &random),
                generation: .random(in: 1...BoardWord.lastGeneration, using: &random)
            )
            #expect(try BoardHandle(parsing: "\(handle)") == handle)
        }
        #expect(BoardHandle(epoch: 0xab, slot: 7, generation: 9).description == "00000000000000ab:7:9")
    }

    @Test(arguments: [
        ("", "three parts"),
        ("00000000000000ab:7", "three parts"),
        ("00000000000000ab:7:9:1", "three parts"),
        ("ab:7:9", "epoch"),
        ("00000000000000AB:7:9", "epoch"),
        ("0000000000000 ab:7:9", "epoch"),
        ("00000000000000ab::9", "slot"),
        ("00000000000000ab:-1:9", "slot"),
        ("00000000000000ab:65536:9", "slot"),
        ("00000000000000ab:7:0", "generation"),
        ("00000000000000ab:7:281474976710656", "generation"),
        ("00000000000000ab:7:99999999999999999999", "generation"),
        ("00000000000000ab:7:9\n", "generation"),
        (String(repeating: "1", count: 100_000), "too long"),
    ])
    func aTextThatIsNoHandleIsRefusedWithTheReason(text: String, reason: String) {
        do throws(BoardHandleError) {
            _ = try BoardHandle(parsing: text)
            Issue.record("'\(text)' was taken for a handle")
        } catch {
            #expect(error.description.contains(reason))
            #expect(error.description.count < 200)
        }
    }
}
