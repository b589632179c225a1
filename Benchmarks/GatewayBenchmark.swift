import Glibc

/// Streams through every subject, in turns, so that what else the machine does falls on all of them alike.
struct GatewayBenchmark {
    let testbed: Testbed
    let scale: Scale
    var figures: [Figure] = []

    /// How much of everything.
    struct Scale {
        var rounds = 5
        var shortRequests = 400
        var pacedStreams = 100
        var pacedEvents = 300
        var saturatedEvents = 20_000
        var cancels = 10
        var stallSeconds = 8.0

        static let full = Scale()
        /// About half a minute in all.
        static let quick = Scale(
            rounds: 2,
            shortRequests: 100,
            pacedEvents: 75,
            saturatedEvents: 4_000,
            cancels: 2,
            stallSeconds: 2
        )
    }

    init(_ testbed: Testbed, _ scale: Scale) {
        self.testbed = testbed
        self.scale = scale
    }

    mutating func add(_ figure: Figure) { figures.append(figure) }

    /// A load through one subject; what fails there ends the benchmark.
    func load(_ order: LoadOrder, _ subject: Testbed.Subject) throws -> (record: LoadRecord, cpuSeconds: Double) {
        let before = subject.meter?.cpuSeconds ?? 0
        let record = try CurlLoad(port: subject.port).run(order)
        let used = (subject.meter?.cpuSeconds ?? 0) - before
        if record.failed > 0 || record.completed < order.streams {
            throw BenchmarkError(
                "through \(subject.name) only \(record.completed) of \(order.streams) streams arrived whole: "
                    + (record.failure ?? "not done in \(order.limitSeconds) s")
            )
        }
        return (record, used)
    }

    // MARK: - Modes

    /// One short stream after the other, each on a new connection.
    mutating func timeToFirstByte() throws {
        note("ttfb …")
        var first = Figure("ttfb", "time to first event, p50", "µs")
        var slow = Figure("ttfb", "time to first event, p99", "µs")
        var cpu = Figure("ttfb", "CPU per request", "µs")
        var total: [String: Double] = [:]
        let requests = scale.shortRequests
        let order = LoadOrder(plan: StreamPlan(events: 1, padding: 8), streams: requests)
        for _ in 0..<scale.rounds {
            for subject in testbed.subjects {
                let (record, seconds) = try load(order, subject)
                first.add(record.firstEventMicroseconds.median, of: subject.name)
                slow.add(record.firstEventMicroseconds.percentile(0.99), of: subject.name)
                total[subject.name, default: 0] += seconds
            }
        }
        // The kernel counts CPU time in hundredths of a second, hence one figure for all rounds.
        for subject in testbed.subjects where subject.meter != nil {
            let used = total[subject.name, default: 0]
            cpu.add(used / Double(requests * scale.rounds) * 1e6, of: subject.name)
        }
        figures += [first, first.added(to: "direct", as: "added to direct, p50"), slow, cpu]
    }

    /// Many streams at the pace of an engine: 50 events a second each.
    mutating func paced() throws {
        note("paced …")
        var latency = Figure("paced", "latency per event, p50", "µs")
        var slow = Figure("paced", "latency per event, p99", "µs")
        var cpu = Figure("paced", "CPU per million events", "s")
        var reads = Figure("paced", "events per client read", "")
        let plan = StreamPlan(events: scale.pacedEvents, intervalMicroseconds: 20_000)
        let order = LoadOrder(
            plan: plan,
            streams: scale.pacedStreams,
            concurrent: scale.pacedStreams,
            startsPerSecond: 400,
            limitSeconds: 60
        )
        for _ in 0..<max(1, scale.rounds - 2) {
            for subject in testbed.subjects {
                let (record, seconds) = try load(order, subject)
                latency.add(record.latencyMicroseconds.median, of: subject.name)
                slow.add(record.latencyMicroseconds.percentile(0.99), of: subject.name)
                reads.add(record.eventsPerRead, of: subject.name)
                if subject.meter != nil { cpu.add(seconds / Double(record.events) * 1e6, of: subject.name) }
            }
        }
        figures += [latency, latency.added(to: "direct", as: "added to direct, p50"), slow, cpu, reads]
    }

    /// Sixteen streams as fast as they go. Upstream and load share a CPU and are often what limits the rate; the CPU per
    /// event says what the proxy costs.
    mutating func saturated() throws {
        for eventsPerWrite in [1, 16] {
            let mode = "saturated, \(eventsPerWrite) per write"
            note("\(mode) …")
            var rate = Figure(mode, "events per second", "1/s")
            var cpu = Figure(mode, "CPU per million events", "s")
            var reads = Figure(mode, "events per client read", "")
            let events = scale.saturatedEvents * (eventsPerWrite == 1 ? 1 : 4)
            let plan = StreamPlan(events: events, eventsPerWrite: eventsPerWrite)
            let order = LoadOrder(plan: plan, streams: 16, concurrent: 16, limitSeconds: 120)
            for _ in 0..<scale.rounds {
                for subject in testbed.subjects {
                    let (record, seconds) = try load(order, subject)
                    rate.add(record.eventsPerSecond, of: subject.name)
                    reads.add(record.eventsPerRead, of: subject.name)
                    if subject.meter != nil { cpu.add(seconds / Double(record.events) * 1e6, of: subject.name) }
                }
            }
            figures += [rate, cpu, reads]
        }
    }
}
