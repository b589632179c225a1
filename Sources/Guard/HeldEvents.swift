import GenerationWire

/// The events of the engine that wait until the tool calls in them are complete and judged, as they came.
struct HeldEvents: Sendable {
    private var bytes: [UInt8] = []
    /// What the events say, one after the other: a list for each would be an allocation for each.
    private var says: [WireEvent] = []
    /// Where each event ends in ``bytes``, and what it says in ``says``.
    private var entries: [(end: Int, saysEnd: Int)] = []

    var isEmpty: Bool { entries.isEmpty }
    var byteCount: Int { bytes.count }

    /// Holds an event back, with what it says.
    mutating func append(_ event: borrowing Span<UInt8>, saying says: some Collection<WireEvent>) {
        event.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        self.says.append(contentsOf: says)
        entries.append((bytes.count, self.says.count))
    }

    /// Drops the events that say anything of a choice; the others go on waiting. An event that carries several choices at
    /// once goes with it: half a call must not pass.
    mutating func drop(choice: Int) {
        var kept = HeldEvents()
        forEach { event, says in
            if !says.contains(where: { $0.choice == choice }) { kept.append(event, saying: says) }
        }
        self = kept
    }

    /// Lets the events go in their order and holds nothing afterwards.
    /// - Parameter decide: What becomes of an event, given with what it says.
    /// - Returns: The bytes of the events that pass.
    mutating func release(_ decide: (Span<UInt8>, ArraySlice<WireEvent>) -> Decision) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        forEach { event, says in
            switch decide(event, says) {
            case .pass: event.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            case .drop: break
            case .replace(let replacement): output.append(contentsOf: replacement)
            }
        }
        bytes.removeAll(keepingCapacity: true)
        says.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        return output
    }

    private func forEach(_ use: (Span<UInt8>, ArraySlice<WireEvent>) -> Void) {
        var (start, saysStart) = (0, 0)
        for entry in entries {
            use(bytes.span.extracting(start..<entry.end), says[saysStart..<entry.saysEnd])
            (start, saysStart) = (entry.end, entry.saysEnd)
        }
    }
}
