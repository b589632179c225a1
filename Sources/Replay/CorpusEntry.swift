import JSONBytes

/// A recording in short: one line of a `.corpus.jsonl` file, which ``stream()`` expands to what an engine would have
/// sent.
///
/// ```json
/// {"name":"loop/word/01","class":"word","label":"loop","channel":"content","began":61,"request":{…},
///  "parts":[{"content":"It began well. "},{"content":"I'll do it.\n","times":500}]}
/// ```
///
/// A part adds its text to `content`, `reasoning` or the `arguments` of the present call, `times` times over; a part
/// with `call` begins a call of that name. `request` is the body of the request.
struct CorpusEntry: Sendable, Equatable {
    var name = ""
    var label = Label(.healthy)
    /// The body of the request.
    var request: [UInt8]?
    private var parts: [Part] = []

    private struct Part: Sendable, Equatable {
        var channel: Label.Channel?
        var text: [UInt8] = []
        var call: String?
        var times = 1
    }

    /// Reads a line.
    init(line: [UInt8]) throws(Mistake) {
        let bytes = line.span
        var reader = JSONReader()
        var kind: Label.Kind?
        var words: [String: String] = [:]
        var began = 0
        reader.readObject(bytes) { key, reader in
            if bytes.equals(key, "parts") {
                reader.readArray(bytes) { _, reader in parts.append(Self.part(bytes, &reader)) }
            } else if bytes.equals(key, "request") {
                request = bytes.copy(reader.skipValue(bytes))
            } else if bytes.equals(key, "began") {
                began = reader.readIntegerOrSkip(bytes) ?? -1
            } else {
                let name = JSONString.string(bytes, key)
                words[name] = reader.readStringOrSkip(bytes).map { JSONString.string(bytes, $0) }
            }
        }
        guard reader.atEnd(bytes) else { throw Mistake("not a JSON object") }
        guard let name = words["name"], !name.isEmpty else { throw Mistake("'name' is missing") }
        kind = words["label"].flatMap(Label.Kind.init)
        guard let kind else { throw Mistake("'label' must be loop or healthy") }
        let channel = words["channel"].flatMap(Label.Channel.init)
        if let word = words["channel"], channel == nil {
            throw Mistake("'channel' must be content, reasoning, arguments or calls, not '\(word)'")
        }
        guard began >= 0 else { throw Mistake("'began' must be a number of bytes") }
        guard !parts.isEmpty, parts.allSatisfy({ $0.channel != nil && $0.times > 0 }) else {
            throw Mistake("'parts' must hold objects with content, reasoning or arguments")
        }
        self.name = name
        label = Label(kind, channel: channel, began: began, group: words["class"])
    }

    /// What is wrong with a line.
    struct Mistake: Error, Equatable {
        var message: String
        init(_ message: String) { self.message = message }
    }

    private static func part(_ bytes: Span<UInt8>, _ reader: inout JSONReader) -> Part {
        var part = Part()
        reader.readObjectOrSkip(bytes) { key, reader in
            if bytes.equals(key, "times") {
                part.times = reader.readIntegerOrSkip(bytes) ?? 0
            } else if bytes.equals(key, "call") {
                part.call = reader.readStringOrSkip(bytes).map { JSONString.string(bytes, $0) }
            } else if let channel = Label.Channel(rawValue: JSONString.string(bytes, key)), channel != .calls {
                part.channel = channel
                if let text = reader.readStringOrSkip(bytes) { part.text = Array(JSONString.string(bytes, text).utf8) }
            } else {
                reader.skipValue(bytes)
            }
        }
        return part
    }

    /// The response as an engine streams it: chat completion chunks with a few bytes of text each.
    func stream() -> [UInt8] {
        var output = StreamWriter()
        for part in parts {
            for _ in 0..<part.times {
                if let call = part.call { output.begin(call) }
                switch part.channel {
                case .content: output.add(part.text, field: "content")
                case .reasoning: output.add(part.text, field: "reasoning_content")
                case .arguments, .calls, nil: output.addArguments(part.text)
                }
            }
        }
        return output.finish(isLoop: label.kind == .loop)
    }
}

/// Writes chunks of the chat format.
private struct StreamWriter {
    private var bytes: [UInt8] = []
    private var calls = 0
    /// The most bytes of text in a chunk, about four tokens.
    private static let pieceSize = 16

    init() { chunk(#"{"role":"assistant"}"#) }

    mutating func begin(_ call: String) {
        calls += 1
        var name: [UInt8] = []
        JSONString.encode(call, into: &name)
        let function = #"{"name":"# + String(decoding: name, as: UTF8.self) + #","arguments":""}"#
        chunk(
            #"{"tool_calls":[{"index":\#(calls - 1),"id":"call_\#(calls)","type":"function","function":\#(function)}]}"#
        )
    }

    mutating func add(_ text: [UInt8], field: String) {
        addPieces(of: text, before: "{\"\(field)\":", after: "}")
    }

    mutating func addArguments(_ text: [UInt8]) {
        let place = max(0, calls - 1)
        addPieces(of: text, before: #"{"tool_calls":[{"index":\#(place),"function":{"arguments":"#, after: "}}]}")
    }

    mutating func finish(isLoop: Bool) -> [UInt8] {
        chunk("{}", reason: isLoop ? "length" : calls > 0 ? "tool_calls" : "stop")
        bytes += "data: [DONE]\n\n".utf8
        return bytes
    }

    private mutating func addPieces(of text: [UInt8], before: String, after: String) {
        var start = 0
        while start < text.count {
            var end = min(start + Self.pieceSize, text.count)
            while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
            bytes += Self.head.utf8
            bytes += before.utf8
            JSONString.encode(text[start..<end], into: &bytes)
            bytes += after.utf8
            bytes += ",\"finish_reason\":null}]}\n\n".utf8
            start = end
        }
    }

    private mutating func chunk(_ delta: String, reason: String? = nil) {
        bytes += Self.head.utf8
        bytes += delta.utf8
        bytes += ",\"finish_reason\":\(reason.map { "\"\($0)\"" } ?? "null")}]}\n\n".utf8
    }

    private static let head =
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":"#
}
