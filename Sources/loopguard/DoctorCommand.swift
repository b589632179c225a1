public import ArgumentParser
import CurlHTTP
import Doctor
public import GenerationWire

/// `loopguard doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Measure whether an engine stops when it should, and say how to guard it.",
        discussion: """
            Asks the engine for about fifteen generations, never more than two at a time, leaves some of them, and measures \
            whether it goes on working. Nobody else should use it meanwhile. The exit status is 0 when it stops as \
            its client leaves, 1 when it does not or that cannot be told, 2 when it cannot be examined.
            """
    )

    @Argument(help: "The engine, such as http://127.0.0.1:8080.")
    var url: String

    @Option(help: "The model to ask; the first that the engine names when left out.")
    var model: String?

    @Option(help: "chat, completions, responses, messages, ollama_chat, ollama_generate or llama_completion.")
    var format = WireFormat.chatCompletions

    @Option(help: "What to ask, something that it answers at length; counting aloud when left out.")
    var prompt: String?

    @Option(help: "The most tokens of one generation.")
    var maxTokens = 1_024

    @Option(help: "About how many words the long prompt has that it is left with.")
    var promptWords = 1_500

    @Option(help: "The most seconds that one generation may take.")
    var timeout = 120.0

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("A header for every request, such as 'Authorization: Bearer KEY'.", valueName: "name: value")
    )
    var header: [String] = []

    @Flag(help: "Print the report as JSON.")
    var json = false

    @OptionGroup var transport: TransportArguments

    func validate() throws {
        if !(16...1_000_000).contains(maxTokens) {
            throw ValidationError("--max-tokens must be from 16 to 1000000, not \(maxTokens).")
        }
        if !(50...1_000_000).contains(promptWords) {
            throw ValidationError("--prompt-words must be from 50 to 1000000, not \(promptWords).")
        }
        if !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout must be more than 0 and at most 86400 seconds, not \(timeout).")
        }
        for line in header where line.firstIndex(of: ":") == nil || line.first == ":" {
            throw ValidationError("--header must look like 'NAME: VALUE', not '\(line)'.")
        }
    }

    func run() async throws {
        var options = Doctor.Options(url: url)
        options.model = model
        options.format = format
        options.prompt = prompt
        options.maxTokens = maxTokens
        options.promptWords = promptWords
        options.timeout = .seconds(timeout)
        options.headers = header.map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst().drop { $0 == " " }))
        }
        let doctor = Doctor(options, http: transport.client)
        printError(doctor.announcement)
        let diagnosis: Diagnosis
        do throws(DoctorError) {
            diagnosis = try await doctor.examine { printError("… \($0)") }
        } catch {
            printError("\(error)")
            throw ExitCode(2)
        }
        print(json ? diagnosis.json : diagnosis.lines.joined(separator: "\n"))
        if diagnosis.exitStatus != 0 { throw ExitCode(diagnosis.exitStatus) }
    }
}

extension WireFormat: ExpressibleByArgument {}
