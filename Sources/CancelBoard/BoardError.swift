#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// Why a board cannot be made or opened.
public enum BoardError: Error, Equatable, CustomStringConvertible {
    /// The system refused something.
    case system(doing: String, code: Int32)
    /// A living process has it.
    case inUse(path: String, process: Int32)
    /// There is no board yet, or none any more.
    case absent(path: String)
    /// What is there is no board, or one that this version cannot read.
    case unreadable(path: String, why: String)
    /// Others than its owner could change it.
    case unsafe(path: String, why: String)
    /// The number of slots makes no sense.
    case slots(Int)

    /// What is wrong, where, and what to do about it.
    public var description: String {
        switch self {
        case .system(let what, let code): "cannot \(what): \(String(cString: strerror(code)))"
        case .inUse(let path, let process):
            "'\(path)' belongs to process \(process), which is running; stop it or use another directory"
        case .absent(let path): "there is no cancel board at '\(path)'; the gateway creates it"
        case .unreadable(let path, let why): "'\(path)' is no cancel board that can be read: \(why)"
        case .unsafe(let path, let why): "'\(path)' is not safe to use as a cancel board: \(why)"
        case .slots(let count):
            "a cancel board has \(BoardLayout.slotLimits.lowerBound) to \(BoardLayout.slotLimits.upperBound) slots, "
                + "not \(count)"
        }
    }

    /// The refusal that the system gave just now.
    static func last(_ doing: String) -> BoardError { .system(doing: doing, code: errno) }
}
