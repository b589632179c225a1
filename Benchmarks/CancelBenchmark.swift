import Glibc

extension GatewayBenchmark {
    /// From the moment the client closes its connection until the upstream sees it, in the four windows in which proxies
    /// are known to miss it.
    mutating func cancel() throws {
        let held = StreamPlan(events: 5, intervalMicroseconds: 20_000, delayMilliseconds: 2_000)
        var open = held
        open.sendsHeadersFirst = true
        var whole = held
        whole.streams = false
        let windows: [(name: String, plan: StreamPlan, leaving: LoadOrder.Leaving)] = [
            ("mid stream", StreamPlan(events: 500, intervalMicroseconds: 20_000), .afterEvents(10)),
            ("headers held", held, .afterMilliseconds(200)),
            ("headers sent, no event", open, .afterMilliseconds(200)),
            ("non-streaming", whole, .afterMilliseconds(200)),
        ]
        for (name, plan, leaving) in windows {
            note("cancel, \(name) …")
            var time = Figure("cancel", name, "ms")
            var missed = Figure("cancel", "\(name), missed of \(scale.cancels)", "", isComparable: false)
            let order = LoadOrder(plan: plan, leaving: leaving, limitSeconds: 5)
            var missing: [String: Int] = [:]
            for _ in 0..<scale.cancels {
                for subject in testbed.subjects {
                    if let milliseconds = try cancel(order, subject) {
                        time.add(milliseconds, of: subject.name)
                    } else {
                        missing[subject.name, default: 0] += 1
                        time.addNothing(of: subject.name)
                    }
                }
            }
            for subject in testbed.subjects { missed.add(Double(missing[subject.name] ?? 0), of: subject.name) }
            add(time)
            add(missed)
        }
    }

    /// One cancelled request: milliseconds, or `nil` when the upstream never learned of it within three seconds.
    private func cancel(_ order: LoadOrder, _ subject: Testbed.Subject) throws -> Double? {
        let before = try testbed.counts()
        let record = try CurlLoad(port: subject.port).run(order)
        guard record.left == 1 else {
            throw BenchmarkError("\(subject.name) ended a stream that was to be left: \(record.failure ?? "too early")")
        }
        let deadline = monotonicNanoseconds() + 3_000_000_000
        while monotonicNanoseconds() < deadline {
            let now = try testbed.counts()
            if now.aborted > before.aborted {
                return (Double(now.lastAbort) - Double(record.leftAt)) / 1e6
            }
            if now.completed > before.completed { break }
            usleep(10_000)
        }
        try testbed.settle()
        return nil
    }
}
