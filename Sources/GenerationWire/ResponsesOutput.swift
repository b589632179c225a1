import JSONBytes

/// What a client of the Responses format has been shown: the items, what is open in them, and where the numbering stands.
///
/// Text is kept as it stood between its quotes, so that what closes an item can repeat it. Up to ``maxKeptBytes`` are
/// kept; of a longer response an ending repeats the beginning of what no longer fits.
struct ResponsesOutput: Sendable {
    /// The most bytes of items and text that are kept for an ending.
    static let maxKeptBytes = 8 * 1_048_576

    struct Part: Sendable {
        var type: ResponsesEvent.Part
        var index: Int?
        /// Whether the engine has announced it; what was not announced is not closed either.
        var isAnnounced = false
        var isTextDone = false
        var isOpen = true
        /// The text between its quotes.
        var text: [UInt8] = []
    }

    struct Item: Sendable {
        /// The engine's index, and the client's, which is another one after an item was dropped.
        var engineIndex: Int?
        var index: Int?
        /// The raw JSON value of its id, quotes included.
        var id: [UInt8]
        var kind: ResponsesItem.Kind
        var type: String
        /// The item as it was announced or, when it is closed, as it was closed.
        var json: [UInt8]
        var isOpen = true
        var parts: [Part] = []
        /// The arguments of a call between their quotes.
        var arguments: [UInt8] = []
        var areArgumentsDone = false
        var completion = JSONCompletion()
    }

    var items: [Item] = []
    /// The `response` object as the engine began it, or one of our own.
    var head: [UInt8] = []
    var hasBegun = false
    var isFinished = false
    // What an engine counts is added to with wrapping: no number that it sends may end the program.

    /// The next sequence number, when events are numbered: always before the first.
    var nextSequence = 0
    var isNumbered = true

    let id: String
    let created: Int
    let model: String

    private var hasSeenEvent = false
    private var keptBytes = 0
    /// How much higher the client's sequence numbers are than the engine's.
    private var sequenceShift = 0
    private var droppedIndices: [Int] = []

    init(id: String, created: Int, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    // MARK: - Passing on

    /// Notes that an event goes out; returns the payload when its numbers must be others.
    mutating func pass(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) -> [UInt8]? {
        if let sequence = event.sequence {
            nextSequence = sequence &+ sequenceShift &+ 1
            isNumbered = true
        } else if !hasSeenEvent {
            isNumbered = false
        }
        hasSeenEvent = true
        switch event.kind {
        case .began: begin(payload, event)
        case .itemAdded, .itemDone: notePassedItem(payload, event)
        case .partAdded: addPart(payload, event)
        case .partDone: notePartDone(payload, event)
        case .textDelta(let type): addText(payload, event, type)
        case .textDone(let type):
            guard let place = openItem(payload, event) else { break }
            let part = self.part(type, event.partIndex, ofItem: place)
            if items[place].parts[part].text.isEmpty { addText(payload, event, type) }
            items[place].parts[part].isTextDone = true
        case .callDelta, .callDone: addArguments(payload, event)
        case .finished: isFinished = true
        case .error, .other, .unknown: break
        }
        return renumbered(payload, event)
    }

    /// Notes that an event of ours went out among the engine's: the numbers of what follows go up.
    mutating func notePutIn() {
        if isNumbered { sequenceShift += 1 }
    }

    /// Notes that an event that was held back never goes out.
    mutating func drop(_ event: ResponsesEvent) {
        if event.sequence != nil { sequenceShift -= 1 }
        if event.kind == .itemAdded, let index = event.outputIndex { droppedIndices.append(index) }
    }

    private func renumbered(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) -> [UInt8]? {
        guard sequenceShift != 0 || !droppedIndices.isEmpty else { return nil }
        var numbers: [(range: Range<Int>, by: Int)] = []
        if let sequence = event.sequence { numbers.append((event.sequenceRange, sequence &+ sequenceShift)) }
        if let index = event.outputIndex { numbers.append((event.outputIndexRange, clientIndex(index))) }
        return payload.replacing(numbers)
    }

    private func clientIndex(_ index: Int) -> Int { index &- droppedIndices.count { $0 < index } }

    private mutating func begin(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) {
        hasBegun = true
        guard head.isEmpty, let range = event.response, range.count <= Self.maxKeptBytes else { return }
        head = payload.copy(range)
    }

    // MARK: - Items and parts

    /// The place of the open item that an event is about: by index, then by id, then the latest.
    private func openItem(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) -> Int? {
        if let index = event.outputIndex {
            return items.lastIndex { $0.isOpen && $0.engineIndex == index }
        }
        if let id = event.itemID {
            let raw = payload.extracting(id.range.lowerBound - 1..<id.range.upperBound + 1)
            return items.lastIndex { $0.isOpen && raw.isEqual(to: $0.id) }
        }
        return items.lastIndex { $0.isOpen }
    }

    private mutating func notePassedItem(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) {
        guard let range = event.item else { return }
        let item = ResponsesItem(payload, at: range)
        var event = event
        event.itemID = item.id
        let isDone = event.kind == .itemDone
        let place: Int
        if isDone, let known = openItem(payload, event) {
            place = known
        } else {
            items.append(
                Item(
                    engineIndex: event.outputIndex,
                    index: event.outputIndex.map(clientIndex),
                    id: item.id.map { payload.copy($0.range.lowerBound - 1..<$0.range.upperBound + 1) } ?? [],
                    kind: item.kind,
                    type: JSONString.string(payload, item.type),
                    json: []
                )
            )
            place = items.count - 1
        }
        if isDone {
            items[place].isOpen = false
            items[place].parts = []
            items[place].arguments = []
        }
        // An item that does not fit any more is listed as it was announced.
        guard keptBytes + range.count <= Self.maxKeptBytes else { return }
        keptBytes += range.count
        items[place].json = payload.copy(range)
    }

    private mutating func addPart(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) {
        guard let range = event.part, let place = openItem(payload, event) else { return }
        var type: ResponsesEvent.Part?
        var reader = JSONReader(at: range.lowerBound)
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "type") {
                type = reader.readStringOrSkip(payload).flatMap { .init(rawValue: JSONString.string(payload, $0)) }
            } else {
                reader.skipValue(payload)
            }
        }
        guard let type else { return }
        items[place].parts.append(Part(type: type, index: event.partIndex, isAnnounced: true))
    }

    private mutating func notePartDone(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) {
        guard let place = openItem(payload, event) else { return }
        let index = event.partIndex
        let part = items[place].parts.lastIndex { $0.isOpen && (index == nil || $0.index == index) }
        if let part { items[place].parts[part].isOpen = false }
    }

    /// The place of a part in its item; one that was not announced is added.
    private mutating func part(_ type: ResponsesEvent.Part, _ index: Int?, ofItem place: Int) -> Int {
        let known = items[place].parts.lastIndex { $0.type == type && (index == nil || $0.index == index) }
        if let known { return known }
        items[place].parts.append(Part(type: type, index: index))
        return items[place].parts.count - 1
    }

    private mutating func addText(
        _ payload: borrowing Span<UInt8>,
        _ event: ResponsesEvent,
        _ type: ResponsesEvent.Part
    ) {
        guard let place = openItem(payload, event), keptBytes + event.text.range.count <= Self.maxKeptBytes else {
            return
        }
        keptBytes += event.text.range.count
        let part = part(type, event.partIndex, ofItem: place)
        payload.append(event.text.range, to: &items[place].parts[part].text)
    }

    private mutating func addArguments(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) {
        guard let place = openItem(payload, event) else { return }
        let isWhole = event.kind == .callDone
        if isWhole { items[place].areArgumentsDone = true }
        guard !isWhole || items[place].arguments.isEmpty,
            keptBytes + event.text.range.count <= Self.maxKeptBytes
        else { return }
        keptBytes += event.text.range.count
        payload.append(event.text.range, to: &items[place].arguments)
        var decoded: [UInt8] = []
        JSONString.decode(payload, event.text, into: &decoded)
        items[place].completion.receive(decoded.span)
    }
}

extension Span<UInt8> {
    func isEqual(to bytes: [UInt8]) -> Bool {
        guard count == bytes.count else { return false }
        for index in indices where self[index] != bytes[index] { return false }
        return true
    }
}
