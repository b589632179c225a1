import LoopDetection
import Testing

private let verbs = [
    "resize", "rotate", "crop", "blur", "paint", "merge", "split", "fill", "trace", "mask", "warp", "tint",
]

private let nouns = [
    "harbour", "lantern", "meadow", "furnace", "compass", "orchard", "quarry", "tunnel", "glacier", "market", "bridge",
    "archive", "kitchen", "station", "valley", "tower", "garden", "engine", "library", "workshop",
]

private let chorus = """
    Row on, row on, the night is long,
    The river hums our rowing song,
    And every light along the shore
    Is one we have not seen before.


    """

/// Texts that repeat themselves and are healthy. None may be stopped.
let negativeCases: [TextCase] = [
    TextCase(name: "N1 twenty equal lines", text: times(20, "I must not talk in class when others work.\n")),
    TextCase(
        name: "N2 hosts and a table",
        text: "Open hosts:\n\n" + lines(1..<60) { "- 10.0.\($0 / 8).\($0 * 3 % 251) (port 22 open)" }
            + "\n| Host | Port | State |\n|------|------|-------|\n"
            + lines(1..<50) { "| 10.0.0.\($0) | 22 | open |\n|------|------|-------|" }
    ),
    TextCase(
        name: "N3 five equal headings",
        text: (1...5).map { "#### Résultats\n\n" + freshProse(6, seed: UInt64($0)) }.joined()
    ),
    TextCase(
        name: "N4 arithmetic step by step",
        text: lines(1..<80) { "Step \($0): we add \($0 * 3) to \($0 * 17), which gives \($0 * 20)." }
    ),
    TextCase(
        name: "N4 arithmetic in paragraphs",
        text: (1..<31).map {
            "Step \($0): we add \($0 * 3) to the running total of all the parts, and the total is now \($0 * 20).\n\n"
        }
        .joined()
    ),
    TextCase(
        name: "N5 docstrings",
        text: (0..<40).map { index in
            let noun = nouns[index % nouns.count]
            return """
                def \(noun)_\(index)(self):
                    \"\"\"Returns the \(noun) of the current object as a string.\"\"\"
                    return str(self._\(noun))


                """
        }.joined()
    ),
    TextCase(
        name: "N6 the same statement in twelve methods",
        text: verbs.map {
            "void \($0)(int amount) {\n    self.error.clear();\n    canvas.\($0)(amount);\n    history.push(\"\($0)\");\n}\n\n"
        }.joined() + verbs.map { "def \($0)(user)\n  return nil if user.nil?\n  user.\($0)!\nend\n\n" }.joined()
    ),
    TextCase(
        name: "N7 imports with a long common prefix",
        text: lines(0..<30) { "import { Widget\($0) } from '@acme/design-system/components/widgets/\($0 * 13)'" }
            + lines(0..<30) { "https://docs.example.org/reference/manual/chapters/\(nouns[$0 % nouns.count])/\($0)" }
    ),
    TextCase(
        name: "N8 numbers in a list",
        text: "[" + (0..<400).map { "\(($0 * 7_919 + 13) % 97)" }.joined(separator: ", ") + "]\n"
    ),
    TextCase(name: "N9 forty smileys", text: times(40, "😊")),
    TextCase(
        name: "N9 dot leaders",
        text: "Contents\n" + lines(1..<8) { "Chapter \($0) " + times(400, ".") + " \($0 * 11)" }
    ),
    TextCase(name: "N10 byte pairs in reasoning", text: times(20, "? ?") + freshProse(20), kind: .reasoning),
    TextCase(
        name: "N11 voxels and a tile map",
        text: lines(0..<400) { "fillBox(\($0 % 32), \($0 / 32), \($0 * 5 % 17), \($0 % 7), 1, 2, \"stone\");" }
            + "```\n" + times(20, times(30, "1") + "\n") + "```\n"
    ),
    TextCase(
        name: "N12 ellipses, dividers and boxes",
        text: "Well......\n\n" + times(6, times(78, "=") + "\n") + times(4, "┌" + times(60, "─") + "┐\n")
            + freshProse(10)
    ),
    TextCase(name: "N13 empty cells", text: times(80, "| | |\n")),
    TextCase(name: "N13 dashes", text: times(400, "-") + "\n"),
    TextCase(name: "N13 blank lines", text: "Above\n" + times(500, "\n") + "Below\n"),
    TextCase(
        name: "N14 homogeneous JSON",
        text: "[\n"
            + lines(0..<150) { #"  {"id": \#($0), "name": "\#(nouns[$0 % 20])", "kind": "place", "tags": ["",""]},"# }
            + "]\n",
        jsonOutput: true
    ),
    TextCase(
        name: "N14 homogeneous JSON in prose",
        text: "Here are all the places:\n[\n"
            + lines(0..<150) { #"  {"id": \#($0), "name": "\#(nouns[$0 % 20])", "kind": "place", "tags": ["",""]},"# }
            + "]\n"
    ),
    TextCase(
        name: "N15 song",
        text: (1...6).map { freshProse(5, seed: UInt64($0 + 40)) + chorus }.joined()
    ),
    TextCase(name: "N15 filler text three times", text: times(3, freshProse(9, seed: 5))),
    TextCase(
        name: "N16 zero matrix",
        text: "```\n" + times(20, "[" + times(19, "0, ") + "0],\n") + "```\n"
    ),
    TextCase(
        name: "N16 ASCII art",
        text: "```\n" + times(12, "  /\\_/\\  " + times(5, "( o.o ) ") + "\n   > ^ <   " + times(5, "==") + "\n")
            + "```\n"
    ),
    TextCase(
        name: "N17 inserts",
        text: lines(1..<120) { "INSERT INTO places (id, name, size) VALUES (\($0), '\(nouns[$0 % 20])', \($0 * 37));" }
    ),
    TextCase(
        name: "N17 multiplication table",
        text: (1...12).map { row in lines(1..<13) { "\(row) x \($0) = \(row * $0)" } }.joined()
    ),
    TextCase(
        name: "N18 list with a long common prefix",
        text: lines(0..<40) { "- The department of public works of the city of \(nouns[$0 % 20]) (district \($0))" }
    ),
    TextCase(name: "N31 faithful log", text: "The log:\n\n```\n" + times(150, "execute_command → ok\n") + "```\n"),
    TextCase(
        name: "N31 fenced rows of a table",
        text: "```csv\nname,count,unit\n" + times(100, "bolt,12,pieces,no remarks\n") + "```\n"
    ),
    TextCase(
        name: "N32 base64 of zeros",
        text: #"{"path":"a.bin","data":""# + times(800, "A") + #"=="}"#,
        kind: .arguments
    ),
    TextCase(
        name: "a source file in a call",
        text: writeCall(
            lines(0..<300) { index in
                "func \(verbs[index % 12])\(index)() {\n    guard isReady else { return nil }\n    return \(index)\n}\n"
            }
        ),
        kind: .arguments
    ),
]
