import Cancellation
import Foundation
import GenerationWire
import Guard
import LoopDetection
import Testing

/// A stream that one detector convicts, and a request that goes with it.
private struct Case {
    var body: String
    var request = GenerationRequest(format: .chatCompletions)

    private static func text(_ pieces: [String], field: String = "content") -> String {
        pieces.map { piece in
            let escaped = piece.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return StreamState.chunk("{\"\(field)\":\"\(escaped)\"}")
        }.joined()
    }

    private static func call(_ name: String, _ arguments: String, _ index: Int) -> String {
        let escaped = arguments.replacing("\"", with: "\\\"")
        return StreamState.chunk(
            #"{"tool_calls":[{"index":\#(index),"id":"t\#(index)","function":"#
                + #"{"name":"\#(name)","arguments":"\#(escaped)"}}]}"#
        )
    }

    private static func words(_ seed: Int, _ count: Int) -> String {
        var random = SeededGenerator(state: UInt64(seed))
        return (0..<count).map { _ in
            String((0..<6).map { _ in "abcdefghijklmnop".randomElement(using: &random)! })
        }.joined(separator: " ")
    }

    /// Rounds of the same call with the same result.
    private static func conversation(_ rounds: Int, arguments: String, result: String) -> Conversation {
        let call = Conversation.PastCall(
            name: "bash",
            arguments: Array(arguments.utf8),
            result: .init(text: Array(result.utf8))
        )
        return Conversation(rounds: Array(repeating: .init(calls: [call], turn: 1), count: rounds), userTurns: 1)
    }

    init(_ detector: DetectorID) {
        let command = #"{"command":"cargo build"}"#
        switch detector {
        case .tailRepeat, .stutter: body = Self.text(Array(repeating: "and again ", count: 2_000))
        case .lineRepeat: body = Self.text(Array(repeating: "The same long line again.\n", count: 400))
        case .simhashRepeat:
            let sentence = """
                Now the configuration of the next server is checked again with great care before anything else is begun, \
                because the step after it needs every value in it to be right, and this is number N.
                """
            body = Self.text((0..<200).map { sentence.replacing("number N", with: "number \($0)") + " " })
        case .noveltyStall:
            body = Self.text(
                (0..<400).map { number in
                    let words = ["I", "will", "do", "it", "now", "then", "start", "really", "go", "on"]
                    return (0..<12).map { words[($0 * $0 + number * 7 + $0 * number) % 10] }.joined(separator: " ")
                        + ". "
                },
                field: "reasoning"
            )
        case .templateCounter: body = Self.text((0..<200).map { "Attempt number \($0 * 17) at the same problem\n" })
        case .toolNameRun:
            body = (0..<80).map { Self.call("read", #"{"path":"\#(Self.words($0, 1))"}"#, $0) }.joined()
        case .argumentDedup: body = (0..<8).map { Self.call("read", #"{"path":"a"}"#, $0) }.joined()
        case .argumentRepeat:
            let fragment = StreamState.chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"once more, "}}]}"#)
            body = Self.call("write", #"{"text":""#, 0) + String(repeating: fragment, count: 1_000)
        case .historyRepeat:
            body = Self.call("bash", command, 0)
            request.conversation = Self.conversation(12, arguments: command, result: "nothing to do, all is built\n")
        case .permanentFailure:
            body = Self.call("bash", command, 0)
            request.conversation = Self.conversation(8, arguments: command, result: "bash: cargo: command not found\n")
        case .budget: body = Self.text((0..<400).map { Self.words($0, 8) + " " })
        }
    }
}

@Suite struct EveryDetector {
    /// All others off, so that only this one can have done it.
    private func alone(_ detector: DetectorID) -> GuardSettings {
        var settings = GuardSettings()
        let shipped = settings.detectors
        settings.detectors = shipped.capped(at: .off)
        let everywhere = TextModes(content: .stop, reasoning: .stop, code: .stop)
        switch detector {
        case .tailRepeat: settings.detectors.tailRepeat.modes = everywhere
        case .lineRepeat: settings.detectors.lineRepeat.modes = everywhere
        case .simhashRepeat: settings.detectors.simhashRepeat.modes = everywhere
        case .noveltyStall: settings.detectors.noveltyStall.modes = everywhere
        case .stutter: settings.detectors.stutter.modes = everywhere
        case .templateCounter: settings.detectors.templateCounter.modes = everywhere
        case .toolNameRun: settings.detectors.toolNameRun.mode = .stop
        case .argumentDedup: settings.detectors.argumentDedup.mode = .stop
        case .historyRepeat: settings.detectors.historyRepeat.mode = .stop
        case .permanentFailure: settings.detectors.permanentFailure.mode = .stop
        case .argumentRepeat: settings.detectors.argumentRepeat.mode = .stop
        case .budget:
            settings.detectors.budget.mode = .stop
            settings.detectors.budget.maxOutputBytes = 5_000
        }
        return settings
    }

    @Test(arguments: DetectorID.allCases)
    func endsTheRunInItsOwnName(detector: DetectorID) throws {
        let example = Case(detector)
        let passage = Passage(StreamState.role + example.body, example.request, settings: alone(detector))
        #expect(passage.trip?.detector == detector)
        #expect(passage.trip?.mode == .stop)
        #expect(passage.trip?.evidence.facts.isEmpty == false)
        #expect(try passage.finishes == ["length"])
        #expect(passage.text.contains(#""stop_reason":"guard:\#(detector.name)""#))
        #expect(passage.text.hasSuffix("data: [DONE]\n\n"))
        #expect(EndReason.tripped(detector).name == "guard:\(detector.name)")
    }

    @Test(arguments: DetectorID.allCases)
    func isSilencedByTheCeiling(detector: DetectorID) {
        let example = Case(detector)
        var settings = alone(detector)
        settings.mode = .warn
        let passage = Passage(StreamState.role + example.body, example.request, settings: settings)
        #expect(passage.trip == nil)
        #expect(passage.verdicts.allSatisfy { $0.mode <= .warn && $0.detector == detector })
        #expect(passage.text == StreamState.role + example.body)
    }
}
