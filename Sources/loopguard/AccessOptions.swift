import ArgumentParser
import Foundation
import Gateway

/// Who may look at runs and stop them.
struct AccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A file that holds the key which shows and stops everybody's runs; \(variable) holds one as well. Needed to \
            listen elsewhere than on a loopback address.
            """,
            valueName: "file"
        )
    )
    var controlKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "An origin, such as https://desk.example, whose pages may stop runs besides our own; may stand several times.",
            valueName: "origin"
        )
    )
    var allowedOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "A name of this machine, besides localhost, by which a loopback address is called; may stand several times.",
            valueName: "name"
        )
    )
    var allowedHost: [String] = []

    /// The environment variable that may hold the key.
    static let variable = "LOOPGUARD_CONTROL_KEY"

    func validate() throws {
        for origin in allowedOrigin where origin.wholeMatch(of: /https?:\/\/[^\/\s]+/) == nil {
            throw ValidationError("--allowed-origin must be like https://desk.example:8443, not '\(origin)'.")
        }
    }

    /// The key; `nil` when there is none.
    /// - Throws: When the file cannot be read or holds no key.
    func controlKey() throws -> String? {
        guard let file = controlKeyFile else {
            guard let key = ProcessInfo.processInfo.environment[Self.variable] else { return nil }
            return try checked(key, from: Self.variable)
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("--control-key-file: the file \(file) cannot be read.")
        }
        return try checked(String(decoding: data, as: UTF8.self), from: file)
    }

    private func checked(_ text: String, from source: String) throws -> String {
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard key.utf8.count >= 16, !key.contains(where: \.isWhitespace) else {
            throw ValidationError("\(source) must hold one key of at least 16 characters without spaces.")
        }
        return key
    }

    /// Checks that nobody else can reach what no key protects.
    func check(host: String, key: String?) throws {
        guard key == nil, !GatewayServer.isLoopback(host) else { return }
        throw ValidationError(
            """
            \(host) can be reached from other machines, and whoever reaches it could see and stop every run. Give a key \
            with --control-key-file or \(Self.variable), or listen on 127.0.0.1.
            """
        )
    }
}
