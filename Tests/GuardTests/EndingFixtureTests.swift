import Cancellation
import Foundation
import GenerationWire
import Guard
import Testing

/// One state that a stream can be in when it is ended: a healthy stream up to and with the first event that holds a text.
struct EndingState: Sendable, CustomTestStringConvertible {
    var format: WireFormat
    var name: String
    var file: String?
    var through: String
    /// Which of the events that hold the text, counted from 1.
    var occurrence = 1
    var toolCalls = GuardSettings.ToolCallPolicy.hold

    init(
        _ format: WireFormat,
        _ name: String,
        _ file: String? = nil,
        _ through: String = "",
        _ occurrence: Int = 1,
        _ toolCalls: GuardSettings.ToolCallPolicy = .hold
    ) {
        self.format = format
        self.name = name
        self.file = file
        self.through = through
        self.occurrence = occurrence
        self.toolCalls = toolCalls
    }

    var testDescription: String { "\(format.rawValue) \(name)" }

    /// What the client receives in this state, ending included.
    func ended(_ settings: GuardSettings) throws -> [UInt8] {
        var settings = settings
        settings.toolCalls = toolCalls
        var request = GenerationRequest(format: format)
        request.model = "marlow-2"
        request.includeUsage = true
        request.bodyBytes = 120
        var received: [UInt8] = []
        if let file {
            let stream = try #require(Stream.healthy.first { $0.name == file })
            let holding = CutStream(stream: stream).events.enumerated().filter { $0.element.contains(through) }
            let last = try #require(holding.dropFirst(occurrence - 1).first, "\(file) has no \(through)").offset
            received = Array(CutStream(stream: stream).events.prefix(last + 1).joined().utf8)
        }
        var guarded = GuardedStream(request: request, settings: settings, runID: "run_1", created: 1_760_000_000)
        let passed = guarded.receive(received.span).forward.bytes(of: received.span)
        return passed + guarded.end(.userStop)
    }

    static let all: [EndingState] =
        chat + messages + responses + [
            EndingState(.completions, "before_first_event"),
            EndingState(.completions, "mid_text", "completions.sse", "text", 2),
            EndingState(.ollamaChat, "before_first_event"),
            EndingState(.ollamaChat, "mid_text", "ollama-chat-text.ndjson", "closes at"),
            EndingState(.ollamaChat, "mid_reasoning", "ollama-chat-thinking.ndjson", "Lerwick"),
            EndingState(.ollamaChat, "after_tool_call", "ollama-chat-tool.ndjson", "tool_calls"),
            EndingState(.ollamaChat, "finished", "ollama-chat-text.ndjson", "eval_count"),
            EndingState(.ollamaGenerate, "before_first_event"),
            EndingState(.ollamaGenerate, "mid_text", "ollama-generate-text.ndjson", "closes at"),
            EndingState(.ollamaGenerate, "mid_reasoning", "ollama-generate-thinking.ndjson", "Hm."),
            EndingState(.llamaCompletion, "before_first_event"),
            EndingState(.llamaCompletion, "mid_text", "llama-completion-text.sse", "closes at"),
            EndingState(.llamaCompletion, "mid_text_of_two", "llama-completion-two-prompts.sse", "CLOSES AT"),
            EndingState(.llamaCompletion, "mid_text_old", "llama-completion-old.sse", "closes at"),
        ]

    private static let chat = [
        EndingState(.chatCompletions, "before_first_event"),
        EndingState(.chatCompletions, "begun", "text.sse", "role"),
        EndingState(.chatCompletions, "mid_text", "text.sse", "content", 4),
        EndingState(.chatCompletions, "mid_text_usage_known", "usage-everywhere.sse", "content", 4),
        EndingState(.chatCompletions, "mid_reasoning", "reasoning.sse", "reasoning", 2),
        EndingState(.chatCompletions, "mid_think_tags", "think-tags.sse", "content", 4),
        EndingState(.chatCompletions, "tool_header_held", "tool-call.sse", "tool_calls"),
        EndingState(.chatCompletions, "mid_tool_held", "tool-call.sse", "tool_calls", 3),
        EndingState(.chatCompletions, "mid_tool_streamed", "tool-call.sse", "tool_calls", 3, .stream),
        EndingState(.chatCompletions, "after_tool", "tool-call-whole.sse", "tool_calls"),
        EndingState(.chatCompletions, "finished", "text.sse", "\"stop\""),
    ]

    private static let messages = [
        EndingState(.messages, "before_first_event"),
        EndingState(.messages, "begun", "messages-text.sse", "message_start"),
        EndingState(.messages, "block_begun", "messages-text.sse", "content_block_start"),
        EndingState(.messages, "mid_text", "messages-text.sse", "closes at"),
        EndingState(.messages, "between_blocks", "messages-thinking-and-tool.sse", "content_block_stop", 2),
        EndingState(.messages, "mid_reasoning", "messages-thinking-and-tool.sse", "table for"),
        EndingState(.messages, "after_reasoning", "messages-thinking-and-tool.sse", "content_block_stop"),
        EndingState(.messages, "tool_header_held", "messages-tool-cut.sse", "tool_use"),
        EndingState(.messages, "tool_header_held_no_text", "messages-parallel-tools.sse", "tool_use"),
        EndingState(.messages, "mid_tool_held", "messages-thinking-and-tool.sse", "Lerwick"),
        EndingState(.messages, "mid_tool_streamed", "messages-thinking-and-tool.sse", "Lerwick", 1, .stream),
        EndingState(.messages, "tool_header_streamed", "messages-parallel-tools.sse", "tool_use", 1, .stream),
        EndingState(.messages, "tool_whole_not_stopped", "messages-parallel-tools.sse", "input_json_delta"),
        EndingState(.messages, "between_tools", "messages-parallel-tools.sse", "content_block_stop"),
        EndingState(.messages, "after_tools", "messages-parallel-tools.sse", "content_block_stop", 3),
        EndingState(.messages, "one_whole_one_cut", "messages-parallel-tools.sse", "input_json_delta", 2),
        EndingState(.messages, "interleaved_second_whole", "messages-tools-interleaved.sse", "2W"),
        EndingState(.messages, "several_open_mid_text", "messages-blocks-left-open.sse", "Looking"),
        EndingState(.messages, "several_open_mid_tool", "messages-blocks-left-open.sse", "port"),
        EndingState(.messages, "several_open_after_tool", "messages-blocks-left-open.sse", "ick"),
        EndingState(.messages, "mid_server_tool", "messages-server-tool.sse", "input_json_delta"),
        EndingState(.messages, "after_server_tool", "messages-server-tool.sse", "content_block_stop", 3),
        EndingState(.messages, "finished", "messages-text.sse", "message_delta"),
    ]

    private static let responses = [
        EndingState(.responses, "before_first_event"),
        EndingState(.responses, "created", "responses-text.sse", "response.created"),
        EndingState(.responses, "item_begun", "responses-text.sse", "output_item.added"),
        EndingState(.responses, "part_begun", "responses-text.sse", "content_part.added"),
        EndingState(.responses, "mid_text", "responses-text.sse", "output_text.delta", 3),
        EndingState(.responses, "text_done", "responses-text.sse", "output_text.done"),
        EndingState(.responses, "part_done", "responses-text.sse", "content_part.done"),
        EndingState(.responses, "after_text", "responses-text.sse", "output_item.done"),
        EndingState(.responses, "mid_refusal", "responses-refusal.sse", "refusal.delta"),
        EndingState(.responses, "mid_summary", "responses-summary-and-call.sse", "summary_text.delta"),
        EndingState(.responses, "mid_reasoning", "responses-reasoning-text.sse", "reasoning_text.delta"),
        EndingState(.responses, "after_reasoning", "responses-reasoning-text.sse", "output_item.done"),
        EndingState(.responses, "tool_header_held", "responses-summary-and-call.sse", "function_call"),
        EndingState(.responses, "mid_tool_held", "responses-summary-and-call.sse", "arguments.delta", 2),
        EndingState(.responses, "mid_tool_streamed", "responses-summary-and-call.sse", "arguments.delta", 2, .stream),
        EndingState(.responses, "tool_whole_not_done", "responses-parallel-calls.sse", "arguments.delta"),
        EndingState(.responses, "between_tools", "responses-parallel-calls.sse", "output_item.done"),
        EndingState(.responses, "one_whole_one_cut", "responses-parallel-calls.sse", "arguments.delta", 2),
        EndingState(.responses, "after_tools", "responses-parallel-calls.sse", "output_item.done", 3),
        EndingState(.responses, "mid_custom_tool_held", "responses-custom-call.sse", "input.delta", 2),
        EndingState(.responses, "mid_custom_tool_streamed", "responses-custom-call.sse", "input.delta", 2, .stream),
        EndingState(.responses, "shell_call_held", "responses-shell-call.sse", "output_item.added"),
        EndingState(.responses, "mid_web_search", "responses-web-search.sse", "web_search_call.searching"),
        EndingState(.responses, "mid_mcp_call", "responses-mcp.sse", "arguments.delta"),
        EndingState(.responses, "unnumbered_mid_reasoning", "responses-unnumbered.sse", "reasoning_text.delta"),
        EndingState(.responses, "unnumbered_mid_text", "responses-unnumbered.sse", "output_text.delta"),
        EndingState(.responses, "unnumbered_mid_tool", "responses-unnumbered.sse", "arguments.delta"),
        EndingState(.responses, "unnumbered_after_tool", "responses-unnumbered.sse", "arguments.delta", 2),
        EndingState(.responses, "finished", "responses-text.sse", "response.completed"),
    ]
}

/// The endings in `fixtures/endings`, which `Integration/endings` shows to the official SDKs.
///
/// They are written by this test when `LOOPGUARD_UPDATE_FIXTURES=1` is set, and compared otherwise.
@Suite struct EndingsOnDisk {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures/endings")
    private static let updates = ProcessInfo.processInfo.environment["LOOPGUARD_UPDATE_FIXTURES"] == "1"

    /// The settings that change an ending, by the ending of the file's name.
    private static func variants(of format: WireFormat) -> [(suffix: String, settings: GuardSettings)] {
        var plain = GuardSettings()
        plain.responsesEnding = .incomplete
        var silent = plain
        silent.note = nil
        var completed = plain
        completed.responsesEnding = .completed
        var both = silent
        both.responsesEnding = .completed
        let compatible = [("-completed", completed), ("-completed-no-note", both)]
        return [("", plain), ("-no-note", silent)] + (format == .responses ? compatible : [])
    }

    @Test(arguments: EndingState.all)
    func areLegalAndUpToDate(state: EndingState) throws {
        for (suffix, settings) in Self.variants(of: state.format) {
            let body = try state.ended(settings)
            let grammar = Grammar(state.format, body)
            #expect(grammar.faults.isEmpty, "\(String(decoding: body, as: UTF8.self))")
            let isLines = state.format == .ollamaChat || state.format == .ollamaGenerate
            let file = Self.folder.appendingPathComponent(state.format.rawValue)
                .appendingPathComponent(state.name + suffix + (isLines ? ".ndjson" : ".sse"))
            if Self.updates {
                let parent = file.deletingLastPathComponent()
                try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
                try Data(body).write(to: file)
            } else {
                let told = try Array(Data(contentsOf: file))
                #expect(told == body, "\(file.lastPathComponent) is out of date: set LOOPGUARD_UPDATE_FIXTURES=1")
            }
        }
    }

    @Test func nothingElseLiesThere() throws {
        guard !Self.updates else { return }
        let found = try #require(FileManager.default.subpaths(atPath: Self.folder.path))
        let count = EndingState.all.reduce(0) { $0 + Self.variants(of: $1.format).count }
        #expect(found.filter { $0.contains(".") }.count == count)
    }
}
