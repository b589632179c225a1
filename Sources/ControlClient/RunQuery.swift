/// Which runs are asked for.
public struct RunQuery: Sendable, Equatable {
    /// `live`, `ended`, or names of states, separated by commas.
    public var state: String?
    public var session: String?
    public var model: String?
    public var detector: String?
    /// The most runs in one answer.
    public var limit: Int?

    /// Asks for all of them.
    public init() {}

    /// The query of the URL, with its question mark; empty when it asks for nothing in particular.
    var text: String {
        let members = [
            ("state", state), ("session", session), ("model", model), ("detector", detector),
            ("limit", limit.map(String.init)),
        ]
        let parts = members.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }
}

extension String {
    /// The text as one component of a path or a query: all but the unreserved characters of RFC 3986 is escaped.
    var percentEncoded: String {
        var encoded = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
