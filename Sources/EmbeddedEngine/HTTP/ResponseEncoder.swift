import Cancellation
import JSONBytes

/// Writes the answers of one request: chunks of a stream, or one body.
struct ResponseEncoder {
    /// What the request wants beside the text.
    struct Options: Equatable {
        /// A last chunk with the usage.
        var includeUsage = false
        /// The usage so far on every chunk (`continuous_usage_stats` of vLLM).
        var usageOnEveryChunk = false
        var hasLogprobs = false
    }

    /// What one choice has come to, when no stream is wanted.
    struct Written {
        var text: [UInt8] = []
        var calls: [(id: String, name: [UInt8], arguments: [UInt8])] = []
        var logprobs: [TokenLogprob] = []
    }

    let endpoint: Endpoint
    private let options: Options
    private let logprobs: LogprobsEncoder
    /// What all chunks of a stream begin with, up to the choices; and what a body begins with.
    private let chunkHead: [UInt8]
    private let bodyHead: [UInt8]

    /// - Parameter created: Seconds since 1970.
    init(endpoint: Endpoint, id: String, created: Int, model: String, options: Options, vocabulary: Vocabulary) {
        self.endpoint = endpoint
        self.options = options
        logprobs = LogprobsEncoder(endpoint: endpoint, vocabulary: vocabulary)
        func head(_ object: String) -> [UInt8] {
            var json = Array(#"{"id":"#.utf8)
            JSONString.encode(id, into: &json)
            json += #","object":"\#(object)","created":\#(created),"model":"#.utf8
            JSONString.encode(model, into: &json)
            json += #","choices":["#.utf8
            return json
        }
        let isChat = endpoint == .chat
        chunkHead = head(isChat ? "chat.completion.chunk" : "text_completion")
        bodyHead = head(isChat ? "chat.completion" : "text_completion")
    }

    // MARK: - A stream

    /// The first chunk of a chat's choice, which names the role.
    func role(_ choice: Int, _ usage: Usage, into output: inout [UInt8]) {
        chunk(choice, usage, into: &output) { $0 += #""delta":{"role":"assistant","content":""}"#.utf8 }
    }

    /// A chunk with a piece of text.
    /// - Parameter offset: Where the text of the choice stands, in characters.
    func piece(
        _ text: ArraySlice<UInt8>,
        _ entries: ArraySlice<TokenLogprob>,
        _ choice: Int,
        _ usage: Usage,
        offset: inout Int,
        into output: inout [UInt8]
    ) {
        chunk(choice, usage, entries, offset: &offset, into: &output) { output in
            output += (endpoint == .chat ? #""delta":{"content":"# : #""text":"#).utf8
            JSONString.encode(text, into: &output)
            if endpoint == .chat { output += "}".utf8 }
        }
    }

    /// The chunk with which a call of a tool begins.
    func call(
        _ index: Int,
        id: String,
        name: some Sequence<UInt8>,
        _ choice: Int,
        _ usage: Usage,
        into output: inout [UInt8]
    ) {
        chunk(choice, usage, into: &output) { output in
            output +=
                #""delta":{"tool_calls":[{"index":\#(index),"id":"\#(id)","type":"function","function":{"name":"#.utf8
            JSONString.encode(name, into: &output)
            output += #","arguments":""}}]}"#.utf8
        }
    }

    /// A chunk with a part of a call's arguments.
    func arguments(
        _ index: Int,
        _ part: ArraySlice<UInt8>,
        _ choice: Int,
        _ usage: Usage,
        into output: inout [UInt8]
    ) {
        chunk(choice, usage, into: &output) { output in
            output += #""delta":{"tool_calls":[{"index":\#(index),"function":{"arguments":"#.utf8
            JSONString.encode(part, into: &output)
            output += "}}]}".utf8
        }
    }

    /// The last chunk of a choice.
    func final(_ outcome: Outcome, _ choice: Int, _ usage: Usage, into output: inout [UInt8]) {
        chunk(choice, usage, outcome: outcome, into: &output) {
            $0 += (endpoint == .chat ? #""delta":{}"# : #""text":"""#).utf8
        }
    }

    /// What comes after the last choice: the usage, when it was asked for, and the end mark.
    func end(_ usage: Usage, into output: inout [UInt8]) {
        if options.includeUsage {
            output += "data: ".utf8
            output += chunkHead
            output += #"],"usage":\#(usage.json)}"#.utf8
            output += "\n\n".utf8
        }
        output += "data: [DONE]\n\n".utf8
    }

    // MARK: - A body

    /// The whole answer to a request that wants no stream.
    func body(_ choices: [(written: Written, outcome: Outcome)], _ usage: Usage) -> [UInt8] {
        var json = bodyHead
        for (index, (written, outcome)) in choices.enumerated() {
            if index > 0 { json += ",".utf8 }
            json += #"{"index":\#(index),"#.utf8
            json += (endpoint == .chat ? #""message":{"role":"assistant","content":"# : #""text":"#).utf8
            // A message that is nothing but calls has no content, whatever white space stands between them.
            if !written.calls.isEmpty, written.text.allSatisfy({ $0 == 0x20 || $0 == 0x0A }) {
                json += "null".utf8
            } else {
                JSONString.encode(written.text, into: &json)
            }
            append(written.calls, to: &json)
            if endpoint == .chat { json += #","refusal":null}"#.utf8 }
            var offset = 0
            finish(outcome, options.hasLogprobs ? written.logprobs[...] : nil, offset: &offset, into: &json)
        }
        json += #"],"usage":\#(usage.json)}"#.utf8
        return json
    }

    private func append(_ calls: [(id: String, name: [UInt8], arguments: [UInt8])], to json: inout [UInt8]) {
        guard !calls.isEmpty else { return }
        json += #","tool_calls":["#.utf8
        for (index, call) in calls.enumerated() {
            if index > 0 { json += ",".utf8 }
            json += #"{"id":"\#(call.id)","type":"function","function":{"name":"#.utf8
            JSONString.encode(call.name, into: &json)
            json += #","arguments":"#.utf8
            JSONString.encode(call.arguments, into: &json)
            json += "}}".utf8
        }
        json += "]".utf8
    }

    // MARK: - Pieces

    private func chunk(
        _ choice: Int,
        _ usage: Usage,
        outcome: Outcome? = nil,
        into output: inout [UInt8],
        _ body: (inout [UInt8]) -> Void
    ) {
        var offset = 0
        chunk(choice, usage, nil, offset: &offset, outcome: outcome, into: &output, body)
    }

    private func chunk(
        _ choice: Int,
        _ usage: Usage,
        _ entries: ArraySlice<TokenLogprob>?,
        offset: inout Int,
        outcome: Outcome? = nil,
        into output: inout [UInt8],
        _ body: (inout [UInt8]) -> Void
    ) {
        output += "data: ".utf8
        output += chunkHead
        output += #"{"index":"#.utf8
        // One digit: there are never more than eight choices.
        output.append(UInt8(ascii: "0") + UInt8(choice))
        output += ",".utf8
        body(&output)
        finish(outcome, options.hasLogprobs ? entries : nil, offset: &offset, into: &output)
        if options.usageOnEveryChunk {
            output += #"],"usage":\#(usage.json)}"#.utf8
        } else {
            output += (options.includeUsage ? #"],"usage":null}"# : "]}").utf8
        }
        output += "\n\n".utf8
    }

    /// The end of a choice. A cancelled one says `length`, the only value that every client takes for an answer that
    /// is cut short, and names the cause beside it.
    private func finish(
        _ outcome: Outcome?,
        _ entries: ArraySlice<TokenLogprob>?,
        offset: inout Int,
        into output: inout [UInt8]
    ) {
        output += #","logprobs":"#.utf8
        if let entries {
            logprobs.encode(entries, offset: &offset, into: &output)
        } else {
            output += "null".utf8
        }
        output += #","finish_reason":"#.utf8
        switch outcome {
        case nil: output += "null}".utf8
        case .stop: output += #""stop"}"#.utf8
        case .length: output += #""length"}"#.utf8
        case .toolCalls: output += #""tool_calls"}"#.utf8
        case .cancelled(let reason): output += #""length","stop_reason":"\#(reason.wireName)"}"#.utf8
        }
    }
}

/// The tokens of a request.
struct Usage: Equatable {
    var promptTokens: Int
    var completionTokens: Int

    var json: String {
        """
        {"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
        "total_tokens":\(promptTokens + completionTokens)}
        """
    }
}

extension EndReason {
    /// The word for the reason on the wire. The engine does not know detectors' names, only their numbers.
    var wireName: String {
        switch self {
        case .userStop: "user_stop"
        case .treeStop: "tree_stop"
        case .clientDisconnect: "client_disconnect"
        case .deadline: "deadline"
        case .shutdown: "shutdown"
        case .upstreamLost: "upstream_lost"
        default: "guard:\(detector ?? 0)"
        }
    }
}
