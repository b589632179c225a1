public import GenerationWire
public import LoopDetection

extension Verdict {
    /// Where the text that was convicted is cut so that one copy of the loop stays; `nil` when the verdict is not over
    /// text that repeats itself.
    public var cut: (channel: TextChannel, cut: TextCut)? {
        let channel: TextChannel
        switch self.channel {
        case .content: channel = .content
        case .reasoning: channel = .reasoning
        case .arguments, nil: return nil
        }
        return place.map { (channel, $0) }
    }

    private var place: TextCut? {
        switch detector {
        case .tailRepeat: return TextCut(bytes: integer("start").map { $0 + (integer("period") ?? 0) })
        case .stutter:
            let copy = (integer("span") ?? 0) / max(integer("deltas") ?? 1, 1)
            return TextCut(bytes: integer("start").map { $0 + copy })
        case .lineRepeat: return TextCut(repeats: .equal)
        case .templateCounter, .simhashRepeat: return TextCut(repeats: .numbered)
        // What brings no new words began before the first segment that was found to bring none.
        case .noveltyStall: return TextCut(bytes: integer("start"), repeats: .numbered)
        default: return nil
        }
    }

    private func integer(_ name: String) -> Int? {
        if case .integer(let value) = evidence[name] { return value }
        return nil
    }
}
