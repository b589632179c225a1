"""openai-python: bare calls in a hand-written agent loop, and the helpers that parse as they read."""

import json

import openai
from pydantic import BaseModel

from harness import CHAT_TOOL, MOST_TURNS, RESPONSES_TOOL, serve, write_file


class WriteFile(BaseModel):
    """Write a text file."""

    path: str
    content: str


def settings(cell):
    return {"model": cell.model, "temperature": cell.temperature}


def connect(cell):
    return openai.OpenAI(base_url=cell.v1, api_key="none")


def chat(cell):
    client, messages = connect(cell), [{"role": "user", "content": cell.prompt}]
    for _ in range(MOST_TURNS):
        answer = client.chat.completions.create(
            messages=messages,
            tools=[CHAT_TOOL] if cell.tools else openai.omit,
            stream=cell.stream,
            max_tokens=cell.max_tokens,
            **settings(cell)
        )
        text, calls, finish = read_chat(answer) if cell.stream else whole_chat(answer)
        if not calls:
            return text, finish
        messages.append({"role": "assistant", "content": text, "tool_calls": calls})
        for call in calls:
            result = write_file(**json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    raise RuntimeError("the agent does not come to an end")


def read_chat(stream):
    text, calls, finish = "", {}, None
    for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for piece in choice.delta.tool_calls or []:
                call = calls.setdefault(
                    piece.index, {"id": piece.id, "type": "function", "function": {"name": "", "arguments": ""}}
                )
                call["function"]["name"] += piece.function.name or ""
                call["function"]["arguments"] += piece.function.arguments or ""
            finish = choice.finish_reason or finish
    return text, list(calls.values()), finish


def whole_chat(completion):
    choice = completion.choices[0]
    calls = [call.model_dump(exclude_none=True) for call in choice.message.tool_calls or []]
    return choice.message.content, calls, choice.finish_reason


def chat_helper(cell):
    """`.stream()` and `.parse()` with a strict tool."""
    client, tools = connect(cell), openai.omit
    if cell.tools:
        tools = [openai.pydantic_function_tool(WriteFile, name="write_file")]
    messages = [{"role": "user", "content": cell.prompt}]
    for _ in range(MOST_TURNS):
        if cell.stream:
            with client.chat.completions.stream(messages=messages, tools=tools, **settings(cell)) as stream:
                completion = stream.get_final_completion()
        else:
            completion = client.chat.completions.parse(messages=messages, tools=tools, **settings(cell))
        choice = completion.choices[0]
        if not choice.message.tool_calls:
            return choice.message.content, choice.finish_reason
        messages.append(choice.message)
        for call in choice.message.tool_calls:
            given = call.function.parsed_arguments
            messages.append({"role": "tool", "tool_call_id": call.id, "content": write_file(given.path, given.content)})
    raise RuntimeError("the agent does not come to an end")


def completions(cell):
    answer = connect(cell).completions.create(
        prompt=cell.prompt, stream=cell.stream, max_tokens=cell.max_tokens, **settings(cell)
    )
    if not cell.stream:
        return answer.choices[0].text, answer.choices[0].finish_reason
    text, finish = "", None
    for chunk in answer:
        for choice in chunk.choices:
            text += choice.text or ""
            finish = choice.finish_reason or finish
    return text, finish


def responses(cell):
    def ask(client, given):
        answer = client.responses.create(input=given, tools=[RESPONSES_TOOL], stream=cell.stream, **settings(cell))
        if not cell.stream:
            return answer
        last = None
        for event in answer:
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                last = event.response
        return last

    return responses_agent(cell, ask)


def responses_helper(cell):
    def ask(client, given):
        tools = [openai.pydantic_function_tool(WriteFile, name="write_file")["function"] | {"type": "function"}]
        if not cell.stream:
            return client.responses.parse(input=given, tools=tools, **settings(cell))
        with client.responses.stream(input=given, tools=tools, **settings(cell)) as stream:
            return stream.get_final_response()

    return responses_agent(cell, ask)


def responses_agent(cell, ask):
    client, given = connect(cell), [{"role": "user", "content": cell.prompt}]
    for _ in range(MOST_TURNS):
        response = ask(client, given)
        if response is None:
            return None, "no response"
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return response.output_text, response.status
        for item in response.output:
            given.append(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}))
        for call in calls:
            result = write_file(**json.loads(call.arguments))
            given.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    raise RuntimeError("the agent does not come to an end")


serve(
    {
        "openai chat": chat,
        "openai chat helpers": chat_helper,
        "openai completions": completions,
        "openai responses": responses,
        "openai responses helpers": responses_helper,
    }
)
