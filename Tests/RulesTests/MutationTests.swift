import Rules
import Testing

/// Rules files that are damaged at random.
@Suite struct MutationTests {
    /// A damaged file either parses, and then survives the round trip, or is refused at places that it has. Whatever
    /// is wrong with it, nothing crashes.
    @Test func aDamagedFileParsesOrIsRefusedAtAPlaceItHas() throws {
        var random = SplitMix(state: 20)
        let original = Array(try ShippedFilesTests.read("strict.yaml").unicodeScalars.drop { $0 != "\n" })
        let debris = Array("{}[]:,-#&*!|>'\"%@` \n\t?~0ax\u{E000}é😊\\".unicodeScalars)
        for _ in 0..<300 {
            var text = original
            for _ in 0...random.next(below: 4) {
                let place = random.next(below: text.count)
                let length = min(random.next(below: 12), text.count - place)
                switch random.next(below: 3) {
                case 0: text.removeSubrange(place..<place + length)
                case 1: text.insert(debris[random.next(below: debris.count)], at: place)
                default: text.insert(contentsOf: text[place..<place + length], at: random.next(below: text.count))
                }
            }
            let yaml = String(String.UnicodeScalarView(text))
            do {
                let rules = try RuleSet.parse(yaml: yaml, file: "f")
                #expect(try RuleSet.parse(yaml: RuleSet.yaml(of: rules), file: "shown") == rules)
            } catch {
                let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
                #expect(!error.errors.isEmpty)
                for fault in error.errors {
                    #expect((1...lines.count + 1).contains(fault.line), "\(fault)")
                    let width = fault.line <= lines.count ? lines[fault.line - 1].unicodeScalars.count : 0
                    #expect((1...width + 1).contains(fault.column), "\(fault)")
                }
            }
        }
    }
}

/// The SplitMix64 generator, so that a failure can be repeated.
private struct SplitMix {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ word >> 31) % UInt64(bound))
    }
}
