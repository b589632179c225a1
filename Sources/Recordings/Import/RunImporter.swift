import Foundation

/// Puts runs into a folder of recordings, in a segment of their own.
public final class RunImporter {
    private let writer: SegmentWriter
    private let redactsText: Bool
    /// How many were written.
    public private(set) var count = 0

    /// Begins a segment in a folder, which is made when it is not there.
    public init(directory: String, redactsText: Bool = false) throws {
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        writer = try SegmentWriter(in: directory, compressor: FrameCompressor())
        self.redactsText = redactsText
    }

    /// Writes a run; API keys are taken out of it.
    public func add(_ run: ImportedRun) throws {
        var redactor = RunRedactor(redactsText: redactsText)
        for record in run.records {
            for ready in redactor.receive(record) { try writer.append(ready.line) }
        }
        count += 1
    }

    /// Closes the segment.
    public func finish() throws { try writer.seal() }
}
