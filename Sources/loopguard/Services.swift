import ArgumentParser
import EmbeddedEngine
import Foundation
import Gateway
import NIOCore
import ServiceLifecycle

/// The gateway for as long as the process runs.
struct GatewayService: Service {
    let server: GatewayServer
    let grace: Duration
    /// The line that says where it listens.
    let greeting: @Sendable (String) -> String

    func run() async throws {
        do {
            let address = try await server.start()
            announce(greeting(address.authority))
        } catch {
            printError("cannot listen: \(error). Choose another address with --host and --port.")
            throw ExitCode(69)
        }
        try? await gracefulShutdown()
        try await server.shutdown(grace: grace)
    }
}

/// The embedded engine, started already, for as long as the process runs.
struct EngineService: Service {
    let engine: EmbeddedEngine

    func run() async throws {
        try? await gracefulShutdown()
        await engine.shutdown()
    }
}

/// Writes a line to standard output at once, so that whoever started the process can wait for it.
func announce(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

extension SocketAddress {
    /// The address as it stands in a URL.
    fileprivate var authority: String {
        switch self {
        case .v6: "[\(ipAddress ?? "::1")]:\(port ?? 0)"
        default: "\(ipAddress ?? "127.0.0.1"):\(port ?? 0)"
        }
    }
}
