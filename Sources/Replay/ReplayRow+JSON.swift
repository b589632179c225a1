import Guard
import JSONBytes
import LoopDetection

extension ReplayRow {
    /// The row as one line of JSON, without the line end.
    public var jsonLine: String {
        var object = JSONObject()
        if let id = result.id { object.add("id", json: id) }
        result.addMembers(to: &object)
        if let before {
            object.add("change", text: change?.rawValue)
            var old = JSONObject()
            before.addVerdict(to: &old)
            old.add("saved_bytes", before.savedBytes)
            old.add("error", text: before.error)
            object.add("before", json: old.text)
        }
        return object.text
    }
}

extension ReplayResult {
    /// The result as one line of JSON, without the line end.
    public var jsonLine: String { ReplayRow(self).jsonLine }

    fileprivate func addMembers(to object: inout JSONObject) {
        object.add("file", text: file)
        object.add("format", text: format)
        addVerdict(to: &object)
        var evidence: [UInt8] = []
        evidence.append(UInt8(ascii: "{"))
        evidence.append(contentsOf: verdict?.evidence.jsonMembers() ?? [])
        evidence.append(UInt8(ascii: "}"))
        object.add("evidence", json: String(decoding: evidence, as: UTF8.self))
        object.add("bytes", bodyBytes)
        object.add("output_bytes", outputBytes)
        object.add("saved_bytes", savedBytes)
        object.add("tokens", tokens)
        object.add("saved_tokens", savedTokens)
        object.add("saved_seconds", savedSeconds)
        object.add("unchanged", json: isUnchanged ? "true" : "false")
        object.add("error", text: error)
    }

    fileprivate func addVerdict(to object: inout JSONObject) {
        object.add("verdict", text: verdictName)
        object.add("detector", text: verdict?.detector.name)
        object.add("channel", text: verdict?.channel.map { "\($0)" })
        object.add("event", verdict == nil ? nil : event)
        object.add("byte", verdict?.byte)
    }

    /// The evidence as JSON, for formats with cells; empty without any.
    var evidenceText: String {
        guard let verdict else { return "" }
        return "{" + String(decoding: verdict.evidence.jsonMembers(), as: UTF8.self) + "}"
    }
}

extension ReplaySummary {
    /// The counts as a JSON object.
    public var json: String {
        var object = JSONObject()
        object.add("recordings", recordings)
        for (name, mode) in [("stop", Mode.stop), ("warn", .warn), ("observe", .observe), ("pass", .off)] {
            object.add(name, verdicts[mode, default: 0])
        }
        object.add("changed", changed)
        object.add("errors", errors)
        object.add("bytes", bytes)
        object.add("saved_bytes", savedBytes)
        object.add("tokens", tokens)
        object.add("saved_tokens", savedTokens)
        object.add("saved_seconds", savedSeconds)
        return object.text
    }
}

extension ReplayReport {
    /// The counts as a JSON object; with a comparison also those before and what has changed.
    public var json: String {
        guard let before else { return summary.json }
        var object = JSONObject()
        for change in Change.allCases { object.add(change.rawValue, changes[change, default: 0]) }
        return String(summary.json.dropLast()) + ",\"before\":\(before.json),\"changes\":\(object.text)}"
    }
}

/// An object of JSON, written member by member.
struct JSONObject {
    private var bytes: [UInt8] = []

    /// The object as it is so far.
    var text: String { String(decoding: bytes.isEmpty ? Array("{}".utf8) : bytes + [UInt8(ascii: "}")], as: UTF8.self) }

    mutating func add(_ name: String, json: String) {
        bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
        JSONString.encode(name, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: json.utf8)
    }

    mutating func add(_ name: String, text: String?) {
        var quoted: [UInt8] = []
        if let text { JSONString.encode(text, into: &quoted) } else { quoted = Array("null".utf8) }
        add(name, json: String(decoding: quoted, as: UTF8.self))
    }

    mutating func add(_ name: String, _ number: Int?) { add(name, json: number.map(String.init) ?? "null") }

    mutating func add(_ name: String, _ number: Double?) {
        add(name, json: number.map { "\(($0 * 1_000).rounded() / 1_000)" } ?? "null")
    }
}
