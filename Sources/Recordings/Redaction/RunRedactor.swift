/// Takes what must not be written out of the records of one run. Lengths stay, so offsets and verdicts mean the same.
///
/// Where a read ends in the middle of what may be a key, its record waits for the next ones.
struct RunRedactor {
    private struct Lane {
        var keys = KeyMask()
        var text: TextMask?
        /// Bytes that are settled and whose record still waits.
        var settled: [UInt8] = []

        var isIdle: Bool { keys.isIdle && settled.isEmpty }

        mutating func receive(_ bytes: [UInt8]) {
            let bytes = keys.receive(bytes)
            settled += text?.mask(bytes) ?? bytes
        }

        mutating func finish() {
            let bytes = keys.finish()
            settled += text?.mask(bytes) ?? bytes
        }

        mutating func take(_ count: Int) -> [UInt8] {
            defer { settled.removeFirst(count) }
            return Array(settled[..<count])
        }
    }

    private var came = Lane()
    private var went = Lane()
    private let redactsText: Bool
    private var waiting: [RunRecord] = []

    init(redactsText: Bool) {
        self.redactsText = redactsText
        if redactsText {
            came.text = TextMask()
            went.text = TextMask()
        }
    }

    /// Takes a record.
    /// - Returns: What can be written now, in order.
    mutating func receive(_ record: RunRecord) -> [RunRecord] {
        var record = record
        switch record.event {
        case .bytes(let flow, let bytes):
            // Nearly every read: it ends where an event does, and there is no key in it.
            let isAlone = waiting.isEmpty && came.isIdle && went.isIdle && !redactsText
            if isAlone, KeyMask.isClean(bytes) { return [record] }
            if flow != .went { came.receive(bytes) }
            if flow != .came { went.receive(bytes) }
        case .request(var request):
            request.headers = Secrets.strip(request.headers)
            request.body = whole(request.body)
            request.isTextRedacted = redactsText
            record.event = .request(request)
        case .sent(let body?): record.event = .sent(whole(body))
        case .head(var head):
            head.headers = Secrets.strip(head.headers)
            record.event = .head(head)
        case .verdict(var verdict):
            if redactsText {
                var mask = TextMask()
                verdict.evidence = Array(mask.mask([UInt8(ascii: "{")] + verdict.evidence).dropFirst())
            }
            var keys = KeyMask()
            verdict.evidence = keys.receive(verdict.evidence) + keys.finish()
            record.event = .verdict(verdict)
        case .end, .dropped:
            came.finish()
            went.finish()
        case .sent(nil): break
        }
        waiting.append(record)
        return settled()
    }

    /// The records at the front whose bytes are settled.
    private mutating func settled() -> [RunRecord] {
        var ready: [RunRecord] = []
        for record in waiting {
            guard case .bytes(let flow, let bytes) = record.event else {
                ready.append(record)
                continue
            }
            let count = bytes.count
            guard flow == .went || came.settled.count >= count, flow == .came || went.settled.count >= count else {
                break
            }
            let redacted: [UInt8]
            switch flow {
            case .came: redacted = came.take(count)
            case .went: redacted = went.take(count)
            case .passed:
                redacted = came.take(count)
                _ = went.take(count)
            }
            var record = record
            record.event = .bytes(flow, redacted)
            ready.append(record)
        }
        waiting.removeFirst(ready.count)
        return ready
    }

    private func whole(_ body: [UInt8]) -> [UInt8] {
        var lane = Lane(text: redactsText ? TextMask() : nil)
        lane.receive(body)
        lane.finish()
        return lane.settled
    }
}
