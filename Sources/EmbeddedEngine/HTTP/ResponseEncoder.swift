import Cancellation
import JSONBytes

/// Writes the answers of one request: chunks of a stream, or one body.
struct ResponseEncoder {
    let endpoint: Endpoint
    private let includeUsage: Bool
    /// What all chunks of a stream begin with, up to the choices; and what a body begins with.
    private let chunkHead: [UInt8]
    private let bodyHead: [UInt8]

    /// - Parameter created: Seconds since 1970.
    init(endpoint: Endpoint, id: String, created: Int, model: String, includeUsage: Bool) {
        self.endpoint = endpoint
        self.includeUsage = includeUsage
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

    /// The first chunk of a chat's choice, which names the role.
    func role(_ choice: Int, into output: inout [UInt8]) {
        chunk(choice, nil, into: &output) { $0 += #""delta":{"role":"assistant","content":""}"#.utf8 }
    }

    /// A chunk with a piece of text.
    func piece(_ text: ArraySlice<UInt8>, _ choice: Int, into output: inout [UInt8]) {
        chunk(choice, nil, into: &output) { output in
            output += (endpoint == .chat ? #""delta":{"content":"# : #""text":"#).utf8
            JSONString.encode(text, into: &output)
            if endpoint == .chat { output += "}".utf8 }
        }
    }

    /// The last chunk of a choice.
    func final(_ outcome: Outcome, _ choice: Int, into output: inout [UInt8]) {
        chunk(choice, outcome, into: &output) { $0 += (endpoint == .chat ? #""delta":{}"# : #""text":"""#).utf8 }
    }

    /// What comes after the last choice: the usage, when it was asked for, and the end mark.
    func end(_ usage: Usage, into output: inout [UInt8]) {
        if includeUsage {
            output += "data: ".utf8
            output += chunkHead
            output += #"],"usage":\#(usage.json)}"#.utf8
            output += "\n\n".utf8
        }
        output += "data: [DONE]\n\n".utf8
    }

    /// The whole answer to a request that wants no stream.
    func body(_ choices: [(text: [UInt8], outcome: Outcome)], _ usage: Usage) -> [UInt8] {
        var json = bodyHead
        for (index, choice) in choices.enumerated() {
            if index > 0 { json += ",".utf8 }
            json += #"{"index":\#(index),"#.utf8
            json += (endpoint == .chat ? #""message":{"role":"assistant","content":"# : #""text":"#).utf8
            JSONString.encode(choice.text, into: &json)
            if endpoint == .chat { json += #","refusal":null}"#.utf8 }
            finish(choice.outcome, into: &json)
        }
        json += #"],"usage":\#(usage.json)}"#.utf8
        return json
    }

    private func chunk(_ choice: Int, _ outcome: Outcome?, into output: inout [UInt8], _ body: (inout [UInt8]) -> Void)
    {
        output += "data: ".utf8
        output += chunkHead
        output += #"{"index":"#.utf8
        // One digit: there are never more than eight choices.
        output.append(UInt8(ascii: "0") + UInt8(choice))
        output += ",".utf8
        body(&output)
        finish(outcome, into: &output)
        output += (includeUsage ? #"],"usage":null}"# : "]}").utf8
        output += "\n\n".utf8
    }

    /// The end of a choice. A cancelled one says `length`, the only value that every client takes for an answer that
    /// is cut short, and names the cause beside it.
    private func finish(_ outcome: Outcome?, into output: inout [UInt8]) {
        output += #","logprobs":null,"finish_reason":"#.utf8
        switch outcome {
        case nil: output += "null}".utf8
        case .stop: output += #""stop"}"#.utf8
        case .length: output += #""length"}"#.utf8
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
