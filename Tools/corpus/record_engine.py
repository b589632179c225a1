#!/usr/bin/env python3
"""Records the embedded engine into fixtures/corpus/engine.corpus.jsonl.

    loopguard engine --port 4142 --tokens-per-second 0 &
    Tools/corpus/record_engine.py http://127.0.0.1:4142

Needs numpy. A loop is an answer with a stretch of at least 1,536 bytes that repeats itself exactly, three times and more,
wherever it stands and whether or not the model gets out of it; the label says where the first such stretch begins. Healthy is
what the model ends by itself and in which no stretch of 512 bytes does so. What is neither is left out. The model falls into
loops by itself at low temperature, and more so with a repetition penalty below 1, which people set by mistake: of that
sampler only the loops are kept.
"""

import json
import sys
import urllib.request

import numpy

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
    "Tell a very long story about the guard.", "Tell a very long story about the request.", "Write a long story about a flag.",
]

# Temperature and repetition penalty.
SAMPLERS = [(0, 1), (0.1, 1), (0.2, 1), (0.7, 1), (1.0, 1), (0, 0.95), (0, 0.9), (0, 0.8)]


def ask(base, prompt, temperature, penalty):
    """The text of an answer and why it ended."""
    body = {
        "model": "any", "messages": [{"role": "user", "content": prompt}], "max_tokens": 1900, "temperature": temperature,
        "repetition_penalty": penalty, "seed": 1,
    }
    request = urllib.request.Request(base + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        choice = json.load(response)["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


def periodic_stretch(data, length):
    """Where the first stretch of that length begins that has a period, three copies or more; None when there is none."""
    text = numpy.frombuffer(data, dtype=numpy.uint8)
    first = None
    for period in range(1, len(data) // 3 + 1):
        needed = max(length, 3 * period) - period
        # Where the text does not equal itself a period later; between two such places it does.
        breaks = numpy.concatenate(([-1], numpy.flatnonzero(text[period:] != text[:-period]), [len(data) - period]))
        long = numpy.flatnonzero(numpy.diff(breaks) > needed)
        if len(long) and (first is None or breaks[long[0]] + 1 < first):
            first = int(breaks[long[0]]) + 1
    return first


def main():
    entries, left_out = [], 0
    for temperature, penalty in SAMPLERS:
        for prompt in PROMPTS:
            text, reason = ask(sys.argv[1].rstrip("/"), prompt, temperature, penalty)
            data = text.encode()
            start = periodic_stretch(data, 1536)
            if start is not None:
                # It may begin within a character.
                while data[start] & 0xC0 == 0x80:
                    start += 1
                entry = loop("engine").add(data[:start].decode())
                entry.loop()
                entries.append(entry.add(data[start:].decode()))
            elif reason == "stop" and penalty == 1 and periodic_stretch(data, 512) is None:
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
