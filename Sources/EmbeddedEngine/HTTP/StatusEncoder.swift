import Cancellation
import JSONBytes

extension EngineStatus {
    /// The body of `GET /slots`.
    var json: [UInt8] {
        var json = Array(#"{"active":["#.utf8)
        Self.append(active, to: &json)
        json += #"],"recent":["#.utf8
        Self.append(recent, to: &json)
        json +=
            """
            ],"kv_tokens":\(heldTokens),"preemptions":\(preemptions),"finished":\(finished),"cancelled":\(cancelled),"generated_tokens":\(generatedTokens),\
            "tokens_after_cancel":\(tokensAfterCancel)}
            """.utf8
        return json
    }

    private static func append(_ sequences: [SequenceStatus], to json: inout [UInt8]) {
        for (index, sequence) in sequences.enumerated() {
            if index > 0 { json += ",".utf8 }
            json += #"{"id":"#.utf8
            JSONString.encode(sequence.id, into: &json)
            json +=
                """
                ,"choice":\(sequence.choice),"state":"\(sequence.state.rawValue)",\
                "prompt_tokens":\(sequence.promptTokens),"generated_tokens":\(sequence.generatedTokens),\
                "tokens_after_cancel":\(sequence.tokensAfterCancel),"preemptions":\(sequence.preemptions),\
                "cancel_reason":
                """.utf8
            json.appendStringOrNull(sequence.cancelReason?.wireName)
            json += "}".utf8
        }
    }
}
