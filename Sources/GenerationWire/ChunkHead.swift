import JSONBytes

/// The members that every chunk of an OpenAI response repeats, kept as the engine wrote them, so that an ending's chunks
/// look like the ones before.
struct ChunkHead: Sendable {
    /// The raw JSON value of `id`.
    var id: [UInt8]
    /// The raw JSON value of `created`.
    var created: [UInt8]
    /// The raw JSON value of `model`.
    var model: [UInt8]
    /// The raw JSON value of `system_fingerprint`, when the engine sends one.
    var systemFingerprint: [UInt8] = []
    /// Whether the engine has sent a chunk.
    var isSeen = false

    /// A head for a response of which no chunk has come yet.
    init(id: String, created: Int, model: String) {
        self.id = []
        self.model = []
        self.created = Array(String(created).utf8)
        JSONString.encode(id, into: &self.id)
        JSONString.encode(model, into: &self.model)
    }

    /// Takes the values over from a chunk.
    mutating func learn(_ payload: borrowing Span<UInt8>, _ ranges: Ranges) {
        isSeen = true
        if let range = ranges.id { id = payload.copy(range) }
        if let range = ranges.created { created = payload.copy(range) }
        if let range = ranges.model { model = payload.copy(range) }
        if let range = ranges.systemFingerprint { systemFingerprint = payload.copy(range) }
    }

    /// Where the values stand in a payload.
    struct Ranges {
        var id: Range<Int>?
        var created: Range<Int>?
        var model: Range<Int>?
        var systemFingerprint: Range<Int>?
    }

    /// Writes one chunk as a server-sent event: the head, then `members`.
    func write(object: String, into output: inout [UInt8], members: (inout [UInt8]) -> Void) {
        output.append(contentsOf: "data: {\"id\":".utf8)
        output.append(contentsOf: id)
        output.append(contentsOf: ",\"object\":\"\(object)\",\"created\":".utf8)
        output.append(contentsOf: created)
        output.append(contentsOf: ",\"model\":".utf8)
        output.append(contentsOf: model)
        if !systemFingerprint.isEmpty {
            output.append(contentsOf: ",\"system_fingerprint\":".utf8)
            output.append(contentsOf: systemFingerprint)
        }
        output.append(UInt8(ascii: ","))
        members(&output)
        output.append(contentsOf: "}\n\n".utf8)
    }
}

extension EndingCause {
    /// Writes `"stop_reason":"…"`.
    func writeStopReason(into output: inout [UInt8]) {
        output.append(contentsOf: "\"stop_reason\":".utf8)
        JSONString.encode(stopReason, into: &output)
    }

    /// Writes `,"guard":{…}`: the reason, the run and the evidence.
    func writeGuard(into output: inout [UInt8]) {
        output.append(contentsOf: ",\"guard\":{\"reason\":".utf8)
        JSONString.encode(stopReason, into: &output)
        output.append(contentsOf: ",\"run_id\":".utf8)
        JSONString.encode(runID, into: &output)
        if !evidence.isEmpty {
            output.append(contentsOf: ",\"evidence\":{".utf8)
            output.append(contentsOf: evidence)
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "}"))
    }
}

extension Usage {
    /// Writes `"usage":{…}`; an estimate says so.
    func write(into output: inout [UInt8]) {
        let total = promptTokens &+ completionTokens
        output.append(
            contentsOf: """
                "usage":{"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
                "total_tokens":\(total)\(isEstimated ? ",\"estimated\":true" : "")}
                """.utf8
        )
    }
}
