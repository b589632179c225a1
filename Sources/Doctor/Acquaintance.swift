internal import CurlHTTP
internal import Engines
internal import JSONBytes

/// What an engine says of itself.
struct Acquaintance: Sendable {
    let adapter: EngineAdapter
    /// The question that gave it away; `nil` when it was not recognised.
    let recognisedBy: String?
    /// The models it has.
    let models: [String]

    init(_ port: EnginePort) async throws(DoctorError) {
        var recognition = EngineRecognition()
        var models: [String] = []
        var last: String?
        var isThere = false
        while let path = recognition.question {
            do throws(HTTPError) {
                let answer = try await port.ask(EngineRequest("GET", path))
                isThere = true
                if path == "/v1/models" { models = Self.models(in: answer) }
                recognition.take(answer)
            } catch {
                // One who has answered before only dislikes the question.
                guard isThere else { throw .unreachable(error) }
                recognition.take(nil)
            }
            last = path
        }
        adapter = recognition.engine
        recognisedBy = adapter.name == EngineAdapter.generic.name ? nil : last
        self.models = models
    }

    private static func models(in answer: EngineAnswer) -> [String] {
        let bytes = answer.body.span
        var reader = JSONReader()
        guard answer.isSuccess, reader.peek(bytes) == .object else { return [] }
        var models: [String] = []
        reader.readObject(bytes) { key, reader in
            guard bytes.equals(key, "data") else {
                reader.skipValue(bytes)
                return
            }
            reader.readArrayOrSkip(bytes) { _, reader in
                reader.readObjectOrSkip(bytes) { key, reader in
                    guard bytes.equals(key, "id") else {
                        reader.skipValue(bytes)
                        return
                    }
                    if let token = reader.readStringOrSkip(bytes) { models.append(JSONString.string(bytes, token)) }
                }
            }
        }
        return reader.failed ? [] : models
    }
}
