public import GenerationWire
public import LoopDetection

extension Verdict {
    /// Where the text that was convicted is cut so that one copy of the loop stays; `nil` when the verdict is not over
    /// text, or its detector does not know where the loop began (`simhash_repeat`, `budget`).
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
        case .lineRepeat: return .repeatedLines
        case .templateCounter: return .numberedLines
        case .tailRepeat: return integer("start").map { .bytes($0 + (integer("period") ?? 0)) }
        case .stutter:
            let copy = (integer("span") ?? 0) / max(integer("deltas") ?? 1, 1)
            return integer("start").map { .bytes($0 + copy) }
        case .noveltyStall: return integer("start").map { .bytes($0) }
        default: return nil
        }
    }

    private func integer(_ name: String) -> Int? {
        if case .integer(let value) = evidence[name] { return value }
        return nil
    }
}
