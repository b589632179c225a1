/// Something by which an engine is recognised.
public struct EngineMark: Sendable {
    /// What to ask with `GET`.
    public let path: String
    /// Whether the answer is this engine's.
    public let isHere: @Sendable (EngineAnswer) -> Bool

    /// A mark.
    public init(_ path: String, _ isHere: @escaping @Sendable (EngineAnswer) -> Bool) {
        self.path = path
        self.isHere = isHere
    }

    /// The engine calls itself the owner of its models, in the list that nearly all have.
    static func owner(_ names: String...) -> EngineMark {
        EngineMark("/v1/models") { answer in answer.owner.map { names.contains($0) } ?? false }
    }

    /// The engine's `Server` header begins so, on whatever is asked first.
    static func server(_ prefix: String) -> EngineMark {
        EngineMark("/v1/models") { $0.header("server")?.lowercased().hasPrefix(prefix.lowercased()) ?? false }
    }
}

/// Finds out which engine is at the other end, question by question.
///
/// ```swift
/// var recognition = EngineRecognition()
/// while let path = recognition.question { recognition.take(await get(path)) }
/// print(recognition.engine.name)
/// ```
///
/// Nothing but `GET` is asked, of paths that only tell. Every answer is read for what it says and not for its status:
/// LM Studio answers paths that it does not have with 200.
public struct EngineRecognition: Sendable {
    /// The path to ask next; `nil` when the engine is recognised, or nothing is left to ask.
    public private(set) var question: String?
    /// The engine; ``EngineAdapter/generic`` while it is not recognised.
    public private(set) var engine = EngineAdapter.generic

    private var rest: ArraySlice<String>

    /// Nothing is known yet.
    public init() {
        rest = Self.questions[...]
        question = rest.popFirst()
    }

    /// Takes the answer to the ``question``; `nil` when there was none.
    public mutating func take(_ answer: EngineAnswer?) {
        guard let path = question else { return }
        if let answer, let found = EngineAdapter.all.first(where: { $0.isRecognised(in: answer, to: path) }) {
            engine = found
            question = nil
        } else {
            question = rest.popFirst()
        }
    }

    /// What is asked, in order: the list of models first, since most engines say there whose they are.
    static let questions: [String] = EngineAdapter.all.flatMap(\.marks).reduce(into: ["/v1/models"]) { paths, mark in
        if !paths.contains(mark.path) { paths.append(mark.path) }
    }
}

extension EngineAdapter {
    fileprivate func isRecognised(in answer: EngineAnswer, to path: String) -> Bool {
        marks.contains { $0.path == path && $0.isHere(answer) }
    }
}
