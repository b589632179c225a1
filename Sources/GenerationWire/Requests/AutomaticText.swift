import JSONBytes

/// User messages that no user wrote: what clients send by themselves when an answer was cut at its token limit, which is
/// what a guarded cut looks like to them.
enum AutomaticText {
    /// Claude Code goes on in this way in the name of the user, as its transcripts show.
    private static let opening: StaticString = "Output token limit hit. Resume directly"
    /// How much of the end of the messages is looked at. Such a message has a few hundred bytes.
    private static let reach = 2_048

    /// Whether the last of the messages is such a text.
    static func ends(_ body: borrowing Span<UInt8>, _ messages: Range<Int>) -> Bool {
        let tail = max(messages.lowerBound, messages.upperBound - reach)..<messages.upperBound
        guard let place = place(in: body, tail) else { return false }
        // Rarely does one get this far, so only then is the last message looked for.
        var start = messages.lowerBound
        var reader = JSONReader(at: start)
        reader.readArrayOrSkip(body) { _, reader in
            start = reader.position
            reader.skipValue(body)
        }
        return place >= start
    }

    /// Where the text begins that comes last.
    private static func place(in body: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        let length = opening.utf8CodeUnitCount
        return range.dropLast(length).last {
            body[$0] == opening.utf8Start[0] && body.equals($0..<$0 + length, opening)
        }
    }
}
