"""ollama: chat with a tool, and generate."""

import ollama

from harness import MOST_TURNS, serve, write_file


def chat(cell):
    client, messages = ollama.Client(host=cell.base_url), [{"role": "user", "content": cell.prompt}]
    for _ in range(MOST_TURNS):
        answer = client.chat(cell.model, messages, tools=[write_file], stream=cell.stream)
        text, calls, finish = "", [], None
        for part in answer if cell.stream else [answer]:
            text += part.message.content or ""
            calls += part.message.tool_calls or []
            finish = part.done_reason or finish
        if not calls:
            return text, finish
        messages.append({"role": "assistant", "content": text, "tool_calls": calls})
        for call in calls:
            result = write_file(**call.function.arguments)
            messages.append({"role": "tool", "tool_name": call.function.name, "content": result})
    raise RuntimeError("the agent does not come to an end")


def generate(cell):
    answer = ollama.Client(host=cell.base_url).generate(cell.model, cell.prompt, stream=cell.stream)
    text, finish = "", None
    for part in answer if cell.stream else [answer]:
        text += part.response or ""
        finish = part.done_reason or finish
    return text, finish


serve({"ollama chat": chat, "ollama generate": generate})
