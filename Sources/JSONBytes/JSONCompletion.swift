/// Tells when a JSON object or array that arrives in pieces is complete.
///
/// It counts brackets outside strings and nothing more: whether the text is valid JSON is the reader's question. A value
/// that is neither object nor array never completes, since nothing marks its end.
public struct JSONCompletion: Sendable, Equatable {
    /// Whether the outermost bracket has closed.
    public private(set) var isComplete = false
    /// Whether anything but whitespace has come.
    public private(set) var hasBegun = false

    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// Nothing has come yet.
    public init() {}

    /// Takes the next piece in.
    public mutating func receive(_ bytes: borrowing Span<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { isComplete = true }
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: break
            }
            hasBegun = true
        }
    }
}
