import LoopDetection

/// Rules that tuning has found, and what speaks for them.
public struct TunedRules: Sendable {
    let setting: DialSetting
    let mostFalseStops: Double
    /// How the default rules and these did on the recordings they were tuned on.
    public let train: (usual: Tally, tuned: Tally)
    /// How they did on the others.
    public let test: (usual: Tally, tuned: Tally)
    let tried: [Int: [Int: Tally]]

    /// Whether any setting differs from the default.
    public var isChanged: Bool { setting != DialSetting() }

    /// The rules file, with the evidence for each number.
    public var yaml: String {
        let rows = [
            ("train, default", train.usual), ("train, tuned", train.tuned), ("test, default", test.usual),
            ("test, tuned", test.tuned),
        ]
        var page = """
            # Written by `loopguard rules tune` on \(train.usual.count + test.usual.count) labelled recordings, half of \
            them to tune on (train)
            # and half to see what that is worth (test). At most \(Self.percent(mostFalseStops)) of the healthy ones \
            might be stopped.
            # In brackets: the interval that holds the true share with 95 % confidence.
            #

            """
        for (name, tally) in rows {
            page += "#   \(name):\(String(repeating: " ", count: 15 - name.count)) \(Self.facts(tally))\n"
        }
        page += "#\n"
        page +=
            isChanged ? "# What is not said here stays as in the default rules.\n\n" : "# Nothing was found better.\n\n"
        page += setting.yaml { place in
            let dial = Dial.all[place]
            return evidence(place, "was \(dial.steps[dial.usual])")
        }
        page += "\n# Kept as they are, with what the next steps would do on train:\n"
        for (place, dial) in Dial.all.enumerated() where setting.steps[place] == dial.usual {
            page += "#   \(dial.detector.name) \(Self.short(dial.steps[dial.usual]))\n#     \(evidence(place, nil))\n"
        }
        return page
    }

    /// What the step chosen and its neighbours did on the recordings that were tuned on.
    private func evidence(_ place: Int, _ before: String?) -> String {
        let dial = Dial.all[place]
        let step = setting.steps[place]
        let near = [(step - 1, "more lenient"), (step, "here"), (step + 1, "stricter")].compactMap { near, name in
            tried[place]?[near].map { tally in
                "\(name)\(near == step ? "" : " (\(Self.short(dial.steps[near])))"): "
                    + "\(tally.falseStops.count + tally.earlyStops.count) false stops, \(tally.misses.count) missed, "
                    + "\(tally.meanDelivered) loop bytes"
            }
        }
        return ((before.map { [Self.short($0)] } ?? []) + near).joined(separator: "; ")
    }

    private static func short(_ step: String) -> String {
        guard step.contains("up_to"), let first = step.firstIndex(of: "{"), let last = step.firstIndex(of: "}") else {
            return step
        }
        return step[..<first] + step[first...last] + ", …]"
    }

    private static func facts(_ tally: Tally) -> String {
        let early = tally.earlyStops.count == 0 ? "" : " and \(tally.earlyStops.count) loops before they began"
        return
            "stopped \(tally.falseStops.count) of \(tally.healthy) healthy (\(tally.falseStops.percentages))\(early), "
            + "missed \(tally.misses.count) of \(tally.loops) loops (\(tally.misses.percentages)), "
            + "\(tally.meanDelivered) loop bytes delivered on average"
    }

    private static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
}
