"""What the client programs share: the tool they offer, and how they are run.

A program offers one or more clients: functions that take a `Cell` and return the text and the finish reason they got.
`serve` reads one cell per line from standard input, as JSON, and runs each in a process of its own, forked once all
libraries are loaded. Two lines answer: the process's id when it begins, and the outcome when it has ended.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from dataclasses import dataclass

PROMPT = "Write a short explanation of proxies to notes.txt."


@dataclass
class Cell:
    client: str
    base_url: str
    model: str
    stream: bool
    prompt: str = PROMPT
    temperature: float = 0.0
    max_tokens: int = 16000
    # Whether the client has its tool.
    tools: bool = True
    # Seconds after which the process is ended.
    timeout: int = 180

    @property
    def v1(self):
        return self.base_url + "/v1"


# What the tool was called with.
executed = []


def write_file(path: str, content: str) -> str:
    """Write a text file.

    Args:
        path: Where the file goes.
        content: The whole text of the file.
    """
    executed.append({"path": path, "content": content})
    return "written"


PARAMETERS = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
    "required": ["path", "content"],
    "additionalProperties": False,
}

CHAT_TOOL = {
    "type": "function",
    "function": {"name": "write_file", "description": "Write a text file.", "parameters": PARAMETERS},
}

RESPONSES_TOOL = {
    "type": "function",
    "name": "write_file",
    "description": "Write a text file.",
    "parameters": PARAMETERS,
}

ANTHROPIC_TOOL = {"name": "write_file", "description": "Write a text file.", "input_schema": PARAMETERS}

# An agent that has not come to an end after so many turns is not going to.
MOST_TURNS = 6


def serve(clients):
    for line in sys.stdin:
        cell = Cell(**json.loads(line))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            signal.alarm(cell.timeout)
            os.write(writing, json.dumps(outcome(clients[cell.client], cell)).encode())
            os._exit(0)
        os.close(writing)
        say({"pid": child})
        with os.fdopen(reading) as pipe:
            written = pipe.read()
        os.waitpid(child, 0)
        say(json.loads(written) if written else {"error": "killed", "executed": []})


def say(message):
    print(json.dumps(message), flush=True)


def outcome(client, cell):
    """Runs the client with its output put away. What it raises is the outcome."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    sys.stdin = open(os.devnull)
    result = {"error": None, "text": None, "finish": None}
    try:
        text, finish = client(cell)
        result.update(text=(text or "")[-200:], finish=finish)
    except BaseException as error:
        result.update(error=type(error).__name__, message=str(error)[:300], trace=traceback.format_exc()[-1500:])
    sys.stdout.flush()
    with open("log", errors="replace") as output:
        result["log"] = output.read()[-1500:]
    return {**result, "executed": executed}
