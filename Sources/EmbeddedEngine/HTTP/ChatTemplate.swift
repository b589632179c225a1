import JSONBytes

/// Writes a conversation as the tokens that a model goes on with, in the form that it was trained on. Which one that is
/// its special tokens tell: `<|im_start|>` means ChatML, `<|start_header_id|>` Llama 3; a model without either gets
/// `User: …`, `Assistant: …`, one message a line.
///
/// The marks of the form are special tokens. What users and tools write is encoded as plain text and never becomes one.
/// Tools are described, called and answered in the form of Hermes and Qwen 2.5.
struct ChatTemplate: Sendable {
    enum Form: Sendable { case chatML, llama3, plain }

    let form: Form
    private let tokenizer: any Tokenizer

    init(_ tokenizer: any Tokenizer) {
        self.tokenizer = tokenizer
        form =
            tokenizer.special("<|im_start|>") != nil
            ? .chatML : tokenizer.special("<|start_header_id|>") != nil ? .llama3 : .plain
    }

    /// The tokens of a conversation, with the opening of the answer at the end.
    func render(_ messages: [ChatMessage], tools: [Tool] = []) -> [Token] {
        var writer = PromptWriter(tokenizer)
        if form == .llama3 { writer.begin() }
        var rest = messages[...]
        if !tools.isEmpty {
            let system = rest.first?.role == .system ? rest.removeFirst().content : []
            open("system", &writer)
            writer.text(system)
            if !system.isEmpty { writer.text("\n\n") }
            describe(tools, &writer)
            close(&writer)
        }
        while let message = rest.popFirst() {
            switch message.role {
            case .system:
                open("system", &writer)
                writer.text(message.content)
            case .user:
                open("user", &writer)
                writer.text(message.content)
            case .assistant:
                open("assistant", &writer)
                writer.text(message.content)
                for (index, call) in message.calls.enumerated() {
                    if index > 0 || !message.content.isEmpty { writer.text("\n") }
                    write(call, &writer)
                }
            case .tool:
                // What several tools answer is one turn.
                open("tool", &writer)
                respond(message.content, &writer)
                while rest.first?.role == .tool {
                    writer.text("\n")
                    respond(rest.removeFirst().content, &writer)
                }
            }
            close(&writer)
        }
        open("assistant", &writer)
        return writer.finish(trimmingEnd: form == .plain)
    }

    /// The tokens of a text that is no conversation.
    func render(_ text: [UInt8]) -> [Token] {
        var writer = PromptWriter(tokenizer)
        writer.begin()
        writer.text(text)
        return writer.finish()
    }

    private func open(_ role: String, _ writer: inout PromptWriter) {
        switch form {
        case .chatML:
            writer.mark("<|im_start|>")
            writer.text(role == "tool" ? "user\n" : role + "\n")
        case .llama3:
            writer.mark("<|start_header_id|>")
            writer.text(role == "tool" ? "user" : role)
            writer.mark("<|end_header_id|>")
            writer.text("\n\n")
        case .plain:
            let names = ["user": "User: ", "assistant": "Assistant: ", "tool": "Tool: "]
            writer.text(names[role] ?? "")
        }
    }

    private func close(_ writer: inout PromptWriter) {
        switch form {
        case .chatML:
            writer.mark("<|im_end|>")
            writer.text("\n")
        case .llama3: writer.mark("<|eot_id|>")
        case .plain: writer.text("\n")
        }
    }

    private func describe(_ tools: [Tool], _ writer: inout PromptWriter) {
        writer.text(
            """
            # Tools

            You may call one or more functions to assist with the user query.

            You are provided with function signatures within <tools></tools> XML tags:
            <tools>

            """
        )
        for tool in tools {
            writer.text(tool.json)
            writer.text("\n")
        }
        writer.text(
            """
            </tools>

            For each function call, return a json object with function name and arguments within
            """
        )
        writer.text(" ")
        writer.mark(ToolCallGrammar.opening)
        writer.mark(ToolCallGrammar.closing)
        writer.text(" XML tags:\n")
        writer.mark(ToolCallGrammar.opening)
        writer.text("\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n")
        writer.mark(ToolCallGrammar.closing)
    }

    private func write(_ call: ChatMessage.Call, _ writer: inout PromptWriter) {
        var json = Array(#"{"name": "#.utf8)
        JSONString.encode(call.name, into: &json)
        json += #", "arguments": "#.utf8
        // A client may send anything as arguments; what is no JSON is shown as a string.
        let arguments = call.arguments.span
        var reader = JSONReader()
        let range = reader.skipValue(arguments)
        if reader.atEnd(arguments) {
            json += SpacedJSON.text(arguments, range)
        } else {
            JSONString.encode(call.arguments, into: &json)
        }
        json.append(UInt8(ascii: "}"))
        writer.mark(ToolCallGrammar.opening)
        writer.text("\n")
        writer.text(json)
        writer.text("\n")
        writer.mark(ToolCallGrammar.closing)
    }

    private func respond(_ content: [UInt8], _ writer: inout PromptWriter) {
        if form == .plain { return writer.text(content) }
        writer.mark("<tool_response>")
        writer.text("\n")
        writer.text(content)
        writer.text("\n")
        writer.mark("</tool_response>")
    }
}

/// Collects text and marks. Text is encoded up to the next special token in one go, as tokenizers do.
private struct PromptWriter {
    private let tokenizer: any Tokenizer
    private var tokens: [Token] = []
    private var pending: [UInt8] = []

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    mutating func text(_ text: [UInt8]) { pending += text }
    mutating func text(_ text: String) { pending += text.utf8 }

    /// Adds a special token; plain text where the tokenizer has none of that name.
    mutating func mark(_ name: String) {
        guard let token = tokenizer.special(name) else { return text(name) }
        flush()
        tokens.append(token)
    }

    /// Adds the token that begins every text, where the tokenizer has one.
    mutating func begin() { if let token = tokenizer.special("<|begin_of_text|>") { tokens.append(token) } }

    /// - Parameter trimmingEnd: Whether to leave out a space at the end, which models like to write themselves.
    mutating func finish(trimmingEnd: Bool = false) -> [Token] {
        if trimmingEnd, pending.last == UInt8(ascii: " ") { pending.removeLast() }
        flush()
        return tokens
    }

    private mutating func flush() {
        if !pending.isEmpty { tokens += tokenizer.encode(pending) }
        pending.removeAll(keepingCapacity: true)
    }
}
