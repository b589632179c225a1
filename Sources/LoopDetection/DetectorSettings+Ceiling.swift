extension DetectorSettings {
    /// The same settings with no detector going further than `ceiling`.
    public func capped(at ceiling: Mode) -> DetectorSettings { capped { _ in ceiling } }

    /// The same settings with every other detector off.
    public func only(_ detector: DetectorID) -> DetectorSettings { capped { $0 == detector ? .stop : .off } }

    private func capped(_ ceiling: (DetectorID) -> Mode) -> DetectorSettings {
        var capped = self
        let texts: [(DetectorID, WritableKeyPath<DetectorSettings, TextModes>)] = [
            (.tailRepeat, \.tailRepeat.modes), (.lineRepeat, \.lineRepeat.modes),
            (.simhashRepeat, \.simhashRepeat.modes), (.noveltyStall, \.noveltyStall.modes),
            (.stutter, \.stutter.modes), (.templateCounter, \.templateCounter.modes),
        ]
        for (detector, modes) in texts {
            let most = ceiling(detector)
            capped[keyPath: modes].content = min(most, self[keyPath: modes].content)
            capped[keyPath: modes].reasoning = min(most, self[keyPath: modes].reasoning)
            capped[keyPath: modes].code = min(most, self[keyPath: modes].code)
        }
        let others: [(DetectorID, WritableKeyPath<DetectorSettings, Mode>)] = [
            (.toolNameRun, \.toolNameRun.mode), (.argumentDedup, \.argumentDedup.mode),
            (.historyRepeat, \.historyRepeat.mode), (.permanentFailure, \.permanentFailure.mode),
            (.argumentRepeat, \.argumentRepeat.mode), (.budget, \.budget.mode),
        ]
        for (detector, mode) in others {
            capped[keyPath: mode] = min(ceiling(detector), self[keyPath: mode])
        }
        return capped
    }
}
