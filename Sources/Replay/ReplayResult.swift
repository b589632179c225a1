import Guard
import JSONBytes
public import LoopDetection

/// What the guard would have done to one recording.
public struct ReplayResult: Sendable, Equatable {
    /// The recording.
    public var file: String
    /// The format it is written in.
    public var format: String
    /// The verdict that went furthest, the first of its kind; `nil` when nothing was found.
    public var verdict: Verdict?
    /// The number of the event, from 1, at which that verdict stood; 0 when the request alone showed it.
    public var event = 0
    /// The bytes the client would have received.
    public var outputBytes = 0
    /// The bytes of the recording that the client would have been spared.
    public var savedBytes = 0
    /// Whether the output equals the input byte for byte.
    public var isUnchanged = true
    /// Events that passed unread because they were too long or not understood.
    public var unreadEvents = 0
    /// What kept the recording from being replayed.
    public var error: String?

    /// Creates a result of which nothing is known yet.
    public init(file: String, format: String, error: String? = nil) {
        self.file = file
        self.format = format
        self.error = error
    }

    /// What the guard would have done: `pass`, or the mode of the verdict that went furthest.
    public var verdictName: String {
        switch verdict?.mode {
        case nil, .off: "pass"
        case .observe: "observe"
        case .warn: "warn"
        case .stop: "stop"
        }
    }

    /// Takes a verdict in when it goes further than what is known.
    mutating func add(_ verdict: Verdict, event: Int) {
        guard verdict.mode > self.verdict?.mode ?? .off else { return }
        self.verdict = verdict
        self.event = event
    }

    /// The result as one line of JSON, without the line end.
    public var jsonLine: String {
        var output: [UInt8] = []
        func add(_ name: String, _ write: (inout [UInt8]) -> Void) {
            output.append(UInt8(ascii: output.isEmpty ? "{" : ","))
            JSONString.encode(name, into: &output)
            output.append(UInt8(ascii: ":"))
            write(&output)
        }
        func add(_ name: String, text: String?) {
            add(name) { output in
                if let text { JSONString.encode(text, into: &output) } else { output.append(contentsOf: "null".utf8) }
            }
        }
        func add(_ name: String, _ number: Int?) {
            add(name) { $0.append(contentsOf: (number.map(String.init) ?? "null").utf8) }
        }
        add("file", text: file)
        add("format", text: format)
        add("verdict", text: verdictName)
        add("detector", text: verdict?.detector.name)
        add("channel", text: verdict?.channel.map { "\($0)" })
        add("event", verdict == nil ? nil : event)
        add("byte", verdict?.byte)
        add("evidence") { output in
            output.append(UInt8(ascii: "{"))
            output.append(contentsOf: verdict?.evidence.jsonMembers() ?? [])
            output.append(UInt8(ascii: "}"))
        }
        add("output_bytes", outputBytes)
        add("saved_bytes", savedBytes)
        add("unchanged") { $0.append(contentsOf: (isUnchanged ? "true" : "false").utf8) }
        add("error", text: error)
        output.append(UInt8(ascii: "}"))
        return String(decoding: output, as: UTF8.self)
    }
}
