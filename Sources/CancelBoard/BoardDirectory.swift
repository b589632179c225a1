#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// The place where a gateway and an engine of the same user find each other: a directory of mode 0700, best on tmpfs,
/// with the files `board.cmd` of the gateway and `board.ack` of the engine.
///
/// A region appears under its name in one step, when it is complete, and never replaces that of a living process.
struct BoardDirectory: Sendable {
    let path: String

    /// The two files.
    enum Region: String, Sendable {
        case command = "board.cmd"
        case acknowledgement = "board.ack"

        var magic: UInt64 {
            switch self {
            case .command: BoardLayout.Command.magic
            case .acknowledgement: BoardLayout.Acknowledgement.magic
            }
        }
    }

    /// Which file it is, whatever happens to its name.
    struct File: Sendable, Equatable {
        let device: UInt64
        let number: UInt64
    }

    /// - Parameter create: Whether to make the directory when there is none.
    init(_ path: String, create: Bool) throws(BoardError) {
        self.path = path
        if create, mkdir(path, 0o700) != 0, errno != EEXIST { throw .last("create the directory '\(path)'") }
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            throw errno == ENOENT ? .absent(path: path) : .last("look at '\(path)'")
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw .unsafe(path: path, why: "it is no directory") }
        guard facts.st_uid == geteuid() else {
            throw .unsafe(path: path, why: "it belongs to user \(facts.st_uid), not to \(geteuid())")
        }
        guard facts.st_mode & 0o022 == 0 else {
            throw .unsafe(path: path, why: "others may write to it; its mode must be 0700")
        }
    }

    func path(of region: Region) -> String { "\(path)/\(region.rawValue)" }

    /// Which file has the region's name now.
    func file(of region: Region) -> File? {
        var facts = stat()
        guard lstat(path(of: region), &facts) == 0 else { return nil }
        return File(device: UInt64(facts.st_dev), number: UInt64(facts.st_ino))
    }

    /// Makes a region and gives it its name. What a process that has ended left behind is replaced.
    func publish(_ region: Region, size: Int, begin: (BoardMemory) -> Void) throws(BoardError) -> BoardMemory {
        let guardian = try lock()
        defer { close(guardian) }
        let path = path(of: region)
        try refuseToReplaceTheLiving(region)
        let draft = "\(path).new"
        unlink(draft)
        let memory = try BoardMemory.file(creating: draft, size: size)
        begin(memory)
        guard rename(draft, path) == 0 else {
            let failure = BoardError.last("rename '\(draft)' to '\(path)'")
            unlink(draft)
            throw failure
        }
        return memory
    }

    /// Maps a region that another process has published.
    func open(_ region: Region) throws(BoardError) -> (BoardMemory, BoardHeader) {
        let memory = try BoardMemory.file(reading: path(of: region))
        return (memory, try BoardHeader(reading: memory, magic: region.magic, name: path(of: region)))
    }

    /// Takes a region's name away if it still names that file.
    func withdraw(_ region: Region, _ file: File?) {
        guard let file, let guardian = try? lock() else { return }
        defer { close(guardian) }
        if self.file(of: region) == file { unlink(path(of: region)) }
    }

    /// A file that nobody can read is not in anybody's use: every process writes its header before it gives it its name.
    private func refuseToReplaceTheLiving(_ region: Region) throws(BoardError) {
        guard let (_, header) = try? open(region), header.process != .own, header.process.isAlive else { return }
        throw .inUse(path: path(of: region), process: header.process.identifier)
    }

    /// One process at a time changes names. The kernel lets go of the lock when its holder dies.
    private func lock() throws(BoardError) -> Int32 {
        let directory = Self.open(path)
        guard directory >= 0 else { throw .last("open the directory '\(path)'") }
        while flock(directory, LOCK_EX) != 0 {
            if errno != EINTR {
                let failure = BoardError.last("lock the directory '\(path)'")
                close(directory)
                throw failure
            }
        }
        return directory
    }

    private static func open(_ path: String) -> Int32 {
        #if canImport(Darwin)
        Darwin.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #elseif canImport(Musl)
        Musl.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #else
        Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #endif
    }
}
