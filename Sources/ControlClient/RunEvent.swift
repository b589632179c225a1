internal import Foundation
internal import ServerSentEvents

/// One event of a gateway's stream.
public struct RunEvent: Sendable {
    /// Its place in the stream, for going on after a break.
    public var id: String?
    /// `started`, `state`, `trip`, `tool_call`, `progress`, `text`, `done`, `cancel`, `failed`, `disconnected`, `engine`.
    public var name: String
    /// The data as it came.
    public var data: String
    public var facts: Facts

    /// What the data may hold.
    public struct Facts: Decodable, Sendable {
        public var runId: String
        /// Unix seconds.
        public var at: Double?
        public var run: RemoteRun?
        public var state: String?
        public var reason: String?
        public var source: String?
        public var detector: String?
        public var mode: String?
        public var evidence: [String: JSONFact]?
        public var name: String?
        public var arguments: String?
        public var events: Int?
        public var bytes: Int?
        public var tokensPerSecond: Double?
        public var partial: Partial?
        public var engine: RemoteRun.Engine?
    }

    /// How far a run had come.
    public struct Partial: Decodable, Sendable {
        public var bytes: Int?
        public var events: Int?
        public var tokens: Int?
    }

    /// Whether the run is over with this event; at most an `engine` event comes after it.
    public var isTerminal: Bool { ["done", "cancel", "failed", "disconnected"].contains(name) }

    /// Reads one event as it stands in the stream; `nil` for comments and for what is no event of a run.
    init?(_ text: String) {
        var fields: (id: String?, name: String?, data: [Substring]) = (nil, nil, [])
        for line in text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline) {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == " " { value = value.dropFirst() }
            switch line[..<colon] {
            case "id": fields.id = String(value)
            case "event": fields.name = String(value)
            case "data": fields.data.append(value)
            default: break
            }
        }
        guard let name = fields.name, !fields.data.isEmpty else { return nil }
        data = fields.data.joined(separator: "\n")
        guard let facts = try? ControlClient.decoder.decode(Facts.self, from: Data(data.utf8)) else { return nil }
        self.facts = facts
        self.name = name
        id = fields.id
    }
}

/// Cuts a stream of bytes into the events of runs.
struct RunEventReader {
    private var splitter = EventSplitter()
    private var held: [UInt8] = []

    /// The longest event that is waited for.
    private static let longest = 4 << 20

    /// The events that are whole with these bytes.
    mutating func receive(_ bytes: [UInt8]) -> [RunEvent] {
        var events: [RunEvent] = []
        var start = 0
        var index = 0
        while splitter.advance(&index, in: bytes.span) {
            held += bytes[start..<index]
            if let event = RunEvent(String(decoding: held, as: UTF8.self)) { events.append(event) }
            held.removeAll(keepingCapacity: true)
            start = index
        }
        // What outgrows every event of a run is none, and is not kept.
        if held.count + bytes.count - start <= Self.longest { held += bytes[start...] }
        return events
    }
}
