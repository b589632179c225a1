import Yams

/// Cassettes of VCR: of vcrpy (`interactions`) and of Ruby's VCR (`http_interactions`), in YAML or JSON, which is YAML.
extension ImportedFile {
    func cassette() throws(RecordingError) -> [ImportedRun] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw self.error("not a cassette: \(error)")
        }
        guard let list = (root?["interactions"] ?? root?["http_interactions"])?.sequence else {
            throw error("not a cassette: it has no list of interactions")
        }
        var runs: [ImportedRun] = []
        for interaction in list {
            guard let asked = interaction["request"], let answered = interaction["response"],
                asked["method"]?.string?.uppercased() == "POST", let url = (asked["uri"] ?? asked["url"])?.string
            else { continue }
            let request = request(
                url: url,
                headers: Self.headers(asked["headers"]),
                body: try body(asked["body"]),
                started: Self.time(interaction["recorded_at"]?.string),
                source: "vcr"
            )
            let status = answered["status"]?["code"]?.int ?? answered["status_code"]?.int ?? 0
            let run = try run(
                request,
                status: status,
                headers: Self.headers(answered["headers"]),
                body: try body(answered["body"] ?? answered["content"])
            )
            if let run { runs.append(run) }
        }
        return runs
    }

    /// A body: text, bytes in base64, or a map that holds either.
    private func body(_ node: Node?) throws(RecordingError) -> [UInt8] {
        guard let node else { return [] }
        if node.mapping != nil {
            if let encoded = node["base64_string"]?.string { return try decode(encoded) }
            return try body(node["string"])
        }
        guard let text = node.scalar?.string, node.tag != Tag(.null) else { return [] }
        return node.tag == Tag(.binary) ? try decode(text) : Array(text.utf8)
    }

    private func decode(_ text: String) throws(RecordingError) -> [UInt8] {
        guard let bytes = Base64.decode(text.utf8.filter { $0 > 0x20 }) else {
            throw error("a body in it is not valid base64")
        }
        return bytes
    }

    /// Headers whose values are text or lists of text.
    private static func headers(_ node: Node?) -> [Header] {
        (node?.mapping ?? [:]).flatMap { key, value in
            let values = value.sequence.map { $0.compactMap(\.string) } ?? [value.string].compactMap(\.self)
            return values.map { Header(key.string ?? "", $0) }
        }
    }
}
