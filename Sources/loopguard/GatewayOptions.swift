import ArgumentParser
import ControlClient
import CurlHTTP
import Foundation

/// How a server is reached, as curl does it.
struct TransportArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Connect to this Unix socket instead of host and port.", valueName: "path"))
    var unixSocket: String?

    @Option(help: ArgumentHelp("A file of certificates to trust, in PEM.", valueName: "file"))
    var cacert: String?

    @Flag(help: "Trust any certificate.")
    var insecure = false

    @Flag(help: "Take user name and password from ~/.netrc.")
    var netrc = false

    @Option(
        help: ArgumentHelp(
            "A proxy on the way; '' for none. Without it, http_proxy, https_proxy and no_proxy count.",
            valueName: "url"
        )
    )
    var proxy: String?

    var client: HTTPClient {
        var options = TransportOptions()
        options.unixSocket = unixSocket
        options.certificateAuthorities = cacert
        options.isInsecure = insecure
        options.usesNetrc = netrc
        options.proxy = proxy
        return HTTPClient(options)
    }
}

/// Which gateway is asked, and with which key.
struct GatewayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The gateway; LOOPGUARD_URL when left out, or http://127.0.0.1:4141.",
            valueName: "url"
        )
    )
    var url: String?

    @Option(
        help: ArgumentHelp(
            "A file with the gateway's control key; the key in LOOPGUARD_CONTROL_KEY when left out.",
            valueName: "file"
        )
    )
    var keyFile: String?

    @OptionGroup var transport: TransportArguments

    func client() throws -> ControlClient {
        let environment = ProcessInfo.processInfo.environment
        let url = url ?? environment["LOOPGUARD_URL"].flatMap { $0.isEmpty ? nil : $0 } ?? "http://127.0.0.1:4141"
        let key = try keyFile.map(Self.key) ?? environment["LOOPGUARD_CONTROL_KEY"].flatMap { $0.isEmpty ? nil : $0 }
        return ControlClient(url: url, key: key, http: transport.client)
    }

    /// The key is the file's text without the white space around it.
    private static func key(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--key-file: '\(path)' cannot be read.")
        }
        let key = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !key.isEmpty, !key.contains(where: \.isNewline) else {
            throw ValidationError("--key-file: '\(path)' does not hold a key: one line of text.")
        }
        return key
    }
}

/// Says what the gateway did not like, and ends the command with the status that fits.
func reported<Result>(_ work: () async throws -> Result) async throws -> Result {
    do {
        return try await work()
    } catch let error as ControlError {
        printError(error.description)
        switch error {
        case .transport(let error) where error.kind == .invalid: throw ExitCode(64)
        case .transport: throw ExitCode(69)
        case .refused, .notLoopguard: throw ExitCode(1)
        }
    }
}
