extension DetectorSettings {
    /// The mode of a text rule in a channel and profile. In arguments the rules that look at exact repetition have the
    /// mode of `argument_repeat`, the others are off.
    func mode(of rule: DetectorID, in kind: ChannelKind, _ profile: TextProfile) -> Mode {
        if kind == .arguments {
            switch rule {
            case .tailRepeat, .lineRepeat, .stutter: return argumentRepeat.mode
            default: return .off
            }
        }
        switch rule {
        case .tailRepeat: return tailRepeat.modes.mode(in: kind, profile)
        case .lineRepeat: return lineRepeat.modes.mode(in: kind, profile)
        case .simhashRepeat: return simhashRepeat.modes.mode(in: kind, profile)
        case .noveltyStall: return noveltyStall.modes.mode(in: kind, profile)
        case .stutter: return stutter.modes.mode(in: kind, profile)
        case .templateCounter: return templateCounter.modes.mode(in: kind, profile)
        default: return .off
        }
    }
}
