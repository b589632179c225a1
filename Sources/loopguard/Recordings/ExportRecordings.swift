import ArgumentParser
import Foundation
import GenerationWire
import RecordingIndex
import Recordings
import Replay

extension RecordingsCommand {
    /// `loopguard recordings export`
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write runs as raw streams: ID.sse or ID.ndjson, with ID.request.json beside it.",
            discussion: "That is what `replay` and other tools read. The labels of the runs go with them."
        )

        @Argument(help: "A run (FOLDER/ID), or a folder for all of its runs.")
        var paths: [String]

        @Option(name: .shortAndLong, help: "The folder to write to.")
        var output = "."

        @Flag(help: "Write what the client received, in place of what the engine sent.")
        var received = false

        func run() throws {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            for path in paths {
                let place = try RecordedPlace(path)
                var query = RunQuery()
                query.limit = .max
                for run in try place.run.map({ [$0] }) ?? place.index.runs(query) {
                    try export(run, from: place.index.directory.path)
                }
            }
        }

        private func export(_ summary: RunSummary, from folder: String) throws {
            let run = try RecordedRun(summary)
            let body = received ? run.went : run.came
            guard !body.isEmpty else { return }
            let isLines = summary.request.path.hasSuffix("/api/chat") || summary.request.path.hasSuffix("/api/generate")
            let file = "\(summary.id).\(isLines ? "ndjson" : "sse")"
            do {
                try Data(body).write(to: URL(fileURLWithPath: "\(output)/\(file)"))
                if let asked = run.askedBody, !asked.isEmpty {
                    try Data(asked).write(to: URL(fileURLWithPath: "\(output)/\(summary.id).request.json"))
                }
            } catch {
                throw ValidationError("\(output) cannot be written: \(error.localizedDescription)")
            }
            do throws(ReplayError) {
                guard let label = try LabelFile(folder: folder + "/").labels[summary.id] else { return }
                try LabelFile.mark("\(output)/\(file)", label)
            } catch {
                throw ValidationError(error.description)
            }
        }
    }

    /// `loopguard recordings import`
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take runs in that others have kept.",
            discussion: """
                Reads raw .sse and .ndjson bodies (with NAME.request.json beside them), HAR files, cassettes of vcrpy \
                and of Ruby's VCR (.yaml, .json), and what curl -N printed, also with -i or -v. What has been imported \
                before is left out. API keys are taken out.
                """
        )

        @Argument(help: "Files, or folders with such files below them.")
        var files: [String]

        @Option(help: "The folder of recordings to put them into; it is made when it is not there.")
        var into: String

        @Flag(help: "Replace the letters of texts by x and their digits by 0.")
        var redactText = false

        func run() throws {
            do {
                try FileManager.default.createDirectory(atPath: into, withIntermediateDirectories: true)
                var known = try Self.known(in: into)
                let importer = try RunImporter(directory: into, redactsText: redactText)
                var failures: [RecordingError] = []
                var repeated = 0
                for file in try files.flatMap(Self.files) {
                    do throws(RecordingError) {
                        for var run in try ImportedRun.read(file) {
                            if case .guarded(let wire) = BodyFormat(of: run.body) {
                                run.request.format = wire.rawValue
                                if run.request.path.isEmpty { run.request.path = wire.path }
                            }
                            guard known.insert(run.id).inserted else {
                                repeated += 1
                                continue
                            }
                            do { try importer.add(run) } catch {
                                throw RecordingError(file: into, message: "\(error)")
                            }
                        }
                    } catch {
                        failures.append(error)
                    }
                }
                try importer.finish()
                for failure in failures { printError(failure.description) }
                print("\(importer.count) imported, \(repeated) known already, \(failures.count) files not read")
                if !failures.isEmpty { throw ExitCode(1) }
            } catch let error as RecordingError {
                throw ValidationError(error.description)
            }
        }

        private static func known(in folder: String) throws -> Set<String> {
            let index = try RunIndex(RecordingDirectory(folder))
            try index.refresh()
            var query = RunQuery()
            query.limit = .max
            return Set(try index.runs(query).map(\.id))
        }

        /// The file, or the files below a folder that can be imported by their names.
        private static func files(_ path: String) throws -> [String] {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw ValidationError("\(path): no such file or folder")
            }
            guard isFolder.boolValue else { return [path] }
            let endings = [".sse", ".ndjson", ".har", ".yaml", ".yml"]
            return (FileManager.default.subpaths(atPath: path) ?? [])
                .filter { name in endings.contains { name.lowercased().hasSuffix($0) } }.sorted().map {
                    "\(path)/\($0)"
                }
        }
    }
}
