import ArgumentParser

/// `loopguard-bench upstream`
struct UpstreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream",
        abstract: "Be an engine that generates random words.",
        discussion: """
            Answers POST /v1/chat/completions on the loopback interface. Every event's content begins with the time at \
            which it was written, as @nanoseconds of CLOCK_MONOTONIC@. GET /stats tells what happened so far, with the \
            time at which the last response was aborted.

            A request may ask for another plan than the flags say with a member of its body, all of it optional:

              "loopguard_bench": {
                "events": 100, "interval_us": 20000, "padding": 24,
                "delay_ms": 0, "headers_first": false, "events_per_write": 1
              }
            """
    )

    @Option(help: "The port to listen on.")
    var port: Int

    @Option(help: "Events in a response.")
    var events = 100

    @Option(help: "Microseconds between events; 0 for as fast as it goes.")
    var intervalMicroseconds = 20_000

    @Option(help: "Bytes of random text in every event.")
    var padding = 24

    @Option(help: "Milliseconds before the first event.")
    var delayMilliseconds = 0

    @Flag(help: "Send the head of the response before the delay, as vLLM does, and not after it, as llama.cpp does.")
    var headersFirst = false

    @Option(help: "Events in one write.")
    var eventsPerWrite = 1

    @Option(help: "Seconds after which it ends by itself.")
    var seconds = 3_600

    private var plan: StreamPlan {
        StreamPlan(
            events: events,
            intervalMicroseconds: intervalMicroseconds,
            padding: padding,
            delayMilliseconds: delayMilliseconds,
            sendsHeadersFirst: headersFirst,
            eventsPerWrite: eventsPerWrite
        )
    }

    func validate() throws {
        guard (1...65_535).contains(port) else { throw ValidationError("--port must be 1 to 65535.") }
        guard (1...86_400).contains(seconds) else { throw ValidationError("--seconds must be 1 to 86400.") }
        guard plan.isBounded else {
            throw ValidationError(
                "out of bounds: --events 1 to 10000000, --interval-microseconds 0 to 60000000, --padding 0 to 8192, "
                    + "--delay-milliseconds 0 to 600000, --events-per-write 1 to 1024."
            )
        }
    }

    func run() throws { try FakeUpstream(plan: plan).run(port: port, seconds: Int64(seconds)) }
}
