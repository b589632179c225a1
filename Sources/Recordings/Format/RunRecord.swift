/// One line of a recording: something that happened to a run, and when. `docs/recordings.md` describes the format.
public struct RunRecord: Sendable, Equatable {
    /// The run's id.
    public var run: String
    /// Nanoseconds since the run began, on a clock that never goes back.
    public var time: Int64
    /// What happened.
    public var event: Event

    /// Creates a record.
    public init(run: String, time: Int64, _ event: Event) {
        self.run = run
        self.time = time
        self.event = event
    }

    /// What can happen to a run.
    public enum Event: Sendable, Equatable {
        /// The client asked. The first record of every run.
        case request(RecordedRequest)
        /// The engine was asked; the body, where it differs from the client's.
        case sent([UInt8]?)
        /// The head of the engine's answer came.
        case head(RecordedHead)
        /// Bytes of the answer, of one read or one write.
        case bytes(Flow, [UInt8])
        /// A detector found something.
        case verdict(RecordedVerdict)
        /// The run is over. The last record of every run that was recorded to its end.
        case end(RecordedEnd)
        /// The rest of the run could not be recorded: nothing of it counts.
        case dropped
    }

    /// Which way bytes went.
    public enum Flow: String, Sendable, CaseIterable {
        /// They came from the engine, and nothing went on at once.
        case came = "in"
        /// They went to the client.
        case went = "out"
        /// They came from the engine and went to the client unchanged.
        case passed = "pass"
    }
}

/// What a client asked for.
public struct RecordedRequest: Sendable, Equatable {
    /// Unix time in seconds.
    public var started: Double
    /// The wire format, by the name that results and rules use.
    public var format: String?
    /// The path, without the query.
    public var path: String
    /// The model that the request names.
    public var model: String
    /// The client, as it calls itself.
    public var client: String?
    /// The name that the rules gave to the request's key.
    public var key: String?
    /// The headers in their order, without those that hold secrets.
    public var headers: [Header]
    /// The body.
    public var body: [UInt8]
    /// Whether letters and digits of texts were replaced before they were written.
    public var isTextRedacted: Bool
    /// Where the recording came from when it was no gateway of ours.
    public var source: String?

    /// Creates a request.
    public init(
        started: Double,
        format: String? = nil,
        path: String,
        model: String = "",
        client: String? = nil,
        key: String? = nil,
        headers: [Header] = [],
        body: [UInt8] = [],
        isTextRedacted: Bool = false,
        source: String? = nil
    ) {
        self.started = started
        self.format = format
        self.path = path
        self.model = model
        self.client = client
        self.key = key
        self.headers = headers
        self.body = body
        self.isTextRedacted = isTextRedacted
        self.source = source
    }
}

/// A header of a request or an answer.
public struct Header: Sendable, Equatable {
    /// The name as it was written.
    public var name: String
    /// The value.
    public var value: String

    /// Creates a header.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The head of an engine's answer.
public struct RecordedHead: Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// The headers in their order, without those that hold secrets.
    public var headers: [Header]

    /// Creates a head.
    public init(status: Int, headers: [Header] = []) {
        self.status = status
        self.headers = headers
    }
}

/// What a detector found.
public struct RecordedVerdict: Sendable, Equatable {
    /// The detector's name.
    public var detector: String
    /// How far it was allowed to go: observe, warn or stop.
    public var mode: String
    /// The channel, when it was found in one.
    public var channel: String?
    /// The byte of that channel after which the verdict stood, as ``Verdict/byte`` counts.
    public var byte: Int
    /// The event of the stream at which it stood, from 1; 0 when the request alone showed it.
    public var event: Int
    /// The evidence: the members of a JSON object.
    public var evidence: [UInt8]

    /// Creates a verdict.
    public init(detector: String, mode: String, channel: String?, byte: Int, event: Int, evidence: [UInt8]) {
        self.detector = detector
        self.mode = mode
        self.channel = channel
        self.byte = byte
        self.event = event
        self.evidence = evidence
    }
}

/// How a run ended.
public struct RecordedEnd: Sendable, Equatable {
    /// completed, capped, stopped, disconnected or failed.
    public var state: String
    /// Why it was ended before its natural end.
    public var reason: String?
    /// The status that the client received.
    public var status: Int
    /// How many events of the stream were read.
    public var events: Int

    /// Creates an end.
    public init(state: String, reason: String? = nil, status: Int, events: Int) {
        self.state = state
        self.reason = reason
        self.status = status
        self.events = events
    }
}
