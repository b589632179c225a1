private import CPosixShared
private import Synchronization

#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// One region of a board: memory that is only ever touched a whole atomic word at a time.
final class BoardMemory: Sendable {
    let size: Int
    /// Set when an anonymous file is behind it, which can be passed on; owned by this object.
    let descriptor: Int32?

    // The mapping lives as long as this object, its address never changes, and what it points to is only accessed through
    // the atomic operations below; so it may be used from any thread.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer

    private init(base: UnsafeMutableRawPointer, size: Int, descriptor: Int32? = nil) {
        // An `Atomic<UInt64>` is its value and nothing else, and its operations are the machine's instructions on that
        // address, without a lock elsewhere. So it may be laid over any aligned word of a mapping, and works between
        // processes as it does between threads. Were it ever otherwise, this would stop us.
        precondition(MemoryLayout<Atomic<UInt64>>.size == 8 && MemoryLayout<Atomic<UInt64>>.alignment == 8)
        precondition(MemoryLayout<Atomic<UInt32>>.size == 4 && MemoryLayout<Atomic<UInt32>>.alignment == 4)
        self.base = base
        self.size = size
        self.descriptor = descriptor
    }

    deinit {
        munmap(base, size)
        if let descriptor { close(descriptor) }
    }

    // MARK: - Where the memory comes from

    /// Memory of this process alone, all zero.
    static func `private`(size: Int) throws(BoardError) -> BoardMemory {
        #if canImport(Darwin)
        let flags = MAP_PRIVATE | MAP_ANON
        #else
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        #endif
        return BoardMemory(base: try map(-1, size, writable: true, flags: flags), size: size)
    }

    /// A new file that nobody else may open, all zero.
    static func file(creating path: String, size: Int) throws(BoardError) -> BoardMemory {
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .last("create '\(path)'") }
        defer { close(file) }
        guard ftruncate(file, off_t(size)) == 0 else { throw .last("give '\(path)' \(size) bytes") }
        return BoardMemory(base: try map(file, size, writable: true), size: size)
    }

    /// A file that another process has made, to be read.
    static func file(reading path: String) throws(BoardError) -> BoardMemory {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw errno == ENOENT ? .absent(path: path) : .last("open '\(path)'") }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw .last("look at '\(path)'") }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, why: "it is no file") }
        guard facts.st_uid == geteuid() else {
            throw .unsafe(path: path, why: "it belongs to user \(facts.st_uid), not to \(geteuid())")
        }
        guard facts.st_mode & 0o077 == 0 else {
            throw .unsafe(path: path, why: "others may open it; its mode must be 0600")
        }
        let size = Int(facts.st_size)
        guard size > BoardLayout.headerSize else { throw .unreadable(path: path, why: "it has only \(size) bytes") }
        return BoardMemory(base: try map(file, size, writable: false), size: size)
    }

    /// An anonymous file that can be passed to another user: it never shrinks or grows, and nobody but this object can
    /// map it for writing.
    static func sealed(name: String, size: Int) throws(BoardError) -> BoardMemory {
        let file = loopguard_memfd_create(name)
        guard file >= 0 else { throw .last("create memory named '\(name)'") }
        do throws(BoardError) {
            guard ftruncate(file, off_t(size)) == 0 else { throw BoardError.last("give '\(name)' \(size) bytes") }
            // Our own mapping first: the seals forbid every writable one that comes later.
            let base = try map(file, size, writable: true)
            guard loopguard_memfd_seal(file) == 0 else {
                let failure = BoardError.last("seal '\(name)'")
                munmap(base, size)
                throw failure
            }
            return BoardMemory(base: base, size: size, descriptor: file)
        } catch {
            close(file)
            throw error
        }
    }

    /// Sealed memory that another process has passed on, to be read. Takes the descriptor over.
    static func sealed(receiving file: Int32) throws(BoardError) -> BoardMemory {
        defer { close(file) }
        guard loopguard_memfd_is_sealed(file) == 1 else {
            throw .unsafe(path: "received memory", why: "it is not sealed and could change its size")
        }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw .last("look at received memory") }
        let size = Int(facts.st_size)
        guard size > BoardLayout.headerSize else {
            throw .unreadable(path: "received memory", why: "it has only \(size) bytes")
        }
        return BoardMemory(base: try map(file, size, writable: false), size: size)
    }

    private static func map(
        _ file: Int32,
        _ size: Int,
        writable: Bool,
        flags: Int32 = MAP_SHARED
    ) throws(BoardError)
        -> UnsafeMutableRawPointer
    {
        let address = mmap(nil, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, flags, file, 0)
        guard let address, address != MAP_FAILED else { throw .last("map \(size) bytes of shared memory") }
        return address
    }

    // MARK: - Words

    /// Loads a word; everything that was written before the store of its value is seen afterwards.
    @inline(__always)
    func load(_ offset: Int) -> UInt64 { word(offset).pointee.load(ordering: .acquiring) }

    /// Stores a word after everything that was written before.
    @inline(__always)
    func store(_ value: UInt64, at offset: Int) { word(offset).pointee.store(value, ordering: .releasing) }

    /// Swaps a word if it is what was expected; `nil` when it was, else what it is.
    @inline(__always)
    func exchange(_ expected: UInt64, for desired: UInt64, at offset: Int) -> UInt64? {
        let swap = word(offset).pointee
            .compareExchange(expected: expected, desired: desired, ordering: .acquiringAndReleasing)
        return swap.exchanged ? nil : swap.original
    }

    /// Adds to a word, in one order for all processes with every other such addition.
    func add(_ amount: UInt64, at offset: Int) {
        word(offset).pointee.wrappingAdd(amount, ordering: .sequentiallyConsistent)
    }

    /// Loads a word in one order for all processes with ``add(_:at:)``.
    func loadInOrder(_ offset: Int) -> UInt64 { word(offset).pointee.load(ordering: .sequentiallyConsistent) }

    @inline(__always)
    private func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        precondition(offset >= 0 && offset <= size - 8 && offset & 7 == 0, "a word outside of the board")
        return (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    // MARK: - The half word to sleep on

    func half(_ offset: Int) -> UInt32 { halfWord(offset).pointee.load(ordering: .sequentiallyConsistent) }

    func addToHalf(_ offset: Int) { halfWord(offset).pointee.wrappingAdd(1, ordering: .sequentiallyConsistent) }

    func sleep(on offset: Int, while expected: UInt32, nanoseconds: UInt64) {
        _ = loopguard_futex_wait(halfWord(offset), expected, nanoseconds)
    }

    func wake(_ offset: Int) { _ = loopguard_futex_wake(halfWord(offset)) }

    private func halfWord(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        precondition(offset >= 0 && offset <= size - 4 && offset & 3 == 0, "a word outside of the board")
        return (base + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
    }
}
