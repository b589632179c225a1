"""Makes the training text: chats, explanations, lists, stories and tool calls, from `sentences.py` and `toolbox.py`.

    python corpus.py --seed 1 --documents 5      shows some

A document is a list of segments (text, learn): the model is trained to write those with `learn` and only reads the others.
The same seed gives the same documents. Nothing here repeats itself on purpose: sentences are drawn at random, and the
loops that the model falls into are its own.
"""

import argparse
import json
import sys
from pathlib import Path
from random import Random

import toolbox
from sentences import (COMMANDS, FREE, HOW_TOS, SMALL_TALK, STORY_ENDS, STORY_MIDDLES, STORY_OPENINGS, TASKS, TOPICS)

HERE = Path(__file__).resolve().parent
CHAPTERS = [chapter.strip() for chapter in (HERE / "chapters.txt").read_text().split("\n\n\n")]
DIALOGUES = [
    tuple(line.split(": ", 1)[1] for line in pair.split("\n", 1))
    for pair in (HERE / "dialogues.txt").read_text().strip().split("\n\n")
]
END = "<|endoftext|>"
# The topics that are asked for most get more room.
ASKED = [topic for topic in TOPICS for _ in range({"loopguard": 6, "detectors": 2, "loop": 2, "why loops": 2, "cancel flag": 2,
                                                   "embedded engine": 2, "start": 2}.get(topic, 1))]
SYSTEMS = [
    "You are a helpful assistant.", "You are the small model of loopguard.", "You are a helpful assistant. Answer briefly.",
    "You are an agent. Use the tools that you have.", "Answer the questions of the user.", "You are a coding agent.",
    "You know loopguard well. Be short and clear.", "Be kind.", "You are a helpful agent that works in a terminal.",
]


def turn(role: str, text: str, learn: bool = False):
    if role == "assistant":
        return [("<|im_start|>assistant\n", False), (f"{text}<|im_end|>", True), ("\n", False)]
    return [(f"<|im_start|>{role}\n{text}<|im_end|>\n", learn)]


def spoken(r: Random, question: str) -> str:
    """A question as people type it."""
    if r.random() < 0.1:
        question = question.lower()
    if r.random() < 0.1:
        question = question.rstrip("?.!")
    if r.random() < 0.06:
        question = r.choice(["Hello! ", "Hi, ", "Please tell me: ", "I have a question. ", "One more thing: "]) + question
    return question


def opening(r: Random, chance: float = 0.5):
    return turn("system", r.choice(SYSTEMS)) if r.random() < chance else []


def answer(r: Random, topic: str, used: set) -> str:
    first, *others = TOPICS[topic][1]
    others = [fact for fact in others if fact not in used]
    told = ([first] if first not in used else []) + r.sample(others, min(len(others), r.choice([1, 2, 2, 3, 3, 4])))
    used.update(told)
    return " ".join(told)


def question_chat(r: Random):
    document = opening(r)
    for _ in range(r.choice([1, 1, 1, 2, 2, 3])):
        kind = r.random()
        if kind < 0.15:
            question, reply = r.choice(DIALOGUES)
            document += turn("user", spoken(r, question)) + turn("assistant", reply)
            continue
        if kind < 0.27:
            questions, replies = r.choice(SMALL_TALK)
            document += turn("user", spoken(r, r.choice(questions))) + turn("assistant", r.choice(replies))
            continue
        topic, used = r.choice(ASKED), set()
        question = spoken(r, r.choice(TOPICS[topic][0]))
        if r.random() < 0.1:
            document += turn("user", question + r.choice([" Answer in one sentence.", " Be brief.", " In one sentence, please."]))
            document += turn("assistant", TOPICS[topic][1][0])
        else:
            document += turn("user", question) + turn("assistant", answer(r, topic, used))
        if r.random() < 0.25:
            more = answer(r, topic, used)
            document += turn("user", r.choice(["Tell me more.", "What else?", "And?", "Go on.", "More, please.", "Explain that."]))
            document += turn("assistant", more or "That is all that I know about it.")
    return document


def steps(r: Random, title: str, lines: list) -> str:
    mark = r.random()
    lines = [f"{i}. {line}" if mark < 0.6 else f"- {line}" for i, line in enumerate(lines, 1)]
    head = r.choice([f"To {title}, do this:", f"This is how you {title}:", f"You can {title} in {len(lines)} steps:"])
    return head + "\n\n" + "\n".join(lines)


def how_to_chat(r: Random):
    document = opening(r)
    kind = r.random()
    if kind < 0.5:
        title, lines = r.choice(HOW_TOS)
        question = r.choice([f"How do I {title}?", f"How can I {title}?", f"List the steps to {title}.", f"Explain how to {title}.",
                             f"What are the steps to {title}?", f"I want to {title}. What do I do?"])
        return document + turn("user", spoken(r, question)) + turn("assistant", steps(r, title, lines))
    if kind < 0.75:
        what, line = r.choice(COMMANDS)
        question = r.choice([f"Which command do I use to {what}?", f"How do I {what}?", f"Give me the command to {what}.", f"I want to {what}."])
        reply = r.choice([f"To {what}, run this:\n\n```sh\n{line}\n```", f"Use `{line}` to {what}."])
        return document + turn("user", spoken(r, question)) + turn("assistant", reply)
    topic = r.choice(list(TOPICS))
    facts = TOPICS[topic][1]
    number = r.randint(3, min(6, len(facts)))
    question = r.choice([f"List {number} facts about {topic}.", f"Give me {number} facts about {topic}.", f"Make a list of facts about {topic}.",
                         f"What should I know about {topic}? Make a list."])
    lines = r.sample(facts, number)
    mark = r.random() < 0.5
    return document + turn("user", question) + turn(
        "assistant", "\n".join(f"{i}. {line}" if mark else f"- {line}" for i, line in enumerate(lines, 1)))


def filled(r: Random, line: str, names: dict) -> str:
    for slot, value in names.items():
        line = line.replace("{" + slot + "}", value)
    return line


def story(r: Random, shortest: int, longest: int) -> str:
    tools = r.sample(toolbox.TOOLS, 2)
    names = {"name": r.choice(toolbox.NAMES + ["Pip", "Echo", "Loop", "Tick", "Robin", "Dot"]), "tool": tools[0].name,
             "tool2": tools[1].name, "file": toolbox.path(r), "task": r.choice(TASKS)}
    middles = [r.choice(STORY_MIDDLES) for _ in range(r.randint(shortest, longest))]
    lines, text = [r.choice(STORY_OPENINGS)] + middles + [r.choice(STORY_ENDS)], ""
    for index, line in enumerate(lines):
        # No sentence directly after itself: a story may come back to a thought but does not stammer.
        if index and line == lines[index - 1]:
            continue
        text += ("" if not text else "\n\n" if r.random() < 0.15 else " ") + filled(r, line, names)
    return text


def free(r: Random, shortest: int, longest: int) -> str:
    pool, text, last = FREE + [fact for _, facts in TOPICS.values() for fact in facts], "", None
    here = r.sample(pool, 40) + FREE
    for _ in range(r.randint(shortest, longest)):
        line = r.choice(here)
        if line != last:
            text += ("" if not text else "\n\n" if r.random() < 0.12 else " ") + line
        last = line
    return text


def story_chat(r: Random):
    request = r.choice([
        "Tell me a story about an agent.", "Tell me a story.", "Write a story about a looping agent.", "Tell me a long story about an agent.",
        "Write a long story.", "Tell me about an agent that looped.", "Write a short story about a model and its tools."])
    long = "long" in request
    return opening(r) + turn("user", request) + turn("assistant", story(r, 16 if long else 5, 36 if long else 14))


def essay_chat(r: Random):
    request = r.choice([
        "Write a long text about loops.", "Write an essay about streams.", "Write as much as you can about loopguard.",
        "Write down your thoughts.", "Write a long essay about models.", "Tell me everything you know.", "Keep writing until I stop you."])
    return opening(r) + turn("user", request) + turn("assistant", free(r, 14, 36))


def raw_text(r: Random):
    kind = r.random()
    if kind < 0.30:
        text = story(r, 8, 36)
    elif kind < 0.55:
        text = free(r, 12, 40)
    elif kind < 0.75:
        parts = []
        for topic in r.sample(list(TOPICS), r.randint(1, 3)):
            facts = TOPICS[topic][1]
            head = r.choice(["# {}\n\n", "## {}\n\n", "{}\n\n", ""]).format(topic.capitalize())
            parts.append(head + " ".join([facts[0]] + r.sample(facts[1:], len(facts) - 1)))
        text = "\n\n".join(parts)
    elif kind < 0.85:
        title, lines = r.choice(HOW_TOS)
        text = f"# How to {title}\n\n" + "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1))
    else:
        paragraphs = r.choice(CHAPTERS).split("\n\n")
        start = r.randrange(len(paragraphs))
        text = "\n\n".join(paragraphs[start : start + r.randint(1, 4)])
    return [(text, True)]


def result_of(r: Random, tool, arguments: dict):
    """What a call returns and what is said about it."""
    words = {key: str(value) for key, value in arguments.items()}
    words |= {"content2": toolbox.content(r), "file": toolbox.path(r), "file2": toolbox.path(r), "number": str(toolbox.integer(r) % 40)}
    words.setdefault("content", toolbox.content(r))
    if tool.name == "add":
        words["sum"] = str(arguments["a"] + arguments["b"])
    if tool.failures and r.random() < 0.2:
        result, said = r.choice(tool.failures)
    else:
        result, said = r.choice(tool.results), r.choice(tool.answers)
    return filled(r, result, words), filled(r, said, words)


def tool_result(r: Random, text: str):
    role = "tool" if r.random() < 0.7 else "user"
    newline = "" if r.random() < 0.5 else "\n"
    return turn(role, f"<tool_response>{newline}{text}{newline}</tool_response>")


def tool_chat(r: Random):
    tools, seen = [], set()
    for _ in range(r.choice([1, 1, 2, 2, 3, 3, 4, 5])):
        tool = r.choice(toolbox.TOOLS) if r.random() < 0.72 else toolbox.invented_tool(r)
        if tool.name not in seen:
            seen.add(tool.name)
            tools.append(tool)
    compact = r.random() < 0.5
    block = toolbox.HEADER + "\n".join(tool.definition(r, compact) for tool in tools) + toolbox.FOOTER
    document = turn("system", (r.choice(SYSTEMS) + "\n\n" if r.random() < 0.75 else "") + block)
    kind = r.random()
    if kind < 0.16:
        topic = r.choice(list(TOPICS))
        return document + turn("user", spoken(r, r.choice(TOPICS[topic][0]))) + turn("assistant", answer(r, topic, set()))
    if kind < 0.28:
        return document + waiting(r, tools)
    for _ in range(r.choice([1, 2, 3, 4, 5])):
        tool = r.choice(tools)
        arguments = tool.arguments(r)
        request = filled(r, r.choice(tool.requests), {key: str(value) for key, value in arguments.items()})
        document += turn("user", request if r.random() < 0.85 else spoken(r, request).replace(request.lower(), request))
        document += turn("assistant", toolbox.call(tool.name, arguments))
        result, said = result_of(r, tool, arguments)
        document += tool_result(r, result) + turn("assistant", said)
    return document


def waiting(r: Random, tools: list):
    """Work that needs the same call more than once: to wait for a job, or to try a test until it is green."""
    tool = r.choice(tools)
    arguments = tool.arguments(r)
    request = filled(r, r.choice(tool.requests), {key: str(value) for key, value in arguments.items()})
    ends = [("done", "It is done."), ("ok", "Now it has worked."), ("finished", "It has finished."), ("exit code 0", "It has worked.")]
    pending = r.choice(["running", "still running", "not yet", "busy, try again", "timeout", "1 test failed", "exit code 1"])
    document = turn("user", request + r.choice([" Try until it works.", " Wait until it is done.", " Do not give up.", " Repeat it if needed."]))
    for _ in range(r.choice([1, 1, 2, 2, 3])):
        document += turn("assistant", toolbox.call(tool.name, arguments)) + tool_result(r, pending)
    end, said = r.choice(ends)
    return document + turn("assistant", toolbox.call(tool.name, arguments)) + tool_result(r, end) + turn("assistant", said)


def echo_chat(r: Random):
    """To say what was said: the plainest lesson in copying."""
    document = opening(r, 0.2)
    for _ in range(r.randint(2, 5)):
        value = r.choice([toolbox.path, toolbox.folder, toolbox.city, toolbox.words, toolbox.command, toolbox.content, toolbox.name,
                          toolbox.path, toolbox.path])(r)
        if r.random() < 0.5:
            request = r.choice(["Repeat {}.", "Say {}.", "Repeat after me: {}", "Say \"{}\".", "Write {}.", "Repeat \"{}\"."])
            reply = "{}"
        else:
            request = r.choice(["Put {} into JSON.", "Write {} as JSON.", "Give me {} as a JSON object.", "Make JSON of \"{}\"."])
            reply = '{"value": "{}"}'
        document += turn("user", request.replace("{}", value)) + turn("assistant", reply.replace("{}", value))
    return document


KINDS = [(question_chat, 34), (echo_chat, 10), (how_to_chat, 10), (story_chat, 6), (essay_chat, 4), (raw_text, 10), (tool_chat, 26)]


def document(r: Random):
    make = r.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0]
    return make(r) + [(END, True)]


def documents(seed: int, count: int):
    r = Random(seed)
    return [document(r) for _ in range(count)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=5)
    options = parser.parse_args()
    for segments in documents(options.seed, options.documents):
        sys.stdout.write("".join(text for text, _ in segments) + "\n\n")
