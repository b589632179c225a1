/// Tells from completed lines whether the text is prose or code.
///
/// Code is what stands inside a fence, and text whose recent lines mostly look like code, tables or JSON. A fence that
/// is never closed only changes the profile; it silences nothing.
struct ProfileTracker: Sendable {
    /// The profile at the moment.
    private(set) var current: TextProfile

    private let isPinned: Bool
    private var fence: LineShape.Fence?
    /// One bit for each recent line that is not blank, the newest lowest: whether it looked like code.
    private var recent: UInt32 = 0
    private var lines = 0

    /// How many lines the share is taken over, and the fewest that say anything. Twenty lines follow a change of text
    /// within a screenful; one or two lines that end in a comma make no program.
    private static let span = 20
    private static let fewest = 3
    /// The share, in per cent, from which on the text is code.
    private static let share = 60

    /// Creates a tracker; a pinned one always says code.
    init(pinnedToCode: Bool) {
        isPinned = pinnedToCode
        current = pinnedToCode ? .code : .prose
    }

    /// Takes a completed line in.
    mutating func completed(_ line: LineShape) {
        guard !isPinned, !line.isBlank else { return }
        if let open = fence {
            if let mark = line.fence, mark.closes(open) { fence = nil }
        } else if let mark = line.fence, mark.opens {
            fence = mark
        }
        recent = (recent << 1 | (line.looksLikeCode ? 1 : 0)) & (1 << UInt32(Self.span) - 1)
        lines = min(lines + 1, Self.span)
        let isCode = lines >= Self.fewest && recent.nonzeroBitCount * 100 >= lines * Self.share
        current = fence != nil || isCode ? .code : .prose
    }
}

/// What a line looks like from outside, by its first and last characters.
struct LineShape: Sendable {
    /// A run of three or more backticks or tildes at the start of a line.
    struct Fence: Sendable {
        var character: UInt8
        var length: Int
        /// Whether nothing but white space follows.
        var isBare: Bool
        /// Whether it may open a block: the words after backticks hold no backtick (CommonMark 0.31, section 4.5).
        var opens: Bool

        /// Whether it closes a block that `other` has opened.
        func closes(_ other: Fence) -> Bool { isBare && character == other.character && length >= other.length }
    }

    /// Whether there is nothing but white space.
    private(set) var isBlank = true
    /// Whether it is shaped like a line of code, a table or JSON.
    private(set) var looksLikeCode = false
    /// Whether it is a heading (`#`) or a title in bold.
    private(set) var isTitle = false
    /// The fence it begins with.
    private(set) var fence: Fence?

    /// Looks at a line, with or without its newline.
    init(_ line: Span<UInt8>) {
        var first = 0
        var end = line.count
        while first < end, Self.isBlank(line[first]) { first += 1 }
        while end > first, Self.isBlank(line[end - 1]) { end -= 1 }
        guard first < end else { return }
        isBlank = false
        fence = Self.fence(line, first, end)
        let head = line[first]
        let last = line[end - 1]
        let isBold =
            end - first > 4 && head == UInt8(ascii: "*") && line[first + 1] == UInt8(ascii: "*")
            && last == UInt8(ascii: "*") && line[end - 2] == UInt8(ascii: "*")
        isTitle = head == UInt8(ascii: "#") || isBold
        let isIndented = first >= 2 || line[0] == UInt8(ascii: "\t")
        looksLikeCode =
            isIndented || fence != nil || head == UInt8(ascii: "|") || Self.isDrawn(line, first) || Self.endsCode(last)
    }

    /// Whether a line, complete or not, begins like a row of a table, a heading or a quotation.
    static func isMarked(_ line: Span<UInt8>) -> Bool {
        var first = 0
        while first < line.count, isBlank(line[first]) { first += 1 }
        guard first < line.count else { return false }
        let head = line[first]
        return head == UInt8(ascii: "|") || head == UInt8(ascii: "#") || head == UInt8(ascii: ">")
    }

    /// Whether a line begins with a line of a box or a block (U+2500 to U+259F), or as `+--` does.
    private static func isDrawn(_ line: Span<UInt8>, _ first: Int) -> Bool {
        guard first + 2 < line.count else { return false }
        let (second, third) = (line[first + 1], line[first + 2])
        if line[first] == UInt8(ascii: "+") { return second == UInt8(ascii: "-") && third == second }
        return line[first] == 0xE2 && (second == 0x94 || second == 0x95 || (second == 0x96 && third <= 0x9F))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

    private static func endsCode(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: ">"): true
        default: false
        }
    }

    private static func fence(_ line: Span<UInt8>, _ first: Int, _ end: Int) -> Fence? {
        let character = line[first]
        guard character == UInt8(ascii: "`") || character == UInt8(ascii: "~") else { return nil }
        var index = first
        while index < end, line[index] == character { index += 1 }
        let length = index - first
        guard length >= 3 else { return nil }
        let isBare = index == end
        var opens = true
        while index < end {
            if line[index] == UInt8(ascii: "`"), character == UInt8(ascii: "`") { opens = false }
            index += 1
        }
        return Fence(character: character, length: length, isBare: isBare, opens: opens)
    }
}
