import JSONBytes
import NIOHTTP1

/// What is wrong with a request, in the shape in which OpenAI's API says it.
struct APIError: Error, Equatable {
    var status: HTTPResponseStatus
    /// What is wrong and what to do about it, for people.
    var message: String
    var type = "invalid_request_error"
    /// The field of the request that is wrong.
    var parameter: String?
    /// A word for programs.
    var code: String?

    /// A mistake in the request's body.
    static func invalid(_ message: String, parameter: String? = nil, code: String? = nil) -> APIError {
        APIError(status: .badRequest, message: message, parameter: parameter, code: code)
    }

    static func notFound(_ message: String, code: String) -> APIError {
        APIError(status: .notFound, message: message, type: "not_found_error", code: code)
    }

    var body: [UInt8] {
        var json = Array(#"{"error":{"message":"#.utf8)
        JSONString.encode(message, into: &json)
        json += #","type":"#.utf8
        JSONString.encode(type, into: &json)
        json += #","param":"#.utf8
        json.appendStringOrNull(parameter)
        json += #","code":"#.utf8
        json.appendStringOrNull(code)
        json += "}}".utf8
        return json
    }
}

extension [UInt8] {
    mutating func appendStringOrNull(_ string: String?) {
        if let string { JSONString.encode(string, into: &self) } else { self += "null".utf8 }
    }
}
