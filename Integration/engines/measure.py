"""How many tokens real engines generate after a run was ended, with loopguard and without it.

    python3 Integration/engines/measure.py --loopguard .build/release/loopguard --write docs/engines.md \\
        --llama-cpp-python .venv-engines/llama-cpp-python/bin/python --mlx-lm .venv-engines/mlx-lm/bin/python

An engine that is not named is left out. The engines in Python run at a pace (--pace), since their small models would be
done before anybody could stop them.
"""

import argparse
import http.client
import json
import pathlib
import platform
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from engines import Embedded, LlamaCppPython, MLXLM, embedded_tokens  # noqa: E402
from loopguard_process import Loopguard  # noqa: E402

# A run that is to be stopped by hand must not be stopped by a guard, and not end by itself either.
UNGUARDED = {"X-Loopguard-Mode": "observe"}
MARK = "<!-- measured: written by make engines -->"


class Call:
    """One request, read as it comes."""

    def __init__(self, url, body, headers={}):
        place = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(place.hostname, place.port, timeout=300)
        self.connection.request(
            "POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json", **headers}
        )
        self.answer = None

    def events(self):
        self.answer = self.answer or self.connection.getresponse()
        for line in self.answer:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])

    def read(self, count):
        """Reads that many events."""
        for number, _ in enumerate(self.events(), 1):
            if number == count:
                return

    def leave(self):
        sock = self.connection.sock or self.answer.fp.raw._sock
        sock.close()
        if self.answer:
            self.answer.close()
        self.connection.close()


class Measurement:
    def __init__(self, engine, tokens=None, url=None):
        self.engine, self.count, self.url = engine, tokens or engine.tokens, url or engine.url

    def settled(self, quiet=2.5):
        """The count when it has not changed for a while: the longest that an engine looks away is two seconds."""
        last, since = self.count(), time.monotonic()
        while time.monotonic() - since < quiet:
            time.sleep(0.05)
            now = self.count()
            if now != last:
                last, since = now, time.monotonic()
        return last

    def guard(self):
        """Tokens up to the end that a guard made, and after it."""
        start = self.settled()
        finish, guarded = None, None
        for event in Call(self.url, {**self.engine.loops, "stream": True}).events():
            for choice in event.get("choices", []):
                finish = choice.get("finish_reason") or finish
            guarded = event.get("guard", guarded)
        at = self.count()
        return at - start, self.settled() - at, finish, guarded

    def user_stop(self, stream, how):
        """Tokens after a person stopped the run, by loopguard's API (`stop`) or by leaving (`leave`)."""
        start = self.settled()
        call = Call(self.url, {**self.engine.loops, "stream": stream}, UNGUARDED)
        deadline = time.monotonic() + 60
        if stream:
            call.read(30)
        while self.count() < start + 30 and time.monotonic() < deadline:
            time.sleep(0.01)
        stop = None if how == "leave" else self.stopping()
        # What is generated while the end is on its way counts as after it.
        at = self.count()
        assert at < start + 900, "the run was over before it could be stopped"
        if stop:
            assert json.load(urllib.request.urlopen(stop, timeout=10))["cancelled"]
        else:
            call.leave()
        return self.settled() - at

    def stopping(self):
        """The request that stops the run that is under way."""
        run = next(run for run in self.runs() if run["state"] in ("sent", "streaming"))
        return urllib.request.Request(f"{self.url}/v1/requests/{run['id']}", method="DELETE")

    def runs(self):
        return json.load(urllib.request.urlopen(self.url + "/v1/requests", timeout=10))["data"]

    def word(self):
        """What loopguard knows of the engine's end of the last run."""
        word = self.runs()[0].get("engine") or {}
        confirmed = {True: "yes", False: "no", None: "cannot be told"}[word.get("confirmed")]
        return f"{confirmed}, {word.get('via', '')} {word.get('after_ms', 0):.0f} ms" if word.get("confirmed") else confirmed


def rows(engine, loopguard_binary, options):
    """The table's rows for one engine."""
    direct = Measurement(engine)
    with Loopguard(loopguard_binary, "--upstream", engine.url) as loopguard:
        behind = Measurement(engine, url=loopguard.url)
        yield from compare(engine, direct, behind, loopguard)


def embedded_rows(loopguard_binary, options):
    """Those of the embedded engine, which has its cancel board only behind its own gateway."""
    engine = Embedded(loopguard_binary, options.pace)
    try:
        with Loopguard(loopguard_binary, "--tokens-per-second", str(options.pace)) as loopguard:
            count = lambda: embedded_tokens(loopguard.get("/slots"))  # noqa: E731
            yield from compare(engine, Measurement(engine), Measurement(engine, count, loopguard.url), loopguard)
    finally:
        engine.stop()


def compare(engine, direct, behind, loopguard):
    wait_for_recognition(loopguard, engine.name)
    upto, after, finish, guarded = behind.guard()
    assert guarded, f"{engine.name}: no guard tripped within {upto} tokens"
    word = behind.word()
    total, rest, direct_finish, _ = direct.guard()
    yield row(engine, "a guard's trip", total + rest - upto, after, word)
    for stream in [True, False]:
        what = "stream" if stream else "answer in one piece"
        alone = direct.user_stop(stream, "leave")
        stopped = behind.user_stop(stream, "stop")
        yield row(engine, f"a user's stop, {what}", alone, stopped, behind.word())
        left = behind.user_stop(stream, "leave")
        yield row(engine, f"the client leaves, {what}", alone, left, behind.word())


def row(engine, end, without, behind, word):
    line = f"| {engine.name} | {end} | {without} | {behind} | {word} |"
    print(line, flush=True)
    return line


def wait_for_recognition(loopguard, name):
    """Waits until the gateway knows the engine, which is asked at the start."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if f'loopguard_engine_info{{engine="{name}"}} 1' in loopguard.get("/metrics"):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{name} was not recognised")


def engines(options, folder):
    if options.llama_cpp_python:
        yield lambda: LlamaCppPython(options.llama_cpp_python, folder, options.pace)
    if options.mlx_lm:
        yield lambda: MLXLM(options.mlx_lm, folder, options.pace)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loopguard", default=".build/release/loopguard")
    parser.add_argument("--llama-cpp-python", help="the Python that has llama-cpp-python")
    parser.add_argument("--mlx-lm", help="the Python that has mlx-lm")
    parser.add_argument("--pace", type=float, default=100, help="tokens per second")
    parser.add_argument("--write", help="the page whose table is to be written anew")
    options = parser.parse_args()
    for name in ["loopguard", "llama_cpp_python", "mlx_lm"]:
        if getattr(options, name):
            # Not resolved: the Python of an environment is a link.
            setattr(options, name, str(pathlib.Path(getattr(options, name)).absolute()))
    lines = list(embedded_rows(options.loopguard, options))
    with tempfile.TemporaryDirectory() as folder:
        for start in engines(options, pathlib.Path(folder)):
            engine = start()
            try:
                lines += rows(engine, options.loopguard, options)
            finally:
                engine.stop()
    if options.write:
        write(pathlib.Path(options.write), lines, options)


def write(page, lines, options):
    head = [
        "| engine | what ended the run | tokens after it, without loopguard | with loopguard | engine seen to have stopped |",
        "|---|---|---|---|---|",
    ]
    machine = f"{platform.system()} {platform.machine()}"
    note = f"Measured on {time.strftime('%Y-%m-%d')}, {machine}; engines in Python and the embedded one at {options.pace:g} tokens per second."
    text = page.read_text()
    begin, _, rest = text.partition(MARK)
    after = rest.partition(MARK)[2]
    page.write_text(begin + MARK + "\n\n" + note + "\n\n" + "\n".join(head + lines) + "\n\n" + MARK + after)


main()
