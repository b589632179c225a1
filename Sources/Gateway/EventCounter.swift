/// Counts server-sent events by the blank lines that end them, however the stream is cut.
struct EventCounter {
    private(set) var count = 0
    private var lineIsEmpty = true
    private var eventIsEmpty = true

    mutating func read(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "\n"):
                if lineIsEmpty && !eventIsEmpty {
                    count += 1
                    eventIsEmpty = true
                }
                lineIsEmpty = true
            case UInt8(ascii: "\r"): break
            default:
                lineIsEmpty = false
                eventIsEmpty = false
            }
        }
    }
}
