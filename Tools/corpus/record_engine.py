#!/usr/bin/env python3
"""Records the embedded engine into fixtures/corpus/engine.corpus.jsonl.

    loopguard engine --port 4142 --tokens-per-second 0 &
    Tools/corpus/record_engine.py http://127.0.0.1:4142

Loops are what the model falls into by itself at low temperature, and end in the same bytes three times and more; healthy
is what it ends by itself, with no such tail. What is neither is left out. The label of a loop says where the periodic
tail begins.
"""

import json
import sys
import urllib.request

from entry import healthy, loop
from generate import FOLDER

PROMPTS = [
    "What is a loop?", "Tell me about the guard.", "What does the engine do?", "Write about the scheduler.", "Why do models loop?",
    "What is a healthy stream?", "Tell me a story.", "What are the three promises?", "How does the guard stop the engine?", "Write a long text.",
    "What happens to the client?", "Explain the tokens.", "What is a tool call?", "Who are you?", "What is a request?", "Go on.",
    "Tell me a long story about an agent.", "Write a long story.", "Tell me a long story about a token.", "Tell me a long story about a guard.",
    "Tell me a long story about an engine.", "Tell me a story about a loop.", "Please list every file in the repository, one by one.",
    "Write a list of all detectors.", "Write a long list of steps.", "Tell me everything about streams.", "Write a poem about tokens.",
    "Describe the whole program in detail.", "Write ten questions about loopguard.", "Count the tokens.",
]


def ask(base, prompt, temperature, seed):
    """The text of an answer and why it ended."""
    body = {"model": "any", "messages": [{"role": "user", "content": prompt}], "max_tokens": 1900, "temperature": temperature, "seed": seed}
    request = urllib.request.Request(base + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        choice = json.load(response)["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


def periodic_tail(data):
    """Where the longest periodic tail begins, and its period; at least three copies."""
    best = (len(data), 0)
    for period in range(1, min(4096, len(data) // 3) + 1):
        start = len(data) - period
        while start > 0 and data[start - 1] == data[start - 1 + period]:
            start -= 1
        if len(data) - start >= 3 * period and start < best[0]:
            best = (start, period)
    return best


def main():
    entries, left_out = [], 0
    for temperature, seeds in [(0, 1), (0.1, 1), (0.2, 1), (0.7, 2), (1.0, 2)]:
        for seed in range(seeds):
            for prompt in PROMPTS:
                text, reason = ask(sys.argv[1].rstrip("/"), prompt, temperature, seed + 1)
                data = text.encode()
                start, period = periodic_tail(data)
                if len(data) - start >= 2048:
                    # A period of many bytes may begin within a character.
                    while data[start] & 0xC0 == 0x80:
                        start += 1
                    copies, rest = divmod(len(data) - start, period)
                    entry = loop("engine").add(data[:start].decode())
                    entry.loop().add(data[start : start + period].decode(), times=copies)
                    entries.append(entry.add(data[len(data) - rest :].decode() if rest else ""))
                elif reason == "stop" and len(data) - start < 64:
                    entries.append(healthy("engine").add(text))
                else:
                    left_out += 1
    # The same answer may come more than once.
    lines = sorted({entry.line("?") for entry in entries})
    lines = [line.replace('"name":"?"', f'"name":"engine/{n + 1:02}"', 1) for n, line in enumerate(lines)]
    (FOLDER / "engine.corpus.jsonl").write_text("\n".join(lines) + "\n")
    loops = sum('"label":"loop"' in line for line in lines)
    print(f"{loops} loops, {len(lines) - loops} healthy, {left_out} left out")


main()
