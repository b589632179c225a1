internal import GenerationWire
internal import NIOCore
internal import Synchronization

/// Which requests the engine would not stream lately, so that they are not asked for as a stream again.
///
/// Whether an engine streams depends on what is asked: vLLM refuses `prompt_logprobs`, others some kinds of audio. A
/// refusal therefore counts for requests in the same format, for the same model, with the same members.
final class StreamRefusals: Sendable {
    struct Key: Hashable {
        let format: WireFormat
        let model: String
        let members: UInt64

        init(_ request: GenerationRequest) {
            format = request.format
            model = request.model
            members = request.members
        }
    }

    private let known = Mutex<[Key: NIODeadline]>([:])
    private let memory: TimeAmount
    private let capacity: Int

    init(memory: TimeAmount = .minutes(10), capacity: Int = 1_024) {
        self.memory = memory
        self.capacity = capacity
    }

    func contains(_ request: GenerationRequest, now: NIODeadline = .now()) -> Bool {
        known.withLock { known in
            guard !known.isEmpty, let until = known[Key(request)] else { return false }
            return until > now
        }
    }

    func add(_ request: GenerationRequest, now: NIODeadline = .now()) {
        known.withLock { known in
            if known.count >= capacity { known = known.filter { $0.value > now } }
            // Full of fresh ones: forgetting costs a request that is asked for twice, no more.
            if known.count >= capacity { known.removeAll() }
            known[Key(request)] = now + memory
        }
    }
}
