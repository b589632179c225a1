/// What `curl -N` printed: the body alone, with the answer's head (`-i`), or with both heads and remarks (`-v`).
extension ImportedFile {
    func terminalOutput() throws(RecordingError) -> [ImportedRun] {
        var rest = bytes[...]
        var asked: (path: String, headers: [Header])?
        var head: RecordedHead?
        var body: [UInt8] = []
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
            let line = rest[..<end]
            let text = String(decoding: line.filter { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
            let isVerbose = text.hasPrefix("< ") || text.hasPrefix("> ") || text == "<" || text == ">"
            if isVerbose, text.hasPrefix("> ") {
                Self.readRequest(text.dropFirst(2), &asked)
            } else if isVerbose, text.hasPrefix("< ") {
                Self.readHead(text.dropFirst(2), &head)
            } else if body.isEmpty, let length = Self.plainHead(rest, &head) {
                rest = rest.dropFirst(length)
                continue
            } else if !isVerbose, !Self.isRemark(text) {
                body += line
            }
            rest = rest[end...]
        }
        let path = asked?.path ?? ""
        let request = request(url: path, headers: asked?.headers ?? [], body: [], started: nil, source: "curl")
        return try run(request, status: head?.status ?? 200, headers: head?.headers ?? [], body: body).map { [$0] }
            ?? []
    }

    /// The length of a head as `-i` prints it in front of the body.
    private static func plainHead(_ bytes: ArraySlice<UInt8>, _ head: inout RecordedHead?) -> Int? {
        guard bytes.starts(with: "HTTP/".utf8) else { return nil }
        var index = bytes.startIndex
        head = nil
        while index < bytes.endIndex {
            let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex - 1
            let line = String(decoding: bytes[index..<end].filter { $0 != 0x0D }, as: UTF8.self)
            index = end + 1
            if line.isEmpty { break }
            readHead(Substring(line), &head)
        }
        return index - bytes.startIndex
    }

    private static func readHead(_ line: Substring, _ head: inout RecordedHead?) {
        if line.hasPrefix("HTTP/") {
            // A head that came before, of a redirect or of `100 Continue`, does not count.
            head = RecordedHead(status: line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
        } else if let header = header(line) {
            head?.headers.append(header)
        }
    }

    private static func readRequest(_ line: Substring, _ asked: inout (path: String, headers: [Header])?) {
        let words = line.split(separator: " ")
        if words.count == 3, words[2].hasPrefix("HTTP/") {
            asked = (String(words[1]), [])
        } else if let header = header(line) {
            asked?.headers.append(header)
        }
    }

    private static func header(_ line: Substring) -> Header? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return Header(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }

    /// curl's own words, and its counts of bytes, among the lines that `-v` prints.
    private static func isRemark(_ line: String) -> Bool {
        line.hasPrefix("* ") || (line.hasPrefix("{ [") || line.hasPrefix("} [")) && line.hasSuffix("bytes data]")
    }
}
