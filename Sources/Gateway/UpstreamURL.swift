/// Where the engine is: `http://host[:port][/prefix]`.
public struct UpstreamURL: Sendable, Hashable, CustomStringConvertible {
    /// The host name or address, an IPv6 address without its brackets.
    public let host: String
    /// The port; 80 when the URL names none.
    public let port: Int
    /// What goes before every path; empty or beginning with a slash and not ending in one.
    public let prefix: String

    /// Reads a URL.
    /// - Throws: ``Invalid``, which says what is wrong and what to write instead.
    public init(_ text: String) throws(Invalid) {
        guard let colon = text.firstRange(of: "://") else {
            throw Invalid(url: text, problem: "it has no scheme; write http://HOST:PORT")
        }
        switch text[..<colon.lowerBound].lowercased() {
        case "http": break
        case "https": throw Invalid(url: text, problem: "https is not supported yet; write http://HOST:PORT")
        case let scheme:
            throw Invalid(url: text, problem: "the scheme \(scheme) is not supported; write http://HOST:PORT")
        }
        let rest = text[colon.upperBound...]
        if let mark = rest.first(where: { $0 == "?" || $0 == "#" || $0.isWhitespace }) {
            throw Invalid(
                url: text,
                problem: "'\(mark)' has no place in it; write http://HOST:PORT or http://HOST:PORT/PREFIX"
            )
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        (host, port) = try Self.authority(rest[..<slash], of: text)
        var path = rest[slash...]
        while path.last == "/" { path.removeLast() }
        prefix = String(path)
    }

    private static func authority(_ text: Substring, of url: String) throws(Invalid) -> (String, Int) {
        guard !text.contains("@") else {
            throw Invalid(url: url, problem: "user names and passwords are not supported; send an Authorization header")
        }
        let host: Substring
        var port: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else {
                throw Invalid(url: url, problem: "the IPv6 address has no closing bracket")
            }
            host = text[text.index(after: text.startIndex)..<end]
            port = text[text.index(after: end)...]
        } else {
            let colon = text.lastIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            port = text[colon...]
            guard !host.contains(":") else {
                throw Invalid(url: url, problem: "an IPv6 address needs brackets: http://[ADDRESS]:PORT")
            }
        }
        guard !host.isEmpty else { throw Invalid(url: url, problem: "it names no host") }
        guard !port.isEmpty else { return (String(host), 80) }
        guard port.removeFirst() == ":", let number = Int(port), (1...65_535).contains(number) else {
            throw Invalid(url: url, problem: "its port is not a number from 1 to 65535")
        }
        return (String(host), number)
    }

    /// The value of the `Host` header.
    public var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? host : "\(host):\(port)"
    }

    /// The URL as text.
    public var description: String { "http://\(authority)\(prefix)" }

    /// A URL that cannot be used, and why.
    public struct Invalid: Error, Equatable, CustomStringConvertible {
        /// The text that was given.
        public let url: String
        /// What is wrong with it.
        public let problem: String

        /// One sentence for a person.
        public var description: String { "upstream URL \"\(url)\" cannot be used: \(problem)" }
    }
}
