import LoopDetection

// How rows lie in a journal.

extension ReplayRow: Codable {
    private enum Key: CodingKey { case result, before }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        result = try container.decode(Stored.self, forKey: .result).result
        before = try container.decodeIfPresent(Stored.self, forKey: .before)?.result
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Stored(result), forKey: .result)
        try container.encodeIfPresent(before.map(Stored.init), forKey: .before)
    }
}

/// A result in types that can be written.
private struct Stored: Codable {
    var file: String
    var id: String?
    var format: String
    var verdict: StoredVerdict?
    var event: Int
    /// Body, output, saved bytes, tokens, saved tokens, unread events.
    var counts: [Int]
    var seconds: [Double?]
    var isUnchanged: Bool
    var error: String?
    var excerpt: Excerpt?
    var alone: [ReplayResult.DetectorStop]

    init(_ result: ReplayResult) {
        file = result.file
        id = result.id
        format = result.format
        verdict = result.verdict.map(StoredVerdict.init)
        event = result.event
        counts = [
            result.bodyBytes, result.outputBytes, result.savedBytes, result.tokens, result.savedTokens,
            result.unreadEvents,
        ]
        seconds = [result.seconds, result.savedSeconds]
        isUnchanged = result.isUnchanged
        error = result.error
        excerpt = result.excerpt
        alone = result.alone
    }

    var result: ReplayResult {
        get throws {
            guard counts.count == 6, seconds.count == 2 else { throw Damaged() }
            var result = ReplayResult(file: file, format: format, error: error)
            result.id = id
            result.verdict = try verdict?.verdict
            result.event = event
            (result.bodyBytes, result.outputBytes, result.savedBytes) = (counts[0], counts[1], counts[2])
            (result.tokens, result.savedTokens, result.unreadEvents) = (counts[3], counts[4], counts[5])
            (result.seconds, result.savedSeconds) = (seconds[0], seconds[1])
            result.isUnchanged = isUnchanged
            result.excerpt = excerpt
            result.alone = alone
            return result
        }
    }
}

private struct StoredVerdict: Codable {
    var detector: UInt8
    var mode: UInt8
    var channel: UInt8?
    var byte: Int
    var facts: [Fact]

    enum Fact: Codable {
        case integer(String, Int)
        case number(String, Double)
        case text(String, String)
    }

    init(_ verdict: Verdict) {
        detector = verdict.detector.rawValue
        mode = verdict.mode.rawValue
        channel = verdict.channel?.rawValue
        byte = verdict.byte
        facts = verdict.evidence.facts.map { name, value in
            switch value {
            case .integer(let value): .integer(name, value)
            case .number(let value): .number(name, value)
            case .text(let value): .text(name, value)
            }
        }
    }

    var verdict: Verdict {
        get throws {
            let channel = channel.flatMap(ChannelKind.init)
            guard let detector = DetectorID(rawValue: detector), let mode = Mode(rawValue: mode),
                (channel == nil) == (self.channel == nil)
            else { throw Damaged() }
            var evidence = Evidence()
            for fact in facts {
                switch fact {
                case .integer(let name, let value): evidence.add(name, value)
                case .number(let name, let value): evidence.add(name, share: value)
                case .text(let name, let value): evidence.add(name, text: value)
                }
            }
            return Verdict(detector: detector, mode: mode, channel: channel, byte: byte, evidence: evidence)
        }
    }
}

/// What was read is no row.
private struct Damaged: Error {}
