import JSONBytes

/// Text that no detector minds, the same in every run.
struct SampleText {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }

    /// One to four syllables.
    mutating func word() -> [UInt8] {
        let consonants = Array("bcdfghjklmnprstvw".utf8)
        let vowels = Array("aeiou".utf8)
        var word: [UInt8] = []
        for _ in 0...next(below: 4) {
            word.append(consonants[next(below: consonants.count)])
            word.append(vowels[next(below: vowels.count)])
        }
        return word
    }

    /// Words with spaces between them and nothing else.
    mutating func words(bytes: Int) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < bytes {
            text.append(contentsOf: word())
            text.append(UInt8(ascii: " "))
        }
        return Array(text.prefix(bytes))
    }

    /// Sentences and paragraphs.
    mutating func prose(bytes: Int) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < bytes {
            for sentence in 0...(2 + next(below: 4)) {
                if sentence > 0 { text.append(UInt8(ascii: " ")) }
                for position in 0...(5 + next(below: 12)) {
                    var word = word()
                    if position == 0 { word[0] -= 32 } else { text.append(UInt8(ascii: " ")) }
                    text.append(contentsOf: word)
                }
                text.append(UInt8(ascii: "."))
            }
            text.append(contentsOf: "\n\n".utf8)
        }
        return Array(text.prefix(bytes))
    }

    /// Something like a program.
    mutating func code(bytes: Int) -> [UInt8] {
        func text(_ word: [UInt8]) -> String { String(decoding: word, as: UTF8.self) }
        var code: [UInt8] = []
        while code.count < bytes {
            code.append(contentsOf: "func \(text(word()))(\(text(word())): Int) -> Int {\n".utf8)
            for _ in 0...(2 + next(below: 6)) {
                let name = text(word())
                code.append(contentsOf: "    let \(name) = \(text(word())).\(text(word()))(\(next(below: 999)))\n".utf8)
                if next(below: 3) == 0 {
                    code.append(contentsOf: "    if \(name) > \(next(below: 99)) { \(text(word()))(\(name)) }\n".utf8)
                }
            }
            code.append(contentsOf: "    return \(text(word()))\n}\n\n".utf8)
        }
        return Array(code.prefix(bytes))
    }

    /// The arguments of a call that writes a program to a file.
    mutating func arguments(bytes: Int) -> [UInt8] {
        var arguments = Array(#"{"path":"main.swift","content":"#.utf8)
        JSONString.encode(code(bytes: bytes), into: &arguments)
        arguments.append(UInt8(ascii: "}"))
        return arguments
    }

    /// One stretch after another, each of a fresh unit repeated exactly, each a little too short to convict.
    mutating func periodic(bytes: Int, period: Int, stretch: Int) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < bytes {
            let unit = words(bytes: period)
            for index in 0..<stretch { text.append(unit[index % period]) }
        }
        return Array(text.prefix(bytes))
    }
}
