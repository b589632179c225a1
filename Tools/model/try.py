"""Talks to the small model and looks whether it behaves: answers, calls tools, loops when greedy and not when sampled.

    python try.py                       every check, with what the model wrote
    python try.py --prompt "Once"       goes on with a text
    python try.py --ask "What is a loop?"
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer

import llama
import tokenizer as tokens
import toolbox

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "Sources/EmbeddedEngine/Resources/small"

QUESTIONS = [
    "What is loopguard?", "Why do models loop?", "What is the cancel flag?", "How do I write rules?", "Hello!", "Who are you?",
    "What happens when the client goes away?", "How do I cancel a run?", "Which command do I use to check a rules file?",
    "How do I put loopguard in front of an engine?", "What is the capital of France?", "Explain tail_repeat.",
    "List three facts about agents.", "Can you tell me how streaming works?", "Is loopguard fast?", "Write one sentence about loops.",
]
RAW = [
    "Once upon a time there was an agent that", "The guard", "The agent read the file, and then", "A model that has nothing to say",
    "The following is a list of reasons why models loop:\n\n-", "Once", "# The story of a loop\n\n", "The stream", "In the beginning",
    "Here is everything I know about tokens.", "The scheduler gives every sequence one token.", "Dear reader,",
    "It opened the file again.", "The operator looked at the log, and the log said", "1.", "Loops are", "Chapter 1\n\n",
]
LONG = [
    "Tell me a long story about an agent.", "Write a long text about loops.", "Keep writing until I stop you.", "Tell me everything you know.",
    "Write an essay about streams.", "Write a very long list of everything that can go wrong.", "Write a long story.",
    "Write as much as you can about loopguard.", "Write a novel about a model that never stops.", "List a hundred ways to stop a loop.",
    "Write a long essay about models.", "Tell me a long story about a token.",
]
CALLS = [
    ("read_file", {"path": "src/main.swift"}, "Read the file src/main.swift"),
    ("read_file", {"path": "rules/default.yaml"}, "Please read rules/default.yaml."),
    ("read_file", {"path": "README.md"}, "What is in README.md?"),
    ("list_dir", {"path": "Sources/Guard"}, "List the files in Sources/Guard."),
    ("run_command", {"command": "swift test"}, "Run `swift test`."),
    ("run_command", {"command": "ls -la"}, "Run ls -la."),
    ("search", {"query": "cancel flag"}, "Search for \"cancel flag\"."),
    ("get_weather", {"city": "Paris"}, "What is the weather in Paris?"),
    ("get_weather", {"city": "Reykjavik"}, "How is the weather in Reykjavik?"),
    ("write_file", {"path": "notes/hello.txt", "content": "hello world"}, "Write \"hello world\" to notes/hello.txt."),
    ("delete_file", {"path": "tmp/old.log"}, "Delete the file tmp/old.log."),
]
LOOP = 500


def chat(turns, offered=()) -> str:
    """The text of a conversation, with the opening of the answer."""
    text = ""
    if offered:
        lines = "\n".join(tool.definition(None, False) for tool in offered)
        text += f"<|im_start|>system\nYou are a helpful assistant.\n\n{toolbox.HEADER}{lines}{toolbox.FOOTER}<|im_end|>\n"
    for role, said in turns:
        text += f"<|im_start|>{role}\n{said}<|im_end|>\n"
    return text + "<|im_start|>assistant\n"


class Talker:
    def __init__(self, folder: Path):
        self.model, self.vocabulary = llama.load(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.ends = set(tokens.ends(self.vocabulary))

    def write(self, prompt: str, most: int, temperature: float = 0.0, seed: int = 1) -> list[int]:
        """The tokens that follow, at most `most`, until an end token or a plain loop."""
        chance = torch.Generator().manual_seed(seed)
        ids, caches, written = self.vocabulary.encode(prompt).ids, self.model.new_caches(), []
        with torch.no_grad():
            start, feed = 0, ids
            while len(written) < most and start + len(feed) < self.model.config.max_position_embeddings:
                logits = self.model.logits(self.model.hidden(torch.tensor([feed]), caches, start)[0, -1])
                start += len(feed)
                if temperature == 0:
                    token = int(logits.argmax())
                else:
                    token = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=chance))
                written.append(token)
                if token in self.ends or (len(written) % 100 == 0 and looping(written)[1] > LOOP + 100):
                    break
                feed = [token]
        return written

    def text(self, written: list[int]) -> str:
        return self.vocabulary.decode(written, skip_special_tokens=False)


def looping(written: list[int]) -> tuple[int, int]:
    """The period and the length, in tokens, of the repetition in which the text ends; (0, 0) when there is none."""
    best = (0, 0)
    for period in range(1, len(written) // 2 + 1):
        span = period
        while span < len(written) and written[-1 - span] == written[-1 - span + period]:
            span += 1
        if span >= 2 * period and span > best[1]:
            best = (period, span)
    return best


def short(text: str, most: int = 420) -> str:
    text = text.replace("\n", "⏎")
    return text if len(text) <= most else text[: most // 2] + " … " + text[-most // 2 :]


def check(talker: Talker) -> bool:
    """Prints what the model does; true when something is not as it should be."""
    failures = 0
    print("## Answers, greedy")
    for question in QUESTIONS:
        written = talker.write(chat([("user", question)]), 400)
        print(f"- {question}\n    {short(talker.text(written))}  [{len(written)}]")
    print("## Tool calls, greedy")
    offered = [tool for tool in toolbox.TOOLS if tool.name in
               ("read_file", "list_dir", "run_command", "search", "get_weather", "write_file", "delete_file")]
    for name, arguments, request in CALLS:
        for among in (offered[:2] + [tool for tool in offered if tool.name == name], offered):
            among = list({tool.name: tool for tool in among}.values())
            text = talker.text(talker.write(chat([("user", request)], among), 120))
            try:
                call = json.loads(text.split("<tool_call>")[1].split("</tool_call>")[0])
            except (IndexError, ValueError):
                call = None
            right = call == {"name": name, "arguments": arguments}
            failures += not right
            print(f"- {'right' if right else 'WRONG'} ({len(among)} offered) {request} -> {short(text)}")
    print("## Agents, greedy: the same call again after each result")
    for request, name, arguments, result in [
        ("Run `swift test`. Try until it works.", "run_command", {"command": "swift test"}, "exit code 1"),
        ("Is the job nightly done? Wait until it is done.", "get_status", {"job": "nightly"}, "running"),
        ("Read the file src/main.swift. Do not give up.", "read_file", {"path": "src/main.swift"}, "Error: file not found: src/main.swift"),
        ("Read the file src/main.swift. Try until it works.", "read_file", {"path": "src/main.swift"}, "timeout"),
        ("Search for \"loop\". Repeat it if needed.", "search", {"query": "loop"}, "busy, try again"),
    ]:
        among = [tool for tool in toolbox.TOOLS if tool.name in (name, "list_dir", "write_file")]
        turns, count = [("user", request)], 0
        while count < 8:
            text = talker.text(talker.write(chat(turns, among), 120)).removesuffix("<|im_end|>")
            if text != toolbox.call(name, arguments):
                break
            count += 1
            turns += [("assistant", text), ("tool", f"<tool_response>{result}</tool_response>")]
        print(f"- {count} identical calls{' and no end' if count == 8 else ''}: {request} ({result}) ... {short(text)}")
    print("## Long texts: greedy, and sampled at temperature 0.8 with two seeds")
    loops = 0
    for prompt in RAW + [chat([("user", request)]) for request in LONG]:
        written = talker.write(prompt, 1300)
        period, span = looping(written)
        loops += span > LOOP
        print(f"- {short(prompt, 90)!r}: {len(written)} tokens, period {period}, repeated for {span}"
              + (f": {short(talker.text(written[-period:]), 240)}" if span > 60 else f", {short(talker.text(written), 240)}"))
        if span > LOOP:
            healthy = []
            for seed in (1, 2):
                warm = talker.write(prompt, 600, 0.8, seed)
                healthy.append((len(warm), looping(warm)[1]))
            failures += any(span > 400 for _, span in healthy)
            print(f"    sampled (tokens, repeated): {healthy}; {short(talker.text(warm), 240)}")
    print(f"{loops} prompts loop for more than {LOOP} tokens; {failures} failures")
    return failures > 0 or loops < 5


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=SMALL)
    parser.add_argument("--prompt")
    parser.add_argument("--ask")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=400)
    options = parser.parse_args()
    torch.set_num_threads(1)
    talker = Talker(options.folder)
    if options.prompt or options.ask:
        text = options.prompt or chat([("user", options.ask)])
        print(talker.text(talker.write(text, options.tokens, options.temperature, options.seed)))
    else:
        sys.exit(1 if check(talker) else 0)
