extension DetectorSettings {
    /// The same settings with no detector going further than `ceiling`.
    public func capped(at ceiling: Mode) -> DetectorSettings {
        var capped = self
        for modes in [
            \DetectorSettings.tailRepeat.modes, \.lineRepeat.modes, \.simhashRepeat.modes, \.noveltyStall.modes,
            \.stutter.modes, \.templateCounter.modes,
        ] {
            capped[keyPath: modes].content = min(ceiling, self[keyPath: modes].content)
            capped[keyPath: modes].reasoning = min(ceiling, self[keyPath: modes].reasoning)
            capped[keyPath: modes].code = min(ceiling, self[keyPath: modes].code)
        }
        for mode in [
            \DetectorSettings.toolNameRun.mode, \.argumentDedup.mode, \.historyRepeat.mode, \.permanentFailure.mode,
            \.argumentRepeat.mode, \.budget.mode,
        ] {
            capped[keyPath: mode] = min(ceiling, self[keyPath: mode])
        }
        return capped
    }
}
