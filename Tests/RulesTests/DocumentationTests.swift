import Foundation
import Rules
import Testing

/// `docs/rules.md` shows rules that parse, and mistakes as they are reported.
@Suite struct DocumentationTests {
    /// The code blocks, each with the words after its fence.
    private func blocks() throws -> [(kind: String, body: String)] {
        let page = ShippedFilesTests.folder.deletingLastPathComponent().appendingPathComponent("docs/rules.md")
        return try String(contentsOf: page, encoding: .utf8)
            .matches(of: #/(?ms)^```(.+?)\n(.*?)^```$/#)
            .map { (String($0.output.1), String($0.output.2)) }
    }

    @Test func everyExampleParses() throws {
        let examples = try blocks().filter { $0.kind == "yaml" }
        #expect(examples.count >= 5)
        for example in examples {
            #expect(errors(in: example.body).isEmpty, "\(example.body)")
        }
    }

    @Test func theMistakesAreReportedAsShown() throws {
        let blocks = try blocks()
        let broken = try #require(blocks.firstIndex { $0.kind == "yaml broken" })
        #expect(
            errors(in: blocks[broken].body, file: "my-rules.yaml")
                == blocks[broken + 1].body.split(separator: "\n").map(String.init)
        )
    }
}
