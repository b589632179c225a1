"""LiteLLM's completion, in a hand-written agent loop."""

import json

import litellm

from harness import CHAT_TOOL, MOST_TURNS, serve, write_file


def chat(cell):
    messages = [{"role": "user", "content": cell.prompt}]
    for _ in range(MOST_TURNS):
        answer = litellm.completion(
            model="openai/" + cell.model,
            api_base=cell.v1,
            api_key="none",
            messages=messages,
            tools=[CHAT_TOOL] if cell.tools else None,
            stream=cell.stream,
            temperature=cell.temperature,
            max_tokens=cell.max_tokens,
        )
        if cell.stream:
            answer = litellm.stream_chunk_builder(list(answer), messages=messages)
        choice = answer.choices[0]
        if not choice.message.tool_calls:
            return choice.message.content, choice.finish_reason
        messages.append(choice.message.model_dump(exclude_none=True))
        for call in choice.message.tool_calls:
            result = write_file(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    raise RuntimeError("the agent does not come to an end")


# It loads most of itself at the first call; once, here, is enough for all cells.
litellm.completion(model="openai/x", messages=[{"role": "user", "content": "x"}], mock_response="x")

serve({"litellm": chat})
