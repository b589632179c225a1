import LoopDetection
import Rules

/// Looks for thresholds that miss fewer loops, or stop them sooner, without stopping more of what is healthy.
///
/// The recordings are divided in two. On the first half every dial is turned in turn, all others staying where they are,
/// until a whole round changes nothing. A step is taken when it stops no more healthy recordings than are allowed, and
/// then misses fewer loops, or delivers at least a twentieth fewer bytes of them. A number that is stricter than the
/// default also needs the next one after it to be as harmless, so that no threshold stands at the edge of what was seen.
/// The second half, which had no say, shows what the result is worth.
public struct RuleTuner: Sendable {
    /// The largest share of healthy recordings that may be stopped.
    public var mostFalseStops = 0.0
    /// How many recordings are replayed at once.
    public var jobs = 1
    /// Told of each dial as it is turned.
    public var progress: @Sendable (String) -> Void = { _ in }

    /// Creates a tuner.
    public init() {}

    /// How rules did on one half.
    typealias Evidence = (rules: DialSetting, tally: Tally)

    /// Tunes on recordings, of which those without a label are left out.
    public func tune(_ recordings: [Recording]) async throws(ReplayError) -> TunedRules {
        let (train, test) = Self.split(try Example.load(recordings))
        guard train.contains(where: { $0.label.kind == .loop }), train.contains(where: { $0.label.kind == .healthy })
        else {
            throw ReplayError(
                file: "rules tune",
                message: "needs recordings of both labels, at least two of each; set labels with "
                    + "`loopguard recordings mark`"
            )
        }
        var best: Evidence = (DialSetting(), await tally(DialSetting(), train)!)
        let usual = best.tally
        var tried: [Int: [Int: Tally]] = [:]
        var hasChanged = true
        var rounds = 0
        while hasChanged, rounds < Self.mostRounds {
            hasChanged = false
            rounds += 1
            for (place, dial) in Dial.all.enumerated() {
                progress("round \(rounds): \(dial.detector.name) \(place + 1) of \(Dial.all.count)")
                let tallies = await tallies(of: place, around: best, train)
                tried[place] = tallies
                let step = choose(dial, tallies, now: best.rules.steps[place])
                guard step != best.rules.steps[place], let tally = tallies[step] else { continue }
                best.rules.steps[place] = step
                best.tally = tally
                hasChanged = true
            }
        }
        return TunedRules(
            setting: best.rules,
            mostFalseStops: mostFalseStops,
            train: (usual, best.tally),
            test: (await tally(DialSetting(), test)!, await tally(best.rules, test)!),
            tried: tried
        )
    }

    /// Rounds after which tuning ends even when it has not settled.
    private static let mostRounds = 3
    /// The share of delivered bytes by which a step must be better to be taken for that alone.
    private static let worthwhile = 0.05

    /// What each step of one dial does. Steps that make no valid rules are left out.
    private func tallies(of place: Int, around best: Evidence, _ examples: [Example]) async -> [Int: Tally] {
        var tallies = [best.rules.steps[place]: best.tally]
        for step in Dial.all[place].steps.indices where tallies[step] == nil {
            var rules = best.rules
            rules.steps[place] = step
            tallies[step] = await tally(rules, examples)
        }
        return tallies
    }

    private func choose(_ dial: Dial, _ tallies: [Int: Tally], now: Int) -> Int {
        func excess(_ tally: Tally) -> Int {
            let allowed = Int(mostFalseStops * Double(tally.healthy))
            return max(0, tally.falseStops.count + tally.earlyStops.count - allowed)
        }
        var best = now
        for step in tallies.keys.sorted(by: { abs($0 - now) < abs($1 - now) }) where step != now {
            guard let tally = tallies[step], let current = tallies[best] else { continue }
            if step > dial.usual, !dial.isSwitch {
                guard let further = tallies[step + 1], excess(further) <= excess(current) else { continue }
            }
            let isBetter =
                if excess(tally) != excess(current) {
                    excess(tally) < excess(current)
                } else if tally.misses.count != current.misses.count {
                    tally.misses.count < current.misses.count
                } else {
                    Double(tally.meanDelivered) < Double(current.meanDelivered) * (1 - Self.worthwhile)
                }
            if isBetter { best = step }
        }
        return best
    }

    /// Replays examples under rules; `nil` when they are not valid.
    private func tally(_ setting: DialSetting, _ examples: [Example]) async -> Tally? {
        guard let rules = try? RuleSet.parse(yaml: setting.yaml(), file: "tuned") else { return nil }
        let replayer = Replayer(rules: rules)
        let size = max(1, (examples.count + jobs - 1) / max(1, jobs))
        return await withTaskGroup(of: Tally.self) { group in
            for start in stride(from: 0, to: examples.count, by: size) {
                let part = examples[start..<min(start + size, examples.count)]
                group.addTask {
                    var tally = Tally()
                    for example in part {
                        let result = replayer.replay(example.content, file: example.path)
                        tally.add(example.label, result.verdict)
                    }
                    return tally
                }
            }
            return await group.reduce(into: Tally()) { $0.add($1) }
        }
    }

    /// Every second recording of each label and class, in the order of a hash of its name: the same on every machine,
    /// and no order in which recordings were made decides.
    private static func split(_ examples: [Example]) -> (train: [Example], test: [Example]) {
        var train: [Example] = []
        var test: [Example] = []
        let groups = Dictionary(grouping: examples) { "\($0.label.kind) \($0.label.group ?? "")" }
        for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
            for (place, example) in group.sorted(by: { ($0.hash, $0.path) < ($1.hash, $1.path) }).enumerated() {
                if place % 2 == 0 { train.append(example) } else { test.append(example) }
            }
        }
        return (train, test)
    }
}

/// A labelled recording held in memory.
private struct Example: Sendable {
    var path: String
    var label: Label
    var content: RecordedContent

    static func load(_ recordings: [Recording]) throws(ReplayError) -> [Example] {
        var examples: [Example] = []
        for (recording, label) in zip(recordings, try LabelFile.labels(of: recordings)) {
            guard let label else { continue }
            examples.append(Example(path: recording.path, label: label, content: try recording.content()))
        }
        return examples
    }

    /// FNV-1a of the file's own name, without the folders it lies in.
    var hash: UInt64 {
        path.utf8.reversed().prefix { $0 != UInt8(ascii: "/") }.reduce(0xCBF2_9CE4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
    }
}
