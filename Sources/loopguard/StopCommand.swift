import ArgumentParser
import ControlClient

/// `loopguard stop`
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop runs of a gateway.",
        discussion: """
            A run is stopped with all the runs below it: its client gets a legal end, its engine is told. The exit status \
            is 0 when everything that was asked for is stopped or was over before, 1 when something could not be stopped, \
            69 when the gateway cannot be reached.
            """
    )

    @Argument(help: ArgumentHelp("The ids of runs, as they stand in X-Loopguard-Run-Id.", valueName: "id"))
    var ids: [String] = []

    @Flag(help: "Stop the run alone and not those below it.")
    var runOnly = false

    @Flag(help: "Cut nothing; refuse the next call of the run's tree.")
    var boundary = false

    @Option(help: "Stop every run of this session.")
    var session: String?

    @Flag(help: "Stop every run.")
    var all = false

    @Option(help: "Who asks; it stands in the gateway's log and in the run.")
    var source = "cli"

    @Option(
        help: ArgumentHelp(
            "Stop the run only if it is still of this generation, so that nobody else's is hit.",
            valueName: "number"
        )
    )
    var ifGeneration: Int?

    @Flag(help: "Wait until the runs are over and their engine has said whether it stopped.")
    var wait = false

    @Option(help: "Seconds to wait at most.")
    var timeout = 30.0

    @OptionGroup var gateway: GatewayOptions

    func validate() throws {
        let ways = [!ids.isEmpty, session != nil, all].count { $0 }
        if ways == 0 { throw ValidationError("say what to stop: ids of runs, --session, or --all.") }
        if ways > 1 { throw ValidationError("ids, --session and --all exclude each other.") }
        if ifGeneration != nil, ids.count != 1 { throw ValidationError("--if-generation goes with one id.") }
        if boundary, wait { throw ValidationError("--boundary ends nothing that --wait could wait for.") }
        if !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout must be more than 0 and at most 86400 seconds, not \(timeout).")
        }
        if source.isEmpty || source.utf8.count > 64 || source.contains(where: { !$0.isASCII || $0.isWhitespace }) {
            throw ValidationError("--source must be a word of at most 64 ASCII characters.")
        }
        for id in ids { try checkRunID(id) }
        if session?.isEmpty == true { throw ValidationError("--session must name a session.") }
    }

    func run() async throws {
        var order = StopOrder()
        order.mode = boundary ? .boundary : .immediate
        order.scope = runOnly ? .run : .tree
        order.source = source
        order.ifGeneration = ifGeneration
        let targets = all ? [.all] : session.map { [.session($0)] } ?? ids.map { StopTarget.run($0) }
        let client = try gateway.client()
        let errand = StopErrand(client, targets, order, patience: wait ? .seconds(timeout) : nil)
        let isDone = try await reported { try await errand.carryOut(say: announce, note: printError) }
        if !isDone { throw ExitCode(1) }
    }
}
