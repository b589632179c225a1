import EmbeddedEngine
import Foundation
import Logging
import NIOCore

extension EngineConfiguration {
    /// A free port, a quiet log, and what the test needs besides.
    static func test(_ change: (inout EngineConfiguration) -> Void = { _ in }) -> EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.port = 0
        configuration.logger.logLevel = .error
        change(&configuration)
        return configuration
    }
}

extension EngineConfiguration {
    /// An engine whose answers have no end of their own.
    static func endless(_ change: (inout EngineConfiguration) -> Void = { _ in }) -> EngineConfiguration {
        test {
            $0.model = CountingModel()
            change(&$0)
        }
    }
}

/// Runs `body` with an engine, and shuts it down afterwards.
func withEngine(
    _ configuration: EngineConfiguration = .test(),
    _ body: (EmbeddedEngine, SocketAddress) async throws -> Void
) async throws {
    let engine = EmbeddedEngine(configuration: configuration)
    let address = try await engine.start()
    do {
        try await body(engine, address)
    } catch {
        await engine.shutdown()
        throw error
    }
    await engine.shutdown()
}

/// A chat request's body.
func chat(_ text: String, _ fields: String = "") -> String {
    #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]\#(fields.isEmpty ? "" : ",")\#(fields)}"#
}

/// A value inside JSON text, by keys and indexes; `nil` for `null` and where there is none.
func value(_ json: String, _ path: [any Sendable]) -> Any? {
    var value: Any? = try? JSONSerialization.jsonObject(with: Data(json.utf8))
    for step in path {
        switch step {
        case let key as String: value = (value as? [String: Any])?[key]
        case let index as Int: value = (value as? [Any]).flatMap { $0.indices.contains(index) ? $0[index] : nil }
        default: return nil
        }
    }
    return value is NSNull ? nil : value
}

/// A string inside JSON text.
func string(_ json: String, _ path: any Sendable...) -> String? { value(json, path) as? String }

/// A whole number inside JSON text.
func integer(_ json: String, _ path: any Sendable...) -> Int? { value(json, path) as? Int }

/// How many elements or members a value inside JSON text has.
func count(_ json: String, _ path: any Sendable...) -> Int? {
    switch value(json, path) {
    case let list as [Any]: list.count
    case let object as [String: Any]: object.count
    default: nil
    }
}
