import Foundation
import Glibc
import Replay

/// Where the rows of a replay go, in the format asked for. All but the report are written as they come.
struct ReplayOutput {
    enum Format: String, CaseIterable {
        case table, json, jsonl, csv, html
    }

    private let format: Format
    private let title: ReplayReport.Title
    private let file: FileHandle
    /// Whether each line is to be seen at once.
    private let isLive: Bool
    private var buffer = ""
    private var isFirst = true
    private(set) var report = ReplayReport()

    /// - Throws: When the file cannot be written.
    init(_ format: Format, _ title: ReplayReport.Title, path: String?, isLive: Bool) throws {
        self.format = format
        self.title = title
        self.isLive = isLive
        guard let path else {
            file = .standardOutput
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ReplayError(file: path, message: String(cString: strerror(errno))) }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private var compares: Bool { title.against != nil }

    mutating func add(_ row: ReplayRow) throws {
        report.add(row)
        switch format {
        case .jsonl: line(row.jsonLine)
        case .json:
            buffer += isFirst ? "{\"results\":[\n" : ",\n"
            buffer += row.jsonLine
        case .csv:
            if isFirst { line(ReplayRow.csvHead(compares: compares)) }
            line(row.csvLine)
        case .table:
            if isFirst { line(ReplayRow.tableHead(compares: compares)) }
            if let text = row.tableRow { line(text) }
        case .html: break
        }
        isFirst = false
        if isLive || buffer.utf8.count > 65_536 { try flush() }
    }

    mutating func finish() throws {
        switch format {
        case .jsonl: break
        case .csv: if isFirst { line(ReplayRow.csvHead(compares: compares)) }
        case .json: line((isFirst ? "{\"results\":[" : "") + "\n],\"summary\":\(report.json)}")
        case .table:
            line("\n\(report.summary.sentence)")
            if let changes = report.changeSentence { line(changes) }
        case .html: buffer += report.html(title)
        }
        try flush()
    }

    private mutating func line(_ text: String) {
        buffer += text
        buffer += "\n"
    }

    private mutating func flush() throws {
        try file.write(contentsOf: Data(buffer.utf8))
        buffer = ""
    }
}
