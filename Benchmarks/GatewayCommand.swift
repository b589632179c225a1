import ArgumentParser

/// `loopguard-bench gateway`
struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Stream through the gateway, through nginx, and directly, and compare.",
        discussion: """
            Starts a fake upstream and the proxies on the loopback interface, keeps the proxies on one CPU and upstream \
            and load on another, and ends them all. Needs setpriv and taskset of util-linux.

            Modes: memory, ttfb, paced, saturated, cancel, stall; all of them unless some are named. Arguments after -- \
            go to 'loopguard serve', such as a rules file.
            """
    )

    /// What can be measured, in the order in which it is.
    enum Mode: String, CaseIterable, ExpressibleByArgument {
        case memory, ttfb, paced, saturated, cancel, stall
    }

    @Option(help: "The gateway's program; without it only nginx is measured.")
    var loopguard: String?

    @Flag(help: "Measure nginx without buffering as well.")
    var nginx = false

    @Option(parsing: .upToNextOption, help: "What to measure.")
    var modes: [Mode] = Mode.allCases

    @Flag(help: "Measure less of everything, for half a minute in all.")
    var quick = false

    @Flag(help: "Print JSON instead of a table in Markdown.")
    var json = false

    @Flag(help: "Run even in a debug build.")
    var allowDebug = false

    @Argument(parsing: .postTerminator, help: "Further arguments of 'loopguard serve'.")
    var serveArguments: [String] = []

    /// The upstream ends by itself after this time, and everything with it.
    private static let limitSeconds = 1_800

    func validate() throws {
        guard loopguard != nil || nginx else {
            throw ValidationError("nothing to measure: name the gateway with --loopguard, or say --nginx.")
        }
    }

    func run() throws {
        try Machine.requireRelease(orAllow: allowDebug)
        let testbed = try Testbed(seconds: Self.limitSeconds)
        if nginx { try testbed.addNginx() }
        if let loopguard { try testbed.addLoopguard(loopguard, further: serveArguments) }
        var benchmark = GatewayBenchmark(testbed, quick ? .quick : .full)
        for mode in Mode.allCases where modes.contains(mode) {
            switch mode {
            case .memory: try benchmark.memory()
            case .ttfb: try benchmark.timeToFirstByte()
            case .paced: try benchmark.paced()
            case .saturated: try benchmark.saturated()
            case .cancel: try benchmark.cancel()
            case .stall: try benchmark.stall()
            }
            try testbed.settle()
        }
        let heading = Machine.heading("loopguard gateway") + (quick ? ", quick" : "")
        let report = Report(heading: heading, subjects: testbed.subjects.map(\.name), figures: benchmark.figures)
        print(json ? report.json : report.markdown)
    }
}
