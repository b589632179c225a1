internal import Cancellation
internal import Runs

/// What all runs amount to, since the start and in the last hour.
enum StatsReply {
    static func reply(_ gateway: GatewayContext) -> Reply {
        let (total, history) = gateway.registry.totals.current
        return Reply(
            json: JSONWriter.object { json in
                json.member("now", WallClock.now)
                json.member("uptime_s", WallClock.now - gateway.started)
                json.member("version", gateway.configuration.version)
                json.member("upstream", "\(gateway.configuration.upstream)")
                json.member("engine", gateway.engineName)
                json.member("live", gateway.registry.counts.live)
                json.key("totals")
                json.object { totals in
                    totals.member("runs", total.runs)
                    for phase in RunPhase.allCases where phase.isTerminal {
                        totals.member(phase.name, total.phases[phase] ?? 0)
                    }
                    totals.member("trips", total.trips)
                    totals.member("cancels", total.cancels)
                    totals.member("tokens", total.tokens)
                    totals.member("bytes", total.bytes)
                    totals.member("tokens_saved", total.saved)
                }
                json.key("series")
                json.object { series in
                    series.member("step_s", RunTotals.step)
                    series.member("start", WallClock.now - Double(history.count * RunTotals.step))
                    for (name, value) in Self.series {
                        series.key(name)
                        series.array { array in for step in history { array.literal("\(step[keyPath: value])") } }
                    }
                }
            }
        )
    }

    private static var series: [(String, KeyPath<RunTotals.Counts, Int>)] {
        [
            ("runs", \.runs), ("tokens", \.tokens), ("trips", \.trips), ("cancels", \.cancels),
            ("tokens_saved", \.saved),
        ]
    }
}
