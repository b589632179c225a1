import JSONBytes

/// What the fake upstream does with one request. It travels in the request's body, as a member that every engine and
/// gateway ignores, so that one upstream serves every benchmark.
struct StreamPlan: Sendable, Equatable {
    /// Stamped events; a finish chunk and `[DONE]` follow.
    var events = 100
    /// Microseconds between events; 0 for as fast as the connection takes them.
    var intervalMicroseconds = 0
    /// Random text behind the stamp of every event, in bytes.
    var padding = 24
    /// Milliseconds before anything else happens.
    var delayMilliseconds = 0
    /// Whether the head of the response goes out before the delay.
    var sendsHeadersFirst = false
    /// Events in one write.
    var eventsPerWrite = 1
    /// Whether the answer is a stream of events or one JSON object.
    var streams = true

    private static let member: StaticString = "loopguard_bench"

    /// The body of a chat request that asks for this plan.
    var requestBody: [UInt8] {
        let plan =
            #"{"events":\#(events),"interval_us":\#(intervalMicroseconds),"padding":\#(padding),"#
            + #""delay_ms":\#(delayMilliseconds),"headers_first":\#(sendsHeadersFirst),"#
            + #""events_per_write":\#(eventsPerWrite)}"#
        return Array(
            (#"{"model":"bench","stream":\#(streams),"messages":[{"role":"user","content":"Go on."}],"#
                + #""\#(Self.member)":\#(plan)}"#).utf8
        )
    }

    /// Reads what a request asks for over what this plan says; `nil` when the body is no JSON object or the numbers are
    /// out of bounds.
    func reading(_ body: borrowing Span<UInt8>) -> StreamPlan? {
        var plan = self
        plan.streams = false
        var reader = JSONReader()
        reader.readObject(body) { key, reader in
            if body.equals(key, "stream") {
                plan.streams = reader.readBoolOrSkip(body) ?? false
            } else if body.equals(key, Self.member) {
                reader.readObjectOrSkip(body) { key, reader in plan.readMember(body, key, &reader) }
            } else {
                reader.skipValue(body)
            }
        }
        return !reader.failed && plan.isBounded ? plan : nil
    }

    /// Nothing here may run for ever or fill the memory.
    var isBounded: Bool {
        (1...10_000_000).contains(events) && (0...60_000_000).contains(intervalMicroseconds)
            && (0...8_192).contains(padding) && (0...600_000).contains(delayMilliseconds)
            && (1...1_024).contains(eventsPerWrite)
    }

    private mutating func readMember(
        _ body: borrowing Span<UInt8>,
        _ key: JSONReader.StringToken,
        _ reader: inout JSONReader
    ) {
        if body.equals(key, "headers_first") {
            sendsHeadersFirst = reader.readBoolOrSkip(body) ?? sendsHeadersFirst
        } else if body.equals(key, "events") {
            events = reader.readIntegerOrSkip(body) ?? events
        } else if body.equals(key, "interval_us") {
            intervalMicroseconds = reader.readIntegerOrSkip(body) ?? intervalMicroseconds
        } else if body.equals(key, "padding") {
            padding = reader.readIntegerOrSkip(body) ?? padding
        } else if body.equals(key, "delay_ms") {
            delayMilliseconds = reader.readIntegerOrSkip(body) ?? delayMilliseconds
        } else if body.equals(key, "events_per_write") {
            eventsPerWrite = reader.readIntegerOrSkip(body) ?? eventsPerWrite
        } else {
            reader.skipValue(body)
        }
    }
}
