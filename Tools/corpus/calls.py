"""Tool calls that loop, in one response and across the turns of a request, and such as look alike and are healthy."""

import json

from entry import healthy, loop
from words import NAMES, NOUNS, PLACES, VERBS, prose, sentence


class Session:
    """The messages of a request, round by round."""

    TOOLS = ["bash", "read_file", "write_file", "edit_file", "search", "list_files", "get_status", "fetch"]

    def __init__(self, task, tools=None):
        self.messages = [{"role": "system", "content": "You are a coding agent."}, {"role": "user", "content": task}]
        self.tools = tools or self.TOOLS
        self.count = 0

    def round(self, *calls):
        """One assistant message with calls, given as (name, arguments, result)."""
        made, results = [], []
        for name, arguments, result in calls:
            self.count += 1
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            made.append({"id": f"c{self.count}", "type": "function", "function": {"name": name, "arguments": text}})
            results.append({"role": "tool", "tool_call_id": f"c{self.count}", "content": result})
        self.messages += [{"role": "assistant", "content": None, "tool_calls": made}] + results
        return self

    def user(self, text):
        self.messages.append({"role": "user", "content": text})
        return self

    @property
    def request(self):
        tools = [{"type": "function", "function": {"name": name}} for name in self.tools]
        return {"model": "test", "messages": self.messages, "tools": tools}


def listing(dice, count=12):
    return "\n".join(f"-rw-r--r-- 1 dev dev {dice.randrange(99999)} {dice.choice(NOUNS)}.{dice.choice(['c', 'py', 'md'])}" for _ in range(count))


def uuid(dice):
    return "-".join("".join(dice.choice("0123456789abcdef") for _ in range(n)) for n in (8, 4, 4, 4, 12))


COMMANDS = ["make test", "npm run build", "mvn -q test", "cargo check", "pytest -x", "go vet ./...", "ls -la", "git status", "curl -s localhost:8080/health", "swift build"]


# MARK: loops in one response

def response_calls(dice):
    for index in range(14):
        entry = loop("calls", "calls").add(sentence(dice), "content").loop()
        command = COMMANDS[index % len(COMMANDS)]
        calls = [("bash", {"command": command}), ("read_file", {"path": f"src/{dice.choice(NOUNS)}.c"})][index % 2]
        yield entry.call(*calls, times=12)
    for index in range(6):
        # The same call in other words: order of members, blanks.
        entry = loop("calls", "calls").loop()
        path = f"{dice.choice(NOUNS)}/{dice.choice(NOUNS)}.py"
        for n in range(12):
            entry.call("edit_file", f'{{"path":"{path}", "line":{index}}}' if n % 2 else f'{{ "line": {index}, "path": "{path}" }}')
        yield entry
    for index in range(8):
        entry = loop("calls", "calls").loop()
        name = ["search", "read_file", "fetch", "bash"][index % 4]
        for n in range(40):
            key = {"search": "query", "read_file": "path", "fetch": "url", "bash": "command"}[name]
            entry.call(name, {key: f"{dice.choice(NOUNS)} {n}"})
        yield entry
    for index in range(4):
        entry = loop("calls", "calls").loop()
        for n in range(90):
            entry.call(["search", "fetch", "read_file"][n % 3], {"what": f"{dice.choice(NOUNS)} {n}"})
        yield entry


# MARK: loops across turns

def finish(session, kind, name, arguments, text=""):
    entry = loop(kind, "calls", request=session.request)
    if text:
        entry.add(text, "content")
    return entry.loop().call(name, arguments)


def history_identical(dice):
    for index in range(22):
        session = Session(sentence(dice))
        for _ in range(index % 3):
            session.round(("read_file", {"path": f"{dice.choice(NOUNS)}.md"}, prose(dice, 200)))
        name, arguments = [
            ("bash", {"command": COMMANDS[index % 10]}), ("get_status", {}), ("search", {"query": dice.choice(NOUNS)}),
            ("read_file", {"path": f"src/{dice.choice(NOUNS)}.c"}),
        ][index % 4]
        result = [listing(dice), "ok", "no matches found", prose(dice, 600)][index % 4]
        for n in range(4 + index % 9):
            # Members in another order make no other call.
            session.round((name, arguments, result))
        yield finish(session, "history-identical", name, arguments, "Let me check that again. " if index % 2 else "")


def history_volatile(dice):
    for index in range(16):
        session = Session(sentence(dice))
        name, arguments = [("bash", {"command": COMMANDS[index % 10]}), ("fetch", {"url": f"https://{dice.choice(NOUNS)}.example/api"})][index % 2]
        body = prose(dice, 150)
        for n in range(6):
            result = [
                f"{body}\nwall_time={dice.random():.4f}s",
                f"2026-04-{1 + n:02}T10:{dice.randrange(60):02}:{dice.randrange(60):02}.{dice.randrange(999):03}Z {body}",
                f"{body}\nrequest_id: {uuid(dice)}",
                f"[pid {dice.randrange(999, 99999)}] {body}",
                f"{body}\nduration: {dice.randrange(100, 990)}ms",
                f"{body} at 0x{dice.randrange(1 << 40):012x}",
                f'{{"id":"{uuid(dice)}","status":"failed","message":"{body.strip()[:80]}"}}',
                f"{body}\nFinished in {dice.random():.2f} seconds",
            ][index % 8]
            session.round((name, arguments, result))
        yield finish(session, "history-volatile", name, arguments)


def history_cycle(dice):
    for index in range(16):
        session = Session(sentence(dice))
        length = 2 + index % 4
        cycle = []
        for n in range(length):
            path = f"{dice.choice(NOUNS)}_{n}.py"
            cycle.append([
                ("read_file", {"path": path}, prose(dice, 200)), ("edit_file", {"path": path, "old": "a", "new": "b"}, "Error: text not found in file"),
                ("bash", {"command": f"python {path}"}, "Traceback: ValueError"), ("search", {"query": path}, "no matches found"),
            ][(n + index) % 4])
        for n in range(3 * length - 1 + length * (index % 2)):
            session.round(cycle[n % length])
        upcoming = cycle[len([m for m in session.messages if m["role"] == "assistant"]) % length]
        yield finish(session, "history-cycle", upcoming[0], upcoming[1])


def history_interleaved(dice):
    for index in range(10):
        session = Session(sentence(dice))
        target = ("bash", {"command": COMMANDS[index]}, "FAILED (errors=3)")
        for n in range(14):
            session.round(target)
            # Mostly the same few look-ups in changing order; at the end of the list ever new ones, which pass for progress.
            for _ in range(1 + n % 3):
                query = ["alpha", "beta", "gamma"][dice.randrange(3)] if index < 8 else f"{dice.choice(NOUNS)} {n}"
                session.round(("search", {"query": query}, "no matches found"))
        yield finish(session, "history-interleaved", target[0], target[1])


def history_error(dice):
    for index in range(14):
        session = Session(sentence(dice))
        for n in range(9):
            arguments = [
                {"command": f"ssh -o Option{n}=yes -p {dice.randrange(9999)} host{index}"}, {"command": f"psql -h db -U user{n} -c 'select {n}'"},
                {"url": f"https://{dice.choice(NOUNS)}.example/{n}"}, {"query": f"{dice.choice(NOUNS)} {dice.choice(VERBS)}"},
            ][index % 4]
            name = ["bash", "bash", "fetch", "search"][index % 4]
            error = ["dev@host: Permission denied (publickey).", "Error: could not connect to server: the role does not exist",
                     "Error: invalid certificate chain", "Error: the index is corrupt, rebuild it first"][index % 4]
            if n == 8:
                yield finish(session, "history-error", name, arguments)
            session.round((name, arguments, error))


def history_unknown(dice):
    for index in range(12):
        session = Session(sentence(dice))
        names = [["wri", "ed", "ba", "re", "sea", "lis", "fe", "ge"], ["WebSearch"] * 8, ["python", "browser", "search_web", "python", "open", "click", "type", "scroll"]][index % 3]
        for n in range(7):
            session.round((names[n], {"q": f"{dice.choice(NOUNS)}"}, f"Error: Tool {names[n]} not found"))
        yield finish(session, "history-unknown", names[7], {"q": dice.choice(NOUNS)})


def permanent(dice):
    for index in range(32):
        session, kind = Session(sentence(dice)), index % 6
        binary = ["cargo", "terraform", "mvn", "ffmpeg", "rg", "poetry"][index // 6 % 6]
        for n in range(8):
            path = f"{dice.choice(NOUNS)}/{dice.choice(NOUNS)}{n}.txt"
            name, arguments, result = [
                ("bash", {"command": f"{binary} {['build', 'test', 'run', 'check'][n % 4]} {'-v' * (n // 4)}"}, f"bash: line 1: {binary}: command not found"),
                ("read_file", {"path": f"/srv/{index}/missing.txt"}, f"Error: ENOENT: no such file or directory, open '/srv/{index}/missing.txt'"),
                ("write_file", {"path": f"/etc/{path}", "content": str(n)}, f"Error: EACCES: permission denied, open '/etc/{path}'"),
                ("edit_file", {"file": f"{index}.c"}, "Error: invalid arguments: missing required key 'path'"),
                ("read_file", {"path": f"/srv/folder{index}"}, "Error: EISDIR: illegal operation on a directory, read"),
                ("python_repl", {"code": f"print({n})"}, "Error: unknown tool python_repl"),
            ][kind]
            if n == 7:
                yield finish(session, "permanent", name, arguments)
            session.round((name, arguments, result))
            if n % 3 == 2 and kind in (0, 2):
                session.round(("list_files", {"path": f"/{n}"}, listing(dice, 3)))


LOOPS = [response_calls, history_identical, history_volatile, history_cycle, history_interleaved, history_error, history_unknown, permanent]


# MARK: healthy

def answer(session, kind, name, arguments):
    return healthy(kind, request=session.request).call(name, arguments)


def fan_out(dice):
    """Many calls in one response that are all wanted."""
    for index in range(12):
        entry = healthy("fan-out").add(sentence(dice))
        for place in dice.sample(PLACES, 3 + index):
            entry.call("get_weather", {"city": place, "unit": "celsius"})
        yield entry
    for index in range(8):
        entry = healthy("fan-out")
        for n in range(20):
            entry.call(["read_file", "search"][n % 2], {"path": f"src/{dice.choice(NOUNS)}_{n}.py"})
        yield entry


def polling(dice):
    """The same call over and over, and each time a little more has happened."""
    for index in range(20):
        session = Session("Start the job and tell me when it is done.")
        name, arguments = [("get_status", {"job": index}), ("bash", {"command": "git status --short"}), ("bash", {"command": "sleep 30 && tail -n 1 build.log"}), ("get_status", {})][index % 4]
        for n in range(10 + index):
            result = [
                f'{{"job":{index},"state":"running","progress":{n * 3}}}', listing(dice, 1 + n % 7),
                f"[{n * 17}/800] Compiling {dice.choice(NOUNS)}.c", f"running for {n * 30 + 1}s",
            ][index % 4]
            session.round((name, arguments, result))
        yield answer(session, "polling", name, arguments)


def batch(dice):
    """Alike calls over many files."""
    for index in range(20):
        session = Session("Rename the function in every file.")
        for n in range(18):
            path = f"src/{dice.choice(NOUNS)}_{n}.ts"
            session.round([
                ("edit_file", {"path": path, "old": "getName(", "new": "readName("}, "ok"),
                ("read_file", {"path": path}, prose(dice, 120)),
                ("bash", {"command": f"sed -i s/getName/readName/ {path}"}, ""),
                ("write_file", {"path": path, "content": f"export const n = {n}\n"}, "File written."),
            ][index % 4])
        yield answer(session, "batch", "edit_file", {"path": "src/last.ts", "old": "getName(", "new": "readName("})


def edit_and_test(dice):
    """The same test after every edit, with other failures, until it passes."""
    for index in range(20):
        session = Session("Make the tests pass.")
        command = {"command": COMMANDS[index % 6]}
        for n in range(6 + index % 5):
            session.round(("edit_file", {"path": "src/a.py", "old": f"v{n}", "new": f"v{n + 1}"}, "ok"))
            failure = f"FAILED test_{dice.choice(NOUNS)} - assert {n} == {n + 1}\n{9 - n} failed, {n} passed" if index % 3 else f"error: cannot find '{dice.choice(NOUNS)}' in scope"
            session.round(("bash", command, failure))
        session.round(("edit_file", {"path": "src/a.py", "old": "x", "new": "y"}, "ok"))
        yield answer(session, "edit-and-test", "bash", command)


def mended(dice):
    """Failures that were mended before the call was made again, and retries that succeed."""
    for index in range(20):
        session = Session(sentence(dice))
        kind = index % 5
        if kind == 0:
            session.round(("bash", {"command": "cargo build"}, "bash: cargo: command not found"))
            session.round(("bash", {"command": "curl https://sh.rustup.example | sh -s -- -y"}, "Rust is installed now."))
            again = ("bash", {"command": "cargo build"})
        elif kind == 1:
            for n in range(3):
                session.round(("bash", {"command": "make"}, f"main.c:{n}:10: fatal error: {dice.choice(NOUNS)}.h: No such file or directory"))
                session.round(("write_file", {"path": f"{n}.h", "content": "#pragma once\n"}, "File written."))
            again = ("bash", {"command": "make"})
        elif kind == 2:
            for n in range(4):
                session.round(("fetch", {"url": "https://api.example/v1/items"}, ["Error: 503 Service Unavailable", "Error: timeout after 30 s", "Error: 429 Too Many Requests", "Error: connection reset by peer"][n]))
            again = ("fetch", {"url": "https://api.example/v1/items"})
        elif kind == 3:
            for n in range(3):
                session.round(("bash", {"command": "terraform plan"}, "bash: terraform: command not found"))
            session.user("I have installed it, try again.")
            again = ("bash", {"command": "terraform plan"})
        else:
            session.round(("edit_file", {"path": "a.c", "old": "int x", "new": "long x"}, "Error: text not found in file"))
            session.round(("read_file", {"path": "a.c"}, prose(dice, 150)))
            session.round(("edit_file", {"path": "a.c", "old": "int  x", "new": "long x"}, "ok"))
            again = ("bash", {"command": "make"})
        yield answer(session, "mended", *again)


def stepping(dice):
    """A debugger that steps, a test run again after each file, pages of a list, waits."""
    for index in range(16):
        session = Session("Find where it crashes.")
        for n in range(14):
            session.round([
                ("bash", {"command": "next"}, f"{100 + n}\t    {dice.choice(NOUNS)}_{n} = {dice.choice(VERBS)}();"),
                ("fetch", {"url": "https://api.example/items", "page": n}, prose(dice, 150)),
                ("bash", {"command": ""}, f"still running, {n * 11} of 900 files"),
                ("attach_file", {"name": f"{dice.choice(NAMES)}_{n}.pdf"}, "True"),
            ][index % 4])
        yield answer(session, "stepping", *[("bash", {"command": "next"}), ("fetch", {"url": "https://api.example/items", "page": 15}), ("bash", {"command": ""}), ("attach_file", {"name": "last.pdf"})][index % 4])


def sources_of_errors(dice):
    """Files that speak of errors, read more than once with work between."""
    for index in range(10):
        session = Session("Improve the messages.")
        text = "\n".join(f'raise {dice.choice(["TypeError", "OSError"])}("{dice.choice(["command not found", "ENOENT", "Permission denied", "unknown tool"])}: {dice.choice(NOUNS)}")' for _ in range(20))
        for n in range(4):
            session.round(("read_file", {"path": "errors.py"}, text + f"\n# revision {n}"))
            session.round(("edit_file", {"path": "errors.py", "old": f"{n}", "new": f"{n + 1}"}, "ok"))
        yield answer(session, "sources-of-errors", "read_file", {"path": "errors.py"})


HEALTHY = [fan_out, polling, batch, edit_and_test, mended, stepping, sources_of_errors]
