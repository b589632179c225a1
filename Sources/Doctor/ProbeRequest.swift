internal import GenerationWire
internal import JSONBytes

/// A generation that the examination asks for.
struct ProbeRequest: Sendable {
    let format: WireFormat
    let model: String
    var prompt = ProbeRequest.longAnswer
    var maxTokens: Int
    var streams = true
    /// Whether a count of tokens is asked for; only OpenAI's two older formats have a say.
    var asksForUsage = true
    /// Whether the engine is asked not to end by itself, where it is known to understand that.
    var ignoresEnd = false
    /// Members of an engine's own, as JSON with the comma before them.
    var naming = ""
    /// Headers of an engine's own.
    var headers: [(name: String, value: String)] = []

    /// What models answer at length and at once.
    static let longAnswer = "Count from 1 to 5000 in words, one number per line. Do not stop and do not comment."

    init(_ format: WireFormat, model: String, maxTokens: Int) {
        self.format = format
        self.model = model
        self.maxTokens = maxTokens
    }

    /// A prompt of about so many words that no engine has read before, so that none of it is in a cache.
    static func longPrompt(words: Int, then question: String = longAnswer) -> String {
        let mark = String(UInt64.random(in: .min ... .max), radix: 36)
        let page = ["river", "stone", "lantern", "harbour", "winter", "copper", "meadow", "signal"]
        var text = "Note \(mark)."
        for number in 0..<max(0, words - 20) {
            text += " \(page[(number &* 5 &+ number / 7) % page.count])"
            if number % 12 == 11 { text += " \(number)." }
        }
        return text + "\n" + question
    }

    var path: String { format.path }

    /// The body in the format's words. At temperature 0 the same request gives about the same answer.
    var body: String {
        let messages = #""messages":[{"role":"user","content":\#(Self.json(prompt))}]"#
        let model = #""model":\#(Self.json(model))"#
        let usage = streams && asksForUsage ? #","stream_options":{"include_usage":true}"# : ""
        let end = (ignoresEnd ? #","ignore_eos":true"# : "") + naming
        let common = #""temperature":0,"stream":\#(streams)"#
        return switch format {
        case .chatCompletions:
            #"{\#(model),\#(messages),"max_tokens":\#(maxTokens),\#(common)\#(usage)\#(end)}"#
        case .completions:
            #"{\#(model),"prompt":\#(Self.json(prompt)),"max_tokens":\#(maxTokens),\#(common)\#(usage)\#(end)}"#
        case .responses:
            #"{\#(model),"input":\#(Self.json(prompt)),"max_output_tokens":\#(maxTokens),\#(common)\#(end)}"#
        case .messages:
            #"{\#(model),\#(messages),"max_tokens":\#(maxTokens),\#(common)\#(end)}"#
        case .ollamaChat:
            #"{\#(model),\#(messages),"stream":\#(streams),"options":{"num_predict":\#(maxTokens),"temperature":0}\#(naming)}"#
        case .ollamaGenerate:
            #"{\#(model),"prompt":\#(Self.json(prompt)),"stream":\#(streams),"options":{"num_predict":\#(maxTokens),"temperature":0}\#(naming)}"#
        case .llamaCompletion:
            #"{"prompt":\#(Self.json(prompt)),"n_predict":\#(maxTokens),"cache_prompt":false,\#(common)\#(end)}"#
        }
    }

    private static func json(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONString.encode(text.utf8, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension WireFormat {
    /// The media type of the format's streams.
    var streamType: String {
        switch self {
        case .ollamaChat, .ollamaGenerate: "application/x-ndjson"
        default: "text/event-stream"
        }
    }

    /// Whether a stream ends with a mark of its own after the finish reason.
    var hasEndMark: Bool { self == .chatCompletions || self == .completions }

    /// Whether a count of tokens must be asked for.
    var givesUsageOnRequest: Bool { self == .chatCompletions || self == .completions }
}
