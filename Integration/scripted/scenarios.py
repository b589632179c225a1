"""What the scripted engine writes, whatever the format: a scenario is a sequence of events.

A model's name chooses the scenario. What follows a dot is ignored, so `loop-text.7` is `loop-text` under a name of its
own, by which the statistics tell runs apart.
"""

import itertools
import json

TEXT, REASONING, CALL, ARGUMENTS, CALL_END, PAUSE, FINISH, DEATH = (
    "text", "reasoning", "call", "arguments", "call_end", "pause", "finish", "death",
)  # fmt: skip

HEALTHY = (
    "A reverse proxy stands between an agent and its engine. It reads what passes, and it ends a generation that has "
    "begun to repeat itself. The engine is told to stop, so that the machine is free again for the next request; the "
    "client gets an ending that its format allows, and with it the reason. Nothing else is changed on the way."
)
THOUGHT = "The user wants a short explanation, so a few plain sentences about the proxy will do."
LOOP = "Let me check the configuration file once more before I continue with the next step. "
FILE = {"path": "notes.txt", "content": "Proxies pass bytes on.\nThis one also reads them.\n"}
LINE = "The proxy passes the bytes on to the client as they come.\\n"


def pieces(text, size=5):
    """Text in pieces such as a tokenizer makes them."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def texts(text, kind=TEXT):
    return [(kind, piece) for piece in pieces(text)]


def call(arguments, name="write_file"):
    return [(CALL, name), *((ARGUMENTS, piece) for piece in pieces(arguments, 8)), (CALL_END, None)]


def forever(text, kind):
    return itertools.chain.from_iterable(texts(text, kind) for _ in itertools.count())


def closing(text):
    """How a model ends its work: with a text, or with the tool that smolagents has for it."""
    return lambda ends_by_tool: (
        [*call(json.dumps({"answer": text}), "final_answer"), (FINISH, "tool_calls")]
        if ends_by_tool
        else [*texts(text), (FINISH, "stop")]
    )


after_tools = closing("The file is written.")


def healthy(ends_by_tool):
    return [*texts(THOUGHT, REASONING), *closing(HEALTHY)(ends_by_tool)]


def tool(_):
    return [*texts("I write the file."), *call(json.dumps(FILE)), (FINISH, "tool_calls")]


def loop_text(_):
    return itertools.chain(texts("I begin with the configuration.\n"), forever(LOOP, TEXT))


def loop_reasoning(_):
    return itertools.chain(texts("Where do I begin?\n", REASONING), forever(LOOP, REASONING))


def loop_arguments(_):
    return itertools.chain(
        [(CALL, "write_file")],
        texts('{"path": "notes.txt", "content": "', ARGUMENTS),
        forever(LINE, ARGUMENTS),
    )


def duplicate_calls(_):
    return itertools.chain.from_iterable(call(json.dumps(FILE)) for _ in itertools.count())


def slow(_):
    """For clients that leave in the middle: a healthy text at twenty pieces a second, without end."""
    words = (
        f"Step {number} of the plan is done, {number * 7919 % 1000} items are left. " for number in itertools.count()
    )
    return itertools.chain.from_iterable([(TEXT, word), (PAUSE, 0.05)] for word in words)


def death(_):
    """The engine's process dies in the middle of the text."""
    return [*texts(HEALTHY[:120]), (DEATH, None)]


SCENARIOS = {
    "healthy": healthy,
    "tool": tool,
    "loop-text": loop_text,
    "loop-reasoning": loop_reasoning,
    "loop-arguments": loop_arguments,
    "duplicate-calls": duplicate_calls,
    "slow": slow,
    "death": death,
}


def script(model, has_results, ends_by_tool=False):
    """The events that answer a request. A conversation with tool results in it is answered with a closing text, so
    that a client which has executed something comes to an end."""
    scenario = SCENARIOS.get(model.split(".")[0], healthy)
    return (after_tools if has_results else scenario)(ends_by_tool)
