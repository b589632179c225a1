import GenerationWire

/// `permanent_failure`: a call that has failed in a way that trying again cannot mend is tried again.
///
/// The past is read once into records of failures by key; a call of the new response that repeats a key is judged by
/// the failures recorded *before* it, a round counting once. Records are struck out by what may have mended the cause;
/// `docs/detectors.md` has the table. A message of the user strikes out all of them, because nobody can tell what the
/// user has mended: only the present turn is read.
struct PermanentFailure: Sendable {
    /// What must come back for a failure to count as the same.
    private enum Key: Hashable, Sendable {
        /// The whole call.
        case call(Fingerprint)
        /// A program that is missing, whoever calls it.
        case binary(String)
        /// A tool, or a program in a shell, that is denied what it asks for.
        case denial(ToolCall.Family)
        /// Any tool that does not exist.
        case unknownTool
        /// An edit of a file.
        case edit(tool: String, path: [UInt8])
    }

    private struct Record: Sendable {
        /// Not: tools that do not exist, edits of other files, and tools that are denied outside a shell.
        var isMendedByEdit: Bool {
            switch kind {
            case .unknownTool, .editMismatch: false
            case .permission: isShell
            case .binaryMissing, .notFound, .invalidArgument, .isDirectory: true
            }
        }

        let kind: FailureClass
        let cause: Fingerprint
        let isShell: Bool
        var count = 0
        var line: String
        var messages: [Int] = []
        var call: ToolCall
    }

    /// So many of the latest messages are named in evidence.
    private static let namedMessages = 8
    /// Programs that look into many places: being denied one of them says nothing about the next call.
    private static let walkers: Set<String> = [
        "find", "grep", "egrep", "rg", "fd", "du", "ls", "tree", "ag", "ack", "git",
    ]

    private let settings: PermanentFailureSettings
    private let offeredTools: Set<String>
    private var records: [Key: Record] = [:]
    private var unknownNames: Set<String> = []

    init(_ conversation: Conversation, _ calls: PastCalls, _ settings: PermanentFailureSettings) {
        self.settings = settings
        offeredTools = conversation.offeredTools
        for round in calls.rounds {
            var counted: Set<Key> = []
            for (call, result, failure) in round where !settings.exempt.contains(call.name) {
                guard let result, !result.isRefusal, result.fingerprint != nil else { continue }
                read(call, result, failure, &counted)
            }
        }
    }

    /// Judges a call of the new response.
    func completed(_ call: ToolCall) -> Finding? {
        if settings.exempt.contains(call.name) { return nil }
        var gravest: Finding?
        for key in keys(of: call) {
            guard let record = records[key] else { continue }
            if record.kind == .binaryMissing, mendsPrograms(call) { continue }
            if record.kind == .permission, call.shell?.changesRights == true, !record.call.changesRights { continue }
            gravest = Finding.gravest(gravest, finding(record, call))
        }
        return gravest
    }

    /// What the past alone shows.
    func preflight() -> Finding? {
        records.values.sorted { $0.call.fingerprint < $1.call.fingerprint }.reduce(nil) { gravest, record in
            Finding.gravest(gravest, finding(record, record.call))
        }
    }

    private func finding(_ record: Record, _ call: ToolCall) -> Finding? {
        limits(record.kind).level(at: record.count).map { level in
            Finding(
                level,
                call,
                pattern: record.kind.rawValue,
                count: record.count,
                fingerprint: call.fingerprint,
                line: record.line,
                messages: record.messages
            )
        }
    }

    private func limits(_ kind: FailureClass) -> WarnStop {
        switch kind {
        case .binaryMissing: settings.binaryMissing
        case .notFound: settings.notFound
        case .permission: settings.permission
        case .unknownTool: settings.unknownTool
        case .invalidArgument: settings.invalidArgument
        case .editMismatch: settings.editMismatch
        case .isDirectory: settings.isDirectory
        }
    }

    /// The keys under which earlier failures speak against a call.
    private func keys(of call: ToolCall) -> [Key] {
        var keys: [Key] = [.call(call.fingerprint), .denial(call.family)]
        keys += call.shell?.programs.map(Key.binary) ?? []
        if let path = call.path { keys.append(.edit(tool: call.name, path: path)) }
        if unknownNames.contains(call.name) || (!offeredTools.isEmpty && !offeredTools.contains(call.name)) {
            keys.append(.unknownTool)
        }
        return keys
    }

    // MARK: - Reading the past

    private mutating func read(
        _ call: ToolCall,
        _ result: ToolResult,
        _ failure: Failure?,
        _ counted: inout Set<Key>
    ) {
        clear(after: call, result, failure)
        guard let failure else { return }
        if failure.kind == .unknownTool { unknownNames.insert(call.name) }
        let key = key(of: call, failure)
        guard counted.insert(key).inserted else { return }

        var record =
            records[key]
            ?? Record(
                kind: failure.kind,
                cause: failure.cause,
                isShell: call.shell != nil,
                line: failure.line,
                call: call
            )
        // Another cause starts anew, except where the key itself is the cause and the wording is not.
        let isWordingFree =
            failure.kind == .binaryMissing || failure.kind == .unknownTool || failure.kind == .editMismatch
        if record.kind != failure.kind || (!isWordingFree && record.cause != failure.cause) {
            record = Record(
                kind: failure.kind,
                cause: failure.cause,
                isShell: call.shell != nil,
                line: failure.line,
                call: call
            )
        }
        record.count += 1
        record.line = failure.line
        record.call = call
        record.messages = (record.messages + [result.message]).suffix(Self.namedMessages)
        records[key] = record
    }

    private func key(of call: ToolCall, _ failure: Failure) -> Key {
        switch failure.kind {
        case .binaryMissing: failure.binary.map(Key.binary) ?? .call(call.fingerprint)
        case .permission: isWalk(call) ? .call(call.fingerprint) : .denial(call.family)
        case .unknownTool: .unknownTool
        case .editMismatch: call.path.map { .edit(tool: call.name, path: $0) } ?? .call(call.fingerprint)
        case .notFound, .invalidArgument, .isDirectory: .call(call.fingerprint)
        }
    }

    private func isWalk(_ call: ToolCall) -> Bool { call.shell?.programs.first.map(Self.walkers.contains) ?? false }

    // MARK: - Striking out

    private mutating func clear(after call: ToolCall, _ result: ToolResult, _ failure: Failure?) {
        let isMissing = failure?.kind == .binaryMissing
        if !isMissing {
            if call.isInstall || call.shell?.changesPath == true { strike { $0.kind == .binaryMissing } }
            // Whatever became of it, a program that ran is there.
            if !Failure.isTransient(result) {
                for program in call.shell?.programs ?? [] { records[.binary(program)] = nil }
            }
        }
        guard failure == nil, !result.isError else { return }

        records[.call(call.fingerprint)] = nil
        records[.denial(call.family)] = nil
        records[.unknownTool] = nil
        if call.isEdit || call.shell != nil { strike { $0.kind == .notFound } }
        if call.shell?.changesRights == true { strike { $0.kind == .permission } }
        // After an edit a call may do something else: running a test again is what edits are for.
        if call.isEdit { strike(\.isMendedByEdit) }
        if call.isEdit || call.isRead, let path = call.path {
            strike { $0.kind == .editMismatch && $0.call.path == path }
        }
    }

    private mutating func strike(_ isMended: (Record) -> Bool) { records = records.filter { !isMended($0.value) } }

    /// Whether a call may itself bring the program that was missing, by an installer that is not missing too.
    private func mendsPrograms(_ call: ToolCall) -> Bool {
        guard let shell = call.shell else { return false }
        return shell.changesPath || shell.installers.contains { records[.binary($0)] == nil }
    }
}

extension ToolCall {
    fileprivate var changesRights: Bool { shell?.changesRights == true }
}
