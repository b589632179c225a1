/// One HTTP answer, read from the beginning of a text.
struct Answer: Equatable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: String
    var trailers: String
    /// How many bytes of the text it takes.
    var length: Int

    /// `nil` while the answer is not whole. An answer to `HEAD` has no body.
    init?(first text: String, to method: String, closed: Bool) {
        let bytes = Array(text.utf8)
        let end = Array("\r\n\r\n".utf8)
        guard let headEnd = Self.find(end, in: bytes, from: 0) else { return nil }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        self.status = status
        headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst().drop { $0 == " " }
            return (line[..<colon].lowercased(), String(value))
        }
        var position = headEnd + 4
        body = ""
        trailers = ""
        length = position
        let header = { [headers] name in headers.first { $0.name == name }?.value }
        if method == "HEAD" || status == 204 || status == 304 || status < 200 { return }
        if let size = header("content-length").flatMap({ Int($0) }) {
            guard bytes.count >= position + size else { return nil }
            body = String(decoding: bytes[position..<position + size], as: UTF8.self)
            length = position + size
            return
        }
        guard header("transfer-encoding") == "chunked" else {
            guard closed else { return nil }
            body = String(decoding: bytes[position...], as: UTF8.self)
            length = bytes.count
            return
        }
        var content: [UInt8] = []
        while true {
            guard let lineEnd = Self.find([13, 10], in: bytes, from: position),
                let size = Int(String(decoding: bytes[position..<lineEnd], as: UTF8.self), radix: 16)
            else { return nil }
            position = lineEnd + 2
            if size == 0 { break }
            guard bytes.count >= position + size + 2 else { return nil }
            content += bytes[position..<position + size]
            position += size + 2
        }
        // The chunk of length zero is followed by trailers and an empty line.
        guard let last = Self.find(end, in: bytes, from: position - 2) else { return nil }
        if last > position { trailers = String(decoding: bytes[position..<last], as: UTF8.self) }
        body = String(decoding: content, as: UTF8.self)
        length = last + 4
    }

    subscript(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= pattern.count, start >= 0 else { return nil }
        var index = start
        while index + pattern.count <= bytes.count {
            if bytes[index..<index + pattern.count].elementsEqual(pattern) { return index }
            index += 1
        }
        return nil
    }

    static func == (left: Answer, right: Answer) -> Bool {
        left.status == right.status && left.body == right.body
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }
}
