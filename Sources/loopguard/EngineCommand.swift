import ArgumentParser
import EmbeddedEngine
import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// `loopguard engine`
struct EngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Run the engine that comes with loopguard by itself.",
        discussion: """
            A small OpenAI-compatible server around a continuous-batching scheduler: /v1/chat/completions, \
            /v1/completions, /v1/models, /health, /slots, and DELETE /v1/requests/ID. It runs any small model of the \
            Llama family; the one that comes with it falls into loops by itself at temperature 0.
            """
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 4142

    @OptionGroup var place: BoardPlace
    @OptionGroup var engine: EngineOptions
    @OptionGroup var logging: LogOptions

    func validate() throws {
        if !(0...65_535).contains(port) { throw ValidationError("--port must be from 0 to 65535, not \(port).") }
    }

    func run() async throws {
        let (logger, log) = logging.bootstrap()
        defer { log.drain() }
        var configuration = try engine.configuration(logger)
        configuration.host = host
        configuration.cancelSource = try place.source(logger)
        configuration.port = port
        let engine = EmbeddedEngine(configuration: configuration)
        do {
            let address = try await engine.start()
            announce("the engine listens on http://\(host):\(address.port ?? port)")
        } catch {
            printError("cannot listen on \(host):\(port): \(error)")
            throw ExitCode(69)
        }
        try await ServiceGroup(
            services: [EngineService(engine: engine)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        ).run()
    }
}

/// The options of the embedded engine, wherever it runs.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The embedded engine's model: a folder in the format of Hugging Face, with config.json, tokenizer.json and \
            model.safetensors, of the Llama family; the small one that comes with loopguard when left out.
            """,
            valueName: "directory"
        )
    )
    var model: String?

    @Option(help: "The embedded engine's pace per sequence; 0 for as fast as it goes.")
    var tokensPerSecond = 100.0

    @Option(help: "The most tokens of one sequence in the embedded engine; as many as its model can when left out.")
    var context: Int?

    @Option(
        help: """
            The most tokens that all running sequences of the embedded engine hold together; room for every slot's whole \
            context when left out.
            """
    )
    var kvTokens: Int?

    func validate() throws {
        if let context, context < 2 { throw ValidationError("--context must be at least 2, not \(context).") }
        if let kvTokens, kvTokens < 2 { throw ValidationError("--kv-tokens must be at least 2, not \(kvTokens).") }
    }

    func configuration(_ logger: Logger) throws -> EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.contextLength = context
        configuration.kvTokens = kvTokens
        configuration.tokensPerSecond = tokensPerSecond
        configuration.logger = logger
        if let model {
            do throws(ModelError) {
                configuration.model = try LlamaModel(directory: model)
            } catch {
                throw ValidationError("--model: \(error)")
            }
        }
        return configuration
    }
}
