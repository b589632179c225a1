import Foundation
import Rules
import Testing

/// `docs/rules.md` and `docs/run-trees.md` show rules that parse, and mistakes as they are reported.
@Suite struct DocumentationTests {
    /// The code blocks, each with the words after its fence.
    private func blocks(of page: String = "rules.md") throws -> [(kind: String, body: String)] {
        let page = ShippedFilesTests.folder.deletingLastPathComponent().appendingPathComponent("docs/\(page)")
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

    @Test func theExampleOfTreesParses() throws {
        let examples = try blocks(of: "run-trees.md").filter { $0.kind == "yaml" }
        #expect(examples.count == 1)
        for example in examples {
            #expect(try RuleSet.parse(yaml: example.body, file: "f").treeMappings.count == 2)
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
