import ServerSentEvents
import Testing

/// Cuts a stream into events, feeding it in pieces of the given sizes.
private func split(_ text: String, every size: Int) -> [String] {
    let bytes = Array(text.utf8)
    var splitter = EventSplitter()
    var events: [String] = []
    var begun: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
        let piece = bytes[start..<min(start + size, bytes.count)]
        let buffer = begun + piece
        var index = begun.count
        var taken = 0
        while splitter.advance(&index, in: buffer.span) {
            events.append(String(decoding: buffer[taken..<index], as: UTF8.self))
            taken = index
        }
        begun = Array(buffer[taken...])
    }
    if !begun.isEmpty { events.append(String(decoding: begun, as: UTF8.self)) }
    return events
}

private func fields(_ event: String) -> (data: String?, name: String?, hasID: Bool) {
    let bytes = Array(event.utf8)
    var joined: [UInt8] = []
    let fields = EventFields(bytes.span, joined: &joined)
    let data: String? =
        switch fields.data {
        case .none: nil
        case .line(let range): String(decoding: bytes[range], as: UTF8.self)
        case .joined: String(decoding: joined, as: UTF8.self)
        }
    return (data, fields.name.map { String(decoding: bytes[$0], as: UTF8.self) }, fields.hasID)
}

@Suite struct EventSplitting {
    @Test func anEventEndsAfterItsBlankLine() {
        #expect(split("data: a\n\ndata: b\n\n", every: 100) == ["data: a\n\n", "data: b\n\n"])
    }

    @Test func carriageReturnsEndLinesToo() {
        #expect(split("data: a\r\n\r\ndata: b\r\n\r\n", every: 100) == ["data: a\r\n\r\n", "data: b\r\n\r\n"])
        #expect(split("data: a\r\rdata: b\r\r", every: 100) == ["data: a\r\r", "data: b\r\r"])
    }

    @Test func anUnfinishedEventIsNoEvent() {
        #expect(split("data: a\n\ndata: b\n", every: 100) == ["data: a\n\n", "data: b\n"])
        var splitter = EventSplitter()
        var index = 0
        #expect(!splitter.advance(&index, in: Array("data: b\n".utf8).span))
        #expect(!splitter.isBetweenEvents)
    }

    @Test func aCommentBeforeAnyFieldIsNotHeldBack() {
        #expect(split(": keep-alive\ndata: a\n\n", every: 100) == [": keep-alive\n", "data: a\n\n"])
        #expect(split("data: a\n: inside\ndata: b\n\n", every: 100) == ["data: a\n: inside\ndata: b\n\n"])
    }

    @Test(arguments: ["\n", "\r", "\r\n"])
    func howTheStreamIsCutChangesNothing(lineEnd: String) {
        let lines = ["data: one", "", ": comment", "data: {", "data: }", "id: 4", "", "", "event: x", "", "data: last"]
        let text = lines.joined(separator: lineEnd) + lineEnd
        let whole = split(text, every: 1000)
        for size in 1...text.utf8.count {
            let cut = split(text, every: size)
            #expect(cut.joined() == text)
            // Cut between CR and LF, the LF belongs to the next event's bytes: the fields are the same.
            let told = cut.compactMap { fields($0).data }
            #expect(told == whole.compactMap { fields($0).data }, "cut every \(size) bytes")
        }
    }
}

@Suite struct EventReading {
    @Test func oneSpaceAfterTheColonIsDropped() {
        #expect(fields("data: a\n\n").data == "a")
        #expect(fields("data:a\n\n").data == "a")
        #expect(fields("data:  a\n\n").data == " a")
        #expect(fields("data\n\n").data == "")
    }

    @Test func severalDataLinesAreJoinedByLineFeeds() {
        #expect(fields("data: a\ndata: b\r\ndata:\n\n").data == "a\nb\n")
    }

    @Test func commentsAndUnknownFieldsHaveNoData() {
        #expect(fields(": data: a\n\n").data == nil)
        #expect(fields("retry: 10\nfoo: data\n\n").data == nil)
        #expect(fields(":\n\n").data == nil)
    }

    @Test func nameAndIDAreSeen() {
        let read = fields("event: ping\nid: 7\ndata: {}\n\n")
        #expect(read.name == "ping")
        #expect(read.hasID)
        #expect(read.data == "{}")
    }

    @Test func aByteOrderMarkIsNoPartOfTheFirstField() {
        #expect(fields("\u{FEFF}data: a\n\n").data == "a")
    }
}

@Suite struct LinesAsEvents {
    private func split(_ text: String, every size: Int) -> [String] {
        var splitter = EventSplitter(framing: .lines)
        var events: [String] = []
        var begun: [UInt8] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let buffer = begun + bytes[start..<min(start + size, bytes.count)]
            var index = begun.count
            var taken = 0
            while splitter.advance(&index, in: buffer.span) {
                events.append(String(decoding: buffer[taken..<index], as: UTF8.self))
                taken = index
            }
            begun = Array(buffer[taken...])
        }
        return begun.isEmpty ? events : events + [String(decoding: begun, as: UTF8.self)]
    }

    private func data(_ line: String) -> String? {
        let bytes = Array(line.utf8)
        guard case .line(let range) = EventFields(line: bytes.span).data else { return nil }
        return String(decoding: bytes[range], as: UTF8.self)
    }

    @Test func everyLineIsAnEvent() {
        let text = "{\"a\":1}\n\n:x\n{\"b\":2}\r\n{\"c\""
        #expect(split(text, every: 100) == ["{\"a\":1}\n", "\n", ":x\n", "{\"b\":2}\r\n", "{\"c\""])
    }

    @Test(arguments: 1...9)
    func theBytesAreTheSameHoweverTheyCome(size: Int) {
        let text = "{\"a\":1}\r\n\r\n{\"b\":2}\n{}\r"
        #expect(split(text, every: size).joined() == text)
        #expect(split(text, every: size).compactMap(data) == ["{\"a\":1}", "{\"b\":2}", "{}"])
    }

    @Test func theDataIsTheLineWithoutWhitespaceAroundIt() {
        #expect(data("\u{FEFF} {\"a\": 1} \r\n") == "{\"a\": 1}")
        #expect(data("\r\n") == nil && data("") == nil)
    }
}
