import ArgumentParser
import ControlClient

/// `loopguard runs`
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Show what runs through a gateway and what ran.",
        discussion: """
            A table of runs, those below a run indented under it; with an ID, one run with the evidence of its detector. \
            With --watch, one line for every event until it is interrupted, or until the run of the ID is over.
            """
    )

    @Argument(help: "The id of a run, as it stands in X-Loopguard-Run-Id.")
    var id: String?

    @Option(help: ArgumentHelp("live, ended, or states such as streaming,capped.", valueName: "states"))
    var state: String?

    @Option(help: "Only runs of this session.")
    var session: String?

    @Option(help: "Only runs of this model.")
    var model: String?

    @Option(help: "Only runs that this detector has convicted.")
    var detector: String?

    @Option(help: "The most runs in the table.")
    var limit: Int?

    @Flag(help: "Print JSON as the gateway sends it; with --watch, one line of JSON per event.")
    var json = false

    @Flag(help: "Follow the events.")
    var watch = false

    @OptionGroup var gateway: GatewayOptions

    private static let states =
        ["live", "ended", "queued", "sent", "streaming", "stopping", "completed", "stopped", "capped", "disconnected"]
        + ["failed"]

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit).") }
        for name in state?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
            guard !Self.states.contains(String(name)) else { continue }
            throw ValidationError("--state: '\(name)' is no state; there are \(Self.states.joined(separator: ", ")).")
        }
        if watch, state != nil || limit != nil {
            throw ValidationError("--watch follows runs through all their states: leave out --state and --limit.")
        }
        if let id {
            try checkRunID(id)
            if [state, session, model, detector].contains(where: { $0 != nil }) || limit != nil {
                throw ValidationError("an ID names one run: leave out what chooses among many.")
            }
        }
    }

    func run() async throws {
        let client = try gateway.client()
        try await reported {
            if watch {
                try await follow(client)
            } else if let id {
                let answer = try await client.run(id)
                print(json ? answer.json : RunDetails(answer.run).lines.joined(separator: "\n"))
            } else {
                let answer = try await client.runs(query)
                print(json ? answer.json : RunTable(answer.page).lines.joined(separator: "\n"))
            }
        }
    }

    private var query: RunQuery {
        var query = RunQuery()
        query.state = state
        query.session = session
        query.model = model
        query.detector = detector
        query.limit = limit
        return query
    }

    private func follow(_ client: ControlClient) async throws {
        let line = EventLine()
        try await RunWatch(client, id: id, query: query).follow {
            announce(json ? line.json($0) : line.text($0))
        } note: {
            printError($0)
        }
    }
}

/// An id that could mean more than one run is never sent: several engines read it as "all".
func checkRunID(_ id: String) throws {
    guard id.isEmpty || id == "*" || id.contains(where: \.isWhitespace) else { return }
    throw ValidationError("'\(id)' is no id of a run; `loopguard runs` shows them.")
}
