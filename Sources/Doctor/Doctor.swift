public import CurlHTTP
internal import Engines
public import GenerationWire

/// Examines an engine from outside: what it is, whether it says what it should, and above all whether it stops working on
/// a request when its client is gone.
///
/// Everything is measured by asking it for a few generations, one or two at a time. Where nothing can be measured the
/// diagnosis says so.
public struct Doctor: Sendable {
    /// What is examined, and how much may be asked of it.
    public struct Options: Sendable {
        /// The engine's URL, as `serve --upstream` takes it.
        public var url: String
        /// The model; the first that the engine has when `nil`.
        public var model: String?
        public var format = WireFormat.chatCompletions
        /// The most tokens that one generation may have.
        public var maxTokens = 1_024
        /// What it is asked, something that it answers at length; counting aloud when `nil`.
        public var prompt: String?
        /// About how many words a long prompt has.
        public var promptWords = 1_500
        /// The longest that one generation may take.
        public var timeout = Duration.seconds(120)
        /// Sent with every request: credentials, for the most part.
        public var headers: [(name: String, value: String)] = []
        /// How long a generation is to last, so that a stop within two seconds is told from an end of its own.
        var wantedDuration = Duration.seconds(6)

        /// - Parameter url: The engine's URL; a `/v1` at its end is left off.
        public init(url: String) {
            var url = url[...]
            while url.last == "/" { url.removeLast() }
            if url.hasSuffix("/v1") { url.removeLast(3) }
            while url.last == "/" { url.removeLast() }
            self.url = String(url)
        }
    }

    private let options: Options
    private let http: HTTPClient

    /// - Parameter http: How the engine is reached.
    public init(_ options: Options, http: HTTPClient = HTTPClient()) {
        self.options = options
        self.http = http
    }

    /// What load the examination causes, in a sentence.
    public var announcement: String {
        """
        \(options.url) is asked for about fifteen generations of at most \(options.maxTokens) tokens, never more than two \
        at a time
        """
    }

    /// Examines it.
    /// - Parameter tell: Gets a sentence as each step begins.
    /// - Throws: ``DoctorError`` when the engine cannot be reached or generates nothing.
    public func examine(tell: (String) -> Void = { _ in }) async throws(DoctorError) -> Diagnosis {
        let port = EnginePort(url: options.url, http: http, headers: options.headers, timeout: options.timeout)
        tell("recognising the engine")
        let acquaintance = try await Acquaintance(port)
        var examination = Examination(port, acquaintance, options)
        try await examination.run(tell)
        return examination.diagnosis
    }
}

/// Why an engine could not be examined.
public enum DoctorError: Error, Sendable, CustomStringConvertible {
    /// It cannot be reached.
    case unreachable(HTTPError)
    /// It is there and generates nothing.
    case mute(String)

    public var description: String {
        switch self {
        case .unreachable(let error): error.description
        case .mute(let text): text
        }
    }
}
