"""anthropic: bare calls in a hand-written agent loop, and the tool runner."""

import anthropic
from anthropic import beta_tool

from harness import ANTHROPIC_TOOL, MOST_TURNS, serve, write_file


def connect(cell):
    return anthropic.Anthropic(base_url=cell.base_url, api_key="none")


def raw(cell):
    client, messages = connect(cell), [{"role": "user", "content": cell.prompt}]
    for _ in range(MOST_TURNS):
        request = {"model": cell.model, "max_tokens": cell.max_tokens, "messages": messages, "tools": [ANTHROPIC_TOOL]}
        if cell.stream:
            with client.messages.stream(**request) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**request)
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return "".join(block.text for block in message.content if block.type == "text"), message.stop_reason
        messages.append({"role": "assistant", "content": message.content})
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": write_file(**call.input)} for call in calls
        ]
        messages.append({"role": "user", "content": results})
    raise RuntimeError("the agent does not come to an end")


def runner(cell):
    messages = connect(cell).beta.messages.tool_runner(
        model=cell.model,
        max_tokens=cell.max_tokens,
        messages=[{"role": "user", "content": cell.prompt}],
        tools=[beta_tool(write_file)],
        stream=cell.stream,
        max_iterations=MOST_TURNS,
    )
    last = None
    for message in messages:
        last = message.get_final_message() if cell.stream else message
    return "".join(block.text for block in last.content if block.type == "text"), last.stop_reason


serve({"anthropic messages": raw, "anthropic tool runner": runner})
