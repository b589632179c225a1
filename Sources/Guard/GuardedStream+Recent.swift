import GenerationWire
public import LoopDetection

/// What is remembered of a response: how much came, and the last of its text.
extension GuardedStream {
    /// The channel of one choice or call.
    public struct TextPlace: Sendable, Equatable {
        /// The choice, in the order in which they appeared.
        var choice: Int
        var channel: ChannelKind
        /// The call, in the order in which they were made, when the channel is its arguments.
        var call: Int
    }

    /// The last text of a channel, as the detectors saw it: decoded, in arguments with the escapes of their strings
    /// decoded as well.
    public struct RecentText: Sendable, Equatable {
        /// At least the last 8 KiB, when there was as much.
        public var bytes: [UInt8]
        /// The offset in the channel of the first byte.
        public var start: Int
        /// The offset behind the last byte.
        public var end: Int { start + bytes.count }
    }

    /// Where a verdict that has just been given was found; `nil` for verdicts on calls and on the conversation.
    public func place(of verdict: Verdict) -> TextPlace? {
        guard let channel = verdict.channel else { return nil }
        let index = convictions.first { $0.value == verdict }?.key
        guard let choice = choices.firstIndex(where: { index == nil || $0.progress.index == index }) else { return nil }
        let call = choices[choice].calls.lastIndex { $0.monitor.byteCount >= verdict.byte } ?? 0
        return TextPlace(choice: choice, channel: channel, call: call)
    }

    /// The last text there; `nil` when none has come.
    public func recentText(at place: TextPlace) -> RecentText? {
        guard choices.indices.contains(place.choice),
            let monitor = choices[place.choice].monitor(place.channel, call: place.call)
        else { return nil }
        let (bytes, start) = monitor.recentText
        return RecentText(bytes: bytes, start: start)
    }
}

extension ChoiceGuard {
    fileprivate func monitor(_ channel: ChannelKind, call: Int) -> ChannelMonitor? {
        switch channel {
        case .content: content
        case .reasoning: reasoning
        case .arguments: calls.indices.contains(call) ? calls[call].monitor : nil
        }
    }
}
