import Foundation
import Guard
import LoopDetection
import Rules
import Testing

/// The files under `rules/`. When the keys or the defaults change, `LOOPGUARD_UPDATE_RULES=1 swift test --filter
/// ShippedFiles` writes the generated ones anew.
@Suite struct ShippedFilesTests {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("rules")

    static let updates = ProcessInfo.processInfo.environment["LOOPGUARD_UPDATE_RULES"] == "1"

    static let defaultHeader = """
        # yaml-language-server: $schema=loopguard-rules.schema.json
        #
        # The default rules of loopguard, with every setting there is. They are compiled in: loopguard does the same
        # without this file. To change something, copy only the lines you change into a file of your own, under
        # `version: 1`, and pass it with `--rules FILE`; what is not said there stays as it is here.
        # docs/rules.md explains the format, docs/detectors.md the detectors and where their numbers come from.


        """

    static func read(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func theDefaultFileSaysWhatIsCompiledIn() throws {
        let rendered = Self.defaultHeader + RuleSet.yaml(of: .default)
        if Self.updates {
            try Data(rendered.utf8).write(to: Self.folder.appendingPathComponent("default.yaml"))
        }
        let file = try Self.read("default.yaml")
        #expect(try RuleSet.parse(yaml: file, file: "default.yaml") == .default)
        #expect(try RuleSet.parse(yaml: file, file: "default.yaml").settings == GuardSettings())
        #expect(file == rendered)
    }

    @Test func theSchemaFileIsTheSchemaOfTheParser() throws {
        if Self.updates {
            try Data(RuleSet.schema.utf8).write(to: Self.folder.appendingPathComponent("loopguard-rules.schema.json"))
        }
        #expect(try Self.read("loopguard-rules.schema.json") == RuleSet.schema)
    }

    @Test(arguments: ["default.yaml", "strict.yaml", "observe.yaml"])
    func everyShippedFileNamesTheSchemaAndParses(_ name: String) throws {
        let file = try Self.read(name)
        #expect(file.hasPrefix("# yaml-language-server: $schema=loopguard-rules.schema.json\n"))
        let rules = try RuleSet.load(Self.folder.appendingPathComponent(name).path)
        #expect(rules == (try RuleSet.parse(yaml: file, file: name)))
    }

    @Test func theObserveFileStopsNothing() throws {
        let settings = try RuleSet.load(Self.folder.appendingPathComponent("observe.yaml").path).settings
        #expect(settings.enabled)
        #expect(settings.mode == .observe)
    }

    /// The parser knows every key of the schema, and every key that the renderer writes is in the schema.
    @Test func schemaAndParserKnowTheSameKeys() throws {
        let schema = try #require(
            try JSONSerialization.jsonObject(with: Data(RuleSet.schema.utf8)) as? [String: Any]
        )
        let shared = try #require(schema["$defs"] as? [String: Any])
        var paths: [String] = []
        func collect(_ node: [String: Any], _ path: String) throws {
            let options = node["anyOf"] as? [[String: Any]] ?? []
            for node in [node] + options {
                for (name, child) in node["properties"] as? [String: [String: Any]] ?? [:] {
                    let place = path.isEmpty ? name : "\(path).\(name)"
                    paths.append(place)
                    try collect(try resolve(child), place)
                }
            }
        }
        func resolve(_ node: [String: Any]) throws -> [String: Any] {
            guard let reference = node["$ref"] as? String else { return node }
            return try #require(shared[String(reference.dropFirst("#/$defs/".count))] as? [String: Any])
        }
        try collect(schema, "")
        #expect(paths.contains("detectors.tail_repeat.mode.content"))
        #expect(paths.contains("detectors.history_repeat.polling.warn"))
        for detector in DetectorID.allCases {
            #expect(paths.contains("detectors.\(detector.name).mode"))
        }
        // A value that may not stand there is another mistake than a key that is unknown.
        for path in paths where !["version", "clients", "api_keys", "overrides"].contains(path) {
            let names = path.split(separator: ".")
            var yaml = "version: 1\n"
            for (depth, name) in names.enumerated() {
                yaml += "\(String(repeating: " ", count: depth))\(name):\(depth == names.count - 1 ? " {}" : "")\n"
            }
            #expect(!errors(in: yaml).contains { $0.contains("unknown key") }, "\(path) is in the schema only")
        }
        // Below `clients` stand names of clients and headers, which are free.
        let written = RuleSet.yaml(of: .default).replacing(#/(?ms)^clients:$.*?^\n/#, with: "").replacing(
            #/#.*|".*"/#,
            with: ""
        )
        let keys = written.matches(of: #/([a-z_]+):/#).map { String($0.output.1) }
        let known = Set(paths.flatMap { $0.split(separator: ".").map(String.init) }).union(["up_to", "span", "repeats"])
        #expect(Set(keys).subtracting(known).isEmpty)
    }
}

/// The mistakes that parsing reports, each as one line.
func errors(in yaml: String, file: String = "f") -> [String] {
    do {
        _ = try RuleSet.parse(yaml: yaml, file: file)
        return []
    } catch {
        return error.errors.map(\.description)
    }
}
