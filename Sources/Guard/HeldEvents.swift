import GenerationWire

/// The events of the engine that wait until the tool calls in them are complete and judged, as they came.
struct HeldEvents: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [(end: Int, says: [WireEvent])] = []

    var isEmpty: Bool { entries.isEmpty }
    var byteCount: Int { bytes.count }

    /// Holds an event back, with what it says.
    mutating func append(_ event: borrowing Span<UInt8>, saying says: [WireEvent]) {
        event.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        entries.append((bytes.count, says))
    }

    /// Drops the events that say anything of a choice; the others go on waiting. An event that carries several choices at
    /// once goes with it: half a call must not pass.
    mutating func drop(choice: Int) {
        var kept = HeldEvents()
        var start = 0
        for entry in entries {
            if !entry.says.contains(where: { $0.choice == choice }) {
                kept.append(bytes.span.extracting(start..<entry.end), saying: entry.says)
            }
            start = entry.end
        }
        self = kept
    }

    /// Lets the events go in their order and holds nothing afterwards.
    /// - Parameter decide: What becomes of an event, given with what it says.
    /// - Returns: The bytes of the events that pass.
    mutating func release(_ decide: (Span<UInt8>, [WireEvent]) -> Decision) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var start = 0
        for entry in entries {
            switch decide(bytes.span.extracting(start..<entry.end), entry.says) {
            case .pass: output.append(contentsOf: bytes[start..<entry.end])
            case .drop: break
            case .replace(let replacement): output.append(contentsOf: replacement)
            }
            start = entry.end
        }
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        return output
    }
}
