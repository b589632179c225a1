extension GatewayBenchmark {
    /// Resident memory of every proxy, idle and with open streams. It comes first, before anything has warmed them up.
    mutating func memory() throws {
        note("memory …")
        var resident = Figure("memory", "idle", "MiB")
        for subject in testbed.subjects {
            if let meter = subject.meter { resident.add(meter.residentBytes / 1_048_576, of: subject.name) }
        }
        let idle = resident
        add(resident)
        for count in [100, 1_000] {
            resident = Figure("memory", "\(count) streams", "MiB")
            var perStream = Figure("memory", "per stream at \(count)", "KiB")
            for subject in testbed.subjects {
                guard let meter = subject.meter, let before = idle[subject.name]?.median else { continue }
                let bytes = try residentBytes(subject, meter, streams: count)
                resident.add(bytes / 1_048_576, of: subject.name)
                perStream.add((bytes / 1_024 - before * 1_024) / Double(count), of: subject.name)
            }
            figures += [resident, perStream]
        }
    }

    /// The most memory while so many streams are open and have all begun.
    private func residentBytes(_ subject: Testbed.Subject, _ meter: ProcessMeter, streams: Int) throws -> Double {
        // One event a second from each; the client leaves once it has seen enough.
        let plan = StreamPlan(events: 60, intervalMicroseconds: 1_000_000)
        let order = LoadOrder(
            plan: plan,
            streams: streams,
            concurrent: streams,
            startsPerSecond: 1_000,
            limitSeconds: 20
        )
        var highest = 0.0
        var allBegan: Double?
        let record = try CurlLoad(port: subject.port).run(order) { progress in
            guard progress.begun == streams else { return true }
            let began = allBegan ?? progress.seconds
            allBegan = began
            highest = max(highest, meter.residentBytes)
            return progress.seconds < began + 1
        }
        guard allBegan != nil, record.failed == 0 else {
            throw BenchmarkError(
                "\(subject.name) did not carry \(streams) streams at once, only \(record.firstEvents.count) began: "
                    + (record.failure ?? "not in \(order.limitSeconds) s")
            )
        }
        try testbed.settle()
        return highest
    }

    /// What a proxy keeps of a stream that its client does not read.
    mutating func stall() throws {
        note("stall …")
        var growth = Figure("stall", "memory growth", "MiB", isComparable: false)
        var pulled = Figure("stall", "pulled from the upstream", "MB")
        let plan = StreamPlan(events: 1_000_000, eventsPerWrite: 4)
        let order = LoadOrder(plan: plan, isStalled: true, limitSeconds: scale.stallSeconds)
        for subject in testbed.subjects {
            let before = try testbed.counts().bytes
            let resident = subject.meter?.residentBytes ?? 0
            var highest = resident
            _ = try CurlLoad(port: subject.port).run(order) { _ in
                highest = max(highest, subject.meter?.residentBytes ?? 0)
                return true
            }
            pulled.add(Double(try testbed.counts().bytes - before) / 1e6, of: subject.name)
            if subject.meter != nil { growth.add((highest - resident) / 1_048_576, of: subject.name) }
            try testbed.settle()
        }
        figures += [growth, pulled]
    }
}
