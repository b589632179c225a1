import JSONBytes

/// llama.cpp's own `/completion` and `/infill`: one object per token, the last with `stop: true`, and no `[DONE]`.
///
/// Every object counts the tokens so far, so usage is exact. A prompt that is a list gives one choice for each, told by
/// `index`. Older builds end with `stopped_limit` and its like where newer ones say `stop_type`; an ending speaks the
/// dialect of the engine, and the newer one where the engine has not shown its own. The text goes into documents and
/// editors, so an ending never adds a note.
public struct LlamaCompletion: StreamFormat {
    private let model: String
    /// The raw JSON value of `id_slot`, when the engine gives one.
    private var slot: [UInt8] = []
    private var isOldDialect = false
    /// The counts of each prompt, by its index.
    private var counts: [Int: Usage] = [:]

    /// Creates the format for one response; the model is used in an ending.
    public init(model: String) { self.model = model }

    // MARK: - Reading

    public mutating func read(_ payload: borrowing Span<UInt8>, into events: inout [WireEvent]) -> PayloadKind {
        if payload.isDoneMark { return .done }
        var kind = PayloadKind.unreadable
        var index = 0
        var text = JSONReader.StringToken.none
        var isStop = false
        var reason = JSONReader.StringToken.none
        var predicted: Int?
        var evaluated: Int?
        var slotRange: Range<Int>?
        var isOld = false
        var reader = JSONReader()
        guard reader.peek(payload) == .object else { return .unreadable }
        reader.readObject(payload) { key, reader in
            if payload.equals(key, "content") {
                if let token = reader.readStringOrSkip(payload) {
                    text = token
                    if kind == .unreadable { kind = .chunk }
                }
            } else if payload.equals(key, "index") {
                index = reader.readIntegerOrSkip(payload) ?? 0
            } else if payload.equals(key, "stop") {
                isStop = reader.readBoolOrSkip(payload) ?? false
            } else if payload.equals(key, "stop_type") {
                reason = reader.readStringOrSkip(payload) ?? reason
            } else if payload.equals(key, "tokens_predicted") {
                predicted = reader.readIntegerOrSkip(payload)
            } else if payload.equals(key, "tokens_evaluated") {
                evaluated = reader.readIntegerOrSkip(payload)
            } else if payload.equals(key, "id_slot") || payload.equals(key, "slot_id") {
                slotRange = reader.skipValue(payload)
            } else if payload.equals(key, "stopped_limit") || payload.equals(key, "multimodal") {
                // Builds before `stop_type` had `multimodal` in every object.
                isOld = true
                reader.skipValue(payload)
            } else if payload.equals(key, "error") {
                if reader.peek(payload) != .null { kind = .error }
                reader.skipValue(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        guard !reader.failed, reader.atEnd(payload) else { return .unreadable }
        guard kind == .chunk else { return kind }
        if let slotRange, slot.isEmpty { slot = payload.copy(slotRange) }
        isOldDialect = isOldDialect || isOld
        if let predicted {
            counts[index] = Usage(promptTokens: evaluated ?? 0, completionTokens: predicted, isEstimated: false)
        }
        if !text.range.isEmpty { events.append(WireEvent(.content, choice: index, text: text)) }
        if isStop { events.append(WireEvent(.finish, choice: index, text: reason)) }
        return .chunk
    }

    /// The counts of all prompts together.
    public var usage: Usage? {
        counts.isEmpty
            ? nil
            : counts.values.reduce(Usage(promptTokens: 0, completionTokens: 0, isEstimated: false)) { sum, count in
                Usage(
                    promptTokens: sum.promptTokens &+ count.promptTokens,
                    completionTokens: sum.completionTokens &+ count.completionTokens,
                    isEstimated: false
                )
            }
    }

    // MARK: - Ending

    public func ending(of choice: ChoiceProgress, because cause: EndingCause) -> [UInt8] {
        var output = Array("data: {\"index\":\(choice.index),\"content\":\"\",\"tokens\":[],".utf8)
        if !slot.isEmpty {
            output.append("\"id_slot\":")
            output.append(contentsOf: slot)
            output.append(",")
        }
        output.append("\"stop\":true,\"model\":")
        JSONString.encode(model, into: &output)
        let count = counts[choice.index]
        output.append(",\"tokens_predicted\":\(count?.completionTokens ?? choice.deltas),")
        output.append("\"tokens_evaluated\":\(count?.promptTokens ?? 0),")
        if count == nil { output.append("\"usage_estimated\":true,") }
        output.append(
            isOldDialect
                ? #""truncated":false,"stopped_eos":false,"stopped_word":false,"stopped_limit":true,"stopping_word":"","#
                : #""truncated":false,"stop_type":"limit","stopping_word":"","#
        )
        cause.writeStopReason(into: &output)
        cause.writeGuard(into: &output)
        output.append("}\n\n")
        return output
    }

    public func closing(usage: Usage?, because cause: EndingCause?) -> [UInt8] { [] }

    public func failure(_ message: String) -> [UInt8] {
        var output = Array(#"data: {"error":{"code":502,"message":"#.utf8)
        JSONString.encode(message, into: &output)
        output.append(",\"type\":\"server_error\"}}\n\n")
        return output
    }
}
