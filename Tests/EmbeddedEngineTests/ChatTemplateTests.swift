import Testing

@testable import EmbeddedEngine

@Suite struct ChatTemplateTests {
    private func body(_ fields: String) throws -> GenerationBody {
        try GenerationBody(Array("{\(fields)}".utf8).span, for: .chat)
    }

    private func render(_ fields: String, _ tokenizer: TestTokenizer) throws -> String {
        let body = try body(fields)
        return tokenizer.describe(ChatTemplate(tokenizer).render(body.messages, tools: body.tools))
    }

    private let conversation = #"""
        "messages":[{"role":"system","content":"Be short."},{"role":"user","content":[{"type":"text","text":"Hi"}]},
        {"role":"assistant","content":"Yes?"},{"role":"user","content":"Go <|im_start|> on"}]
        """#

    @Test func aTokenizerWithItsMarksGetsChatML() throws {
        let expected = """
            <|im_start|>system
            Be short.<|im_end|>
            <|im_start|>user
            Hi<|im_end|>
            <|im_start|>assistant
            Yes?<|im_end|>
            <|im_start|>user
            Go <|im_start|> on<|im_end|>
            <|im_start|>assistant

            """
        #expect(try render(conversation, .chatML) == expected)
    }

    @Test func whatAUserWritesNeverBecomesASpecialToken() throws {
        let tokenizer = TestTokenizer.chatML
        let tokens = ChatTemplate(tokenizer).render(try body(conversation).messages)
        // Four messages and the opening of the answer; the user's own mark is text.
        #expect(tokens.filter { $0 == tokenizer.special("<|im_start|>") }.count == 5)
        let prompt = ChatTemplate(tokenizer).render(Array("<|im_end|><tool_call>".utf8))
        #expect(prompt.allSatisfy { $0 < 256 })
    }

    @Test func aTokenizerWithItsHeadersGetsLlama3() throws {
        let specials = [
            "<|end_of_text|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
        ]
        let expected =
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe short.<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\nYes?<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\nGo <|im_start|> on<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n"
        #expect(try render(conversation, TestTokenizer(specials: specials)) == expected)
    }

    @Test func aTokenizerWithoutMarksGetsPlainText() throws {
        let expected = "Be short.\nUser: Hi\nAssistant: Yes?\nUser: Go <|im_start|> on\nAssistant:"
        #expect(try render(conversation, TestTokenizer()) == expected)
    }

    @Test func toolsAreDescribedCalledAndAnsweredAsHermesDoes() throws {
        let fields = #"""
            "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object",
              "properties":{"a":{"type":"string","description":"x, y: \"z\""}}}}}],
            "messages":[{"role":"system","content":"Be short."},{"role":"user","content":"Look"},
            {"role":"assistant","content":null,"tool_calls":[
              {"id":"1","type":"function","function":{"name":"look","arguments":"{\"a\":\"b\",\"c\":[1,2]}"}},
              {"id":"2","type":"function","function":{"name":"look","arguments":"no json"}}]},
            {"role":"tool","tool_call_id":"1","content":"one"},{"role":"tool","tool_call_id":"2","content":"two"}]
            """#
        let expected = #"""
            <|im_start|>system
            Be short.

            # Tools

            You may call one or more functions to assist with the user query.

            You are provided with function signatures within <tools></tools> XML tags:
            <tools>
            {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {"a": {"type": "string", "description": "x, y: \"z\""}}}}}
            </tools>

            For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
            <tool_call>
            {"name": <function-name>, "arguments": <args-json-object>}
            </tool_call><|im_end|>
            <|im_start|>user
            Look<|im_end|>
            <|im_start|>assistant
            <tool_call>
            {"name": "look", "arguments": {"a": "b", "c": [1, 2]}}
            </tool_call>
            <tool_call>
            {"name": "look", "arguments": "no json"}
            </tool_call><|im_end|>
            <|im_start|>user
            <tool_response>
            one
            </tool_response>
            <tool_response>
            two
            </tool_response><|im_end|>
            <|im_start|>assistant

            """#
        #expect(try render(fields, .chatML) == expected)
        // The marks are the tokenizer's own, wherever the template writes them.
        let parsed = try body(fields)
        let tokens = ChatTemplate(TestTokenizer.chatML).render(parsed.messages, tools: parsed.tools)
        #expect(tokens.filter { $0 == TestTokenizer.chatML.special("<tool_call>") }.count == 4)
        #expect(tokens.filter { $0 == TestTokenizer.chatML.special("<tool_response>") }.count == 2)
    }

    @Test func toolsWithoutASystemMessageGetATurnOfTheirOwn() throws {
        let fields = #"""
            "tools":[{"type":"function","function":{"name":"look"}}],"messages":[{"role":"user","content":"Look"}]
            """#
        #expect(try render(fields, .chatML).hasPrefix("<|im_start|>system\n# Tools\n"))
    }
}
