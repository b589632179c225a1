internal import CCurl

/// Why a request failed: curl's own sentence, the URL, and what to do.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: Sendable {
        /// The request cannot be sent as it is written.
        case invalid
        /// Nobody answers there: the name is unknown, or nothing listens.
        case unreachable
        /// It took longer than it may.
        case timedOut
        /// TLS could not be agreed upon.
        case insecure
        /// The connection ended before the answer did.
        case brokenOff
        /// The answer is longer than what is kept.
        case tooLong
        /// The task that asked was cancelled.
        case cancelled
        /// Anything else.
        case other
    }

    public var kind: Kind
    /// Where the request went.
    public var url: String
    /// What went wrong.
    public var message: String
    /// What to do about it; empty when there is nothing to say.
    public var advice: String

    /// Creates an error.
    public init(_ kind: Kind, url: String, _ message: String, advice: String = "") {
        self.kind = kind
        self.url = url
        self.message = message
        self.advice = advice
    }

    public var description: String {
        "\(url): \(message)" + (advice.isEmpty ? "" : "; \(advice)")
    }

    /// The error of a curl code.
    /// - Parameter detail: What curl wrote into its error buffer; more precise than the code's sentence.
    init(_ code: CURLcode, url: String, detail: String) {
        let sentence = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        let (kind, advice): (Kind, String) =
            switch code {
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
                (.invalid, "write http://HOST:PORT")
            case CURLE_COULDNT_RESOLVE_HOST:
                (.unreachable, "check the host's name")
            case CURLE_COULDNT_RESOLVE_PROXY:
                (.unreachable, "check --proxy and the variables http_proxy, https_proxy and all_proxy")
            case CURLE_COULDNT_CONNECT:
                (.unreachable, "check that the server runs and listens there")
            case CURLE_OPERATION_TIMEDOUT:
                (.timedOut, "check that the server answers at all, and that no firewall drops what is sent to it")
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
                (.insecure, "name the certificate of the authority with --cacert, or trust any with --insecure")
            case CURLE_SSL_CONNECT_ERROR:
                (.insecure, "check whether the server speaks https there, or only http")
            case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE:
                (.brokenOff, "look into the server's log")
            case CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2:
                (.other, "check that the port is that of an HTTP server")
            default: (.other, "")
            }
        self.init(kind, url: url, sentence, advice: advice)
    }
}
