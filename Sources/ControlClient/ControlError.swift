public import CurlHTTP
internal import TerminalText

/// Why the gateway could not be asked.
public enum ControlError: Error, Sendable, CustomStringConvertible {
    /// It cannot be reached.
    case transport(HTTPError)
    /// It answered with an error.
    case refused(status: Int, message: String, url: String)
    /// What answered is not loopguard's control API.
    case notLoopguard(url: String, detail: String)

    public var description: String {
        switch self {
        case .transport(let error): error.description
        case .refused(let status, let message, let url):
            "\(url): \(message.isEmpty ? "status \(status)" : message.printable)" + Self.advice(status)
        case .notLoopguard(let url, let detail):
            "\(url): \(detail.printable); check with --url that a loopguard with a control API listens there"
        }
    }

    private static func advice(_ status: Int) -> String {
        switch status {
        case 401: "; give the control key with --key-file or LOOPGUARD_CONTROL_KEY"
        case 403: "; the key given may not do this, or the gateway does not know the host name in --url"
        default: ""
        }
    }
}
