import Foundation

/// HAR 1.2, as browsers and proxies write it.
extension ImportedFile {
    /// Whether JSON is an archive and no cassette.
    var looksLikeArchive: Bool {
        let root = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
        return root?["log"] != nil
    }

    func archive() throws(RecordingError) -> [ImportedRun] {
        guard let root = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any],
            let log = root["log"] as? [String: Any], let entries = log["entries"] as? [[String: Any]]
        else { throw error("not a HAR file: it has no log.entries") }
        var runs: [ImportedRun] = []
        for entry in entries {
            guard let asked = entry["request"] as? [String: Any], let answered = entry["response"] as? [String: Any],
                asked["method"] as? String == "POST", let url = asked["url"] as? String
            else { continue }
            let text = (asked["postData"] as? [String: Any])?["text"] as? String ?? ""
            let request = request(
                url: url,
                headers: Self.headers(asked["headers"]),
                body: Array(text.utf8),
                started: Self.time(entry["startedDateTime"] as? String),
                source: "har"
            )
            let run = try run(
                request,
                status: answered["status"] as? Int ?? 0,
                headers: Self.headers(answered["headers"]),
                body: try content(answered["content"] as? [String: Any] ?? [:]),
                seconds: (entry["time"] as? Double).map { max(0, $0) / 1_000 }
            )
            if let run { runs.append(run) }
        }
        return runs
    }

    private func content(_ content: [String: Any]) throws(RecordingError) -> [UInt8] {
        let text = content["text"] as? String ?? ""
        guard content["encoding"] as? String == "base64" else { return Array(text.utf8) }
        guard let bytes = Base64.decode(Array(text.utf8)) else { throw error("an answer in it is not valid base64") }
        return bytes
    }

    private static func headers(_ list: Any?) -> [Header] {
        (list as? [[String: Any]] ?? []).compactMap { header in
            guard let name = header["name"] as? String, let value = header["value"] as? String else { return nil }
            return Header(name, value)
        }
    }
}
