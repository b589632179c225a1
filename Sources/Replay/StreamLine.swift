import Foundation
import JSONBytes
import Recordings
import Rules

/// A recording as one line of JSON Lines, as `loopguard replay -` reads it.
///
/// ```json
/// {"id":"run 17","sse":"data: {…}\n\n","request":{"model":"m","messages":[…]},"times":[[120,0.5],[240,0.75]]}
/// ```
///
/// The body stands in `sse` as text or in `b64` as Base64, or `path` names its file. `request`, an object or its text,
/// is the body of the request; `headers`, pairs of name and value, are its headers; `times` says of each read where in the body it ended and after how many seconds it came.
/// `id`, a string or a number, is given back with the result; other members are skipped.
struct StreamLine: Sendable, Equatable {
    /// The id as JSON.
    var id: String?
    var path: String?
    var body: [UInt8]?
    var request: [UInt8]?
    var times: RecordedTimes?
    var facts = RequestFacts()

    /// What is wrong with a line.
    struct Mistake: Error, Equatable {
        var message: String
        init(_ message: String) { self.message = message }
    }

    /// Reads a line.
    init(_ line: [UInt8]) throws(Mistake) {
        let bytes = line.span
        var reader = JSONReader()
        var mistake: String?
        reader.readObject(bytes) { key, reader in
            let kind = reader.peek(bytes)
            let value = Self.value(bytes, &reader, kind)
            switch JSONString.string(bytes, key) {
            case "id" where kind == .string || kind == .number: id = String(decoding: value.json, as: UTF8.self)
            case "id" where kind != .null: mistake = "'id' must be a string or a number"
            case "path": path = value.text.map { String(decoding: $0, as: UTF8.self) }
            case "sse", "ndjson": body = value.text
            case "b64":
                body = value.text.flatMap { Data(base64Encoded: Data($0)) }.map { [UInt8]($0) }
                if body == nil { mistake = "'b64' is not Base64" }
            case "request" where kind != .null: request = value.text ?? value.json
            case "headers" where kind != .null:
                let pairs = try? JSONDecoder().decode([[String]].self, from: Data(value.json))
                if let pairs, pairs.allSatisfy({ $0.count == 2 }) {
                    facts = RequestFacts(headers: pairs.map { Header($0[0], $0[1]) })
                } else {
                    mistake = "'headers' must be a list of [NAME, VALUE]"
                }
            case "times" where kind != .null:
                times = Self.times(value.json)
                if times == nil { mistake = "'times' must be a list of [BYTES, SECONDS] that rises" }
            default: break
            }
        }
        guard reader.atEnd(bytes) else { throw Mistake("not a JSON object") }
        if let mistake { throw Mistake(mistake) }
        guard body != nil || path != nil else { throw Mistake("needs 'sse', 'b64' or 'path'") }
    }

    /// A value as it stands, and decoded when it is a string.
    private static func value(
        _ bytes: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        _ kind: JSONReader.Kind?
    ) -> (json: [UInt8], text: [UInt8]?) {
        let start = reader.position
        guard kind == .string, let token = reader.readString(bytes) else {
            return (bytes.copy(reader.skipValue(bytes)), nil)
        }
        var text: [UInt8] = []
        JSONString.decode(bytes, token, into: &text)
        return (bytes.copy(start..<reader.position), text)
    }

    private static func times(_ json: [UInt8]) -> RecordedTimes? {
        guard let pairs = try? JSONDecoder().decode([[Double]].self, from: Data(json)) else { return nil }
        var reads: [RecordedTimes.Read] = []
        for pair in pairs {
            guard pair.count == 2, let end = Int(exactly: pair[0]) else { return nil }
            reads.append(RecordedTimes.Read(end: end, seconds: pair[1]))
        }
        return RecordedTimes(reads)
    }
}
