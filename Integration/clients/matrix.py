"""Real clients against loopguard: every client, every scenario, streaming and not.

    python3 Integration/clients/matrix.py --only 'langchain*' --scenario 'loop in text'
    python3 Integration/clients/matrix.py --write docs/clients.md

Two engines stand behind loopguard: the scripted one, which speaks every format and does what the model's name says, and
the embedded one, whose model falls into a loop by itself. A client that asks for something runs in a process of its own
(`programs/harness.py`). What came of it is compared with `expectations.py`; a difference makes the exit status 1.
"""

import argparse
import fnmatch
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from clients_table import CLIENTS, SCENARIOS, cells  # noqa: E402
from expectations import Outcome, expected  # noqa: E402
from loopguard_process import Loopguard  # noqa: E402
from scripted.scenarios import FILE  # noqa: E402
from scripted_engine import ScriptedEngine  # noqa: E402

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


class Program:
    """A running client program, which takes one cell after the other."""

    def __init__(self, python, name):
        self.process = subprocess.Popen(
            [python, HERE / "programs" / f"{name}.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # LiteLLM would fetch a price list, and smolagents and others may report to their makers.
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENAI_AGENTS_DISABLE_TRACING": "1"},
        )

    def begin(self, cell):
        """The id of the process that runs the cell."""
        self.process.stdin.write(json.dumps(cell) + "\n")
        self.process.stdin.flush()
        return self.read()["pid"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[1].name} ended: {self.process.stderr.read()[-2000:]}")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


class ScriptedBench:
    """loopguard in front of the scripted engine."""

    name = "scripted"

    def __init__(self, binary, direct=False):
        self.engine = ScriptedEngine()
        self.guard = None if direct else Loopguard(binary, "--upstream", self.engine.url)
        self.url = self.engine.url if direct else self.guard.url
        self.number = 0

    def cell(self, client, scenario):
        self.number += 1
        return {"model": f"{SCENARIOS[scenario]}.{self.number}"}

    def has_begun(self, cell):
        return bool(self.engine.requests(cell["model"]))

    def finished(self, cell):
        """What became of the cell's requests in the engine, once all have ended there."""
        wait(lambda: all(record["ended"] for record in self.engine.requests(cell["model"])))
        return [record["ended"] for record in self.engine.requests(cell["model"])]

    def stop(self):
        if self.guard:
            self.guard.stop()
        self.engine.shutdown()


class EmbeddedBench:
    """loopguard with the embedded engine, whose small model falls into a loop by itself when it decodes greedily. The
    clients have no tool here: with one, the model calls it."""

    name = "embedded"
    # Trained anew, the model may need another one.
    QUESTIONS = [
        "Tell me a long story about an agent.",
        "Tell a very long story about the guard.",
        "Write a long story about a flag.",
    ]
    SETTINGS = {
        "healthy": {"temperature": 0.9, "max_tokens": 60},
        "loop in text": {"temperature": 0.0},
        "cancel": {"temperature": 0.0},
    }

    def __init__(self, binary):
        self.guard = Loopguard(binary, "--tokens-per-second", "200")
        self.url = self.guard.url
        self.question = next(filter(self.loops, self.QUESTIONS), None)
        if self.question is None:
            raise RuntimeError("the embedded engine's model loops over none of the questions")

    def loops(self, question):
        """Whether the question makes the model loop, in both formats that the engine speaks."""
        asked = [
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": question}]}),
            ("/v1/completions", {"prompt": question, "max_tokens": 16000}),
        ]
        answers = [self.guard.request("POST", path, {**body, "temperature": 0})[1] for path, body in asked]
        return all("guard" in str(answer["choices"][0].get("stop_reason")) for answer in answers)

    def cell(self, client, scenario):
        self.before = self.guard.get("/slots")
        return {"model": "loopguard-small", "prompt": self.question, "tools": False, **self.SETTINGS[scenario]}

    def has_begun(self, cell):
        return bool(self.guard.get("/slots")["active"])

    def finished(self, cell):
        wait(lambda: not self.guard.get("/slots")["active"])
        slots = self.guard.get("/slots")
        count = slots["finished"] - self.before["finished"]
        return (
            ["closed" if run["state"] == "cancelled" else run["state"] for run in slots["recent"][-count:]]
            if count
            else []
        )

    def stop(self):
        self.guard.stop()


def wait(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def run(bench, program, client, scenario, stream):
    cell = {"client": client, "base_url": bench.url, "stream": stream, **bench.cell(client, scenario)}
    process = program.begin(cell)
    if scenario == "cancel":
        # The user presses Ctrl-C while the engine writes.
        wait(lambda: bench.has_begun(cell))
        time.sleep(0.3)
        try:
            os.kill(process, signal.SIGINT)
            # A client that goes on reading in a thread is then ended from outside.
            if not select.select([program.process.stdout], [], [], 3)[0]:
                os.kill(process, signal.SIGTERM)
        except ProcessLookupError:
            pass
    result = program.read()
    ended = bench.finished(cell)
    whole = [call for call in result["executed"] if call == FILE]
    return result, Outcome(
        raises=result["error"] and result["error"].split(".")[-1],
        calls=len(whole),
        requests=len(ended),
        engine="; ".join(sorted(set(ended), key=ended.index)),
        cut=len(result["executed"]) - len(whole),
    )


def measure(bench, options):
    """Every cell of one bench, program by program."""
    programs = {}
    for name, client in CLIENTS.items():
        if fnmatch.fnmatch(name, options.only):
            programs.setdefault((client.group, client.program), []).append(name)
    for (group, module), names in programs.items():
        program = Program(Path(options.venvs) / group / "bin" / "python", module)
        for name in names:
            for scenario, stream in cells(name, bench.name):
                if options.scenario and scenario not in options.scenario:
                    continue
                if options.mode and stream != (options.mode == "streaming"):
                    continue
                result, outcome = run(bench, program, name, scenario, stream)
                wanted = expected(name, scenario, stream)
                faults = wanted.faults(outcome)
                yield bench.name, name, scenario, stream, outcome, faults
                mark = "as expected" if not faults else "DIFFERS: " + ", ".join(faults)
                mode = "streaming" if stream else "whole"
                print(f"{bench.name:8} {name:26} {scenario:18} {mode:9} {outcome}  {mark}", flush=True)
                if faults and options.verbose:
                    print("   ", result.get("message"), result.get("finish"), repr(result.get("text")))
                    print(result.get("trace"), result.get("log"))
        program.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loopguard", default=".build/release/loopguard")
    parser.add_argument(
        "--venvs", default=".venv-clients", help="the folder of the virtual environments, one per group"
    )
    parser.add_argument("--only", default="*", help="a pattern of client names")
    parser.add_argument("--scenario", action="append", help="a scenario; may be given more than once")
    parser.add_argument("--mode", choices=["streaming", "whole"])
    parser.add_argument("--bench", choices=["scripted", "embedded", "direct"], action="append")
    parser.add_argument("--write", help="the page whose table is to be written anew")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()

    rows = []
    for name in options.bench or ["scripted", "embedded"]:
        if name == "embedded":
            bench = EmbeddedBench(options.loopguard)
        else:
            bench = ScriptedBench(options.loopguard, direct=name == "direct")
        try:
            rows += list(measure(bench, options))
        finally:
            bench.stop()
    if options.write:
        write(Path(options.write), rows, options)
    wrong = [row for row in rows if row[-1]]
    print(f"{len(rows)} cells, {len(wrong)} not as expected")
    return 1 if wrong else 0


def write(page, rows, options):
    """Puts the table between its marks."""
    text = page.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    page.write_text(text[:start] + "\n" + table(rows, options) + text[end:])


def table(rows, options):
    parts = []
    for bench, title in [
        ("scripted", "In front of the scripted engine"),
        ("embedded", "In front of the embedded engine"),
    ]:
        here = [row for row in rows if row[0] == bench]
        if not here:
            continue
        scenarios = [scenario for scenario in SCENARIOS if any(row[2] == scenario for row in here)]
        parts.append(f"### {title}\n")
        parts.append("| client | | " + " | ".join(scenarios) + " |")
        parts.append("|---|---|" + "---|" * len(scenarios))
        for name, stream in dict.fromkeys((row[1], row[3]) for row in here):
            found = {row[2]: row for row in here if (row[1], row[3]) == (name, stream)}
            line = [
                found[scenario][4].words + (" ✗" if found[scenario][5] else "") if scenario in found else ""
                for scenario in scenarios
            ]
            parts.append(f"| {name} | {'streaming' if stream else 'whole'} | " + " | ".join(line) + " |")
        parts.append("")
    versions = []
    for group in dict.fromkeys(client.group for client in CLIENTS.values()):
        listed = subprocess.run(
            [Path(options.venvs) / group / "bin" / "python", "-m", "pip", "freeze"], capture_output=True, text=True
        ).stdout
        wanted = [line.split("==")[0] for line in (HERE / "requirements" / f"{group}.txt").read_text().split()]
        wanted = [name.split("[")[0].lower() for name in wanted]
        versions += [line.replace("==", " ") for line in listed.splitlines() if line.split("==")[0].lower() in wanted]
    parts.append("Versions: " + ", ".join(sorted(set(versions))) + ".\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
