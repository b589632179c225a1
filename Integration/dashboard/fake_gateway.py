"""A gateway that does as a test tells it: the control API and one chat endpoint, in front of no engine at all.

It answers as docs/serving.md says a gateway does, and it can do what a real one does too rarely to be waited for: answer
late, fail, refuse, lose a connection, hand an id on to another run. Everything a page asked for is in `requests`.
"""

import json
import pathlib
import queue
import re
import select
import socket
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PAGES = pathlib.Path(__file__).resolve().parents[2] / "Sources/Dashboard/Pages"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SERIES = ("runs", "tokens", "trips", "cancels", "tokens_saved")
LIVE = ("queued", "sent", "streaming", "stopping")
TERMINAL = {
    "completed": "done", "stopped": "cancel", "capped": "cancel", "failed": "failed", "disconnected": "disconnected",
}


class Lost(Exception):
    """The connection is to break off."""


class Run:
    """A run that the test moves on."""

    def __init__(self, gateway, id, generation, **facts):
        self.gateway, self.id, self.generation = gateway, id, generation
        parent = gateway.runs.get(facts.get("parent"))
        self.facts = {
            "state": "sent", "kind": "chat_completions", "model": "m", "path": "/v1/chat/completions",
            "client": "opencode/1.2", "session": None, "tree": None, "node": None, "turn": None, "parent": None,
            "root": parent.facts["root"] if parent else id, "depth": parent.facts["depth"] + 1 if parent else 0,
            "started": time.time(), "duration_ms": None, "ttft_ms": None, "bytes": 0, "events": 0, "tokens": None,
            "max_tokens": None, "recorded": False, "reason": None, "cancel": None, "engine": None, "warnings": [],
        } | facts
        self.content, self.reasoning, self.tool_calls = "", "", []

    @property
    def state(self):
        return self.facts["state"]

    def below(self, live=False):
        children = [run for run in self.gateway.runs.values() if run.facts["parent"] == self.id]
        return [run for child in children for run in [child, *child.below()] if not live or run.state in LIVE]

    def object(self):
        return {
            "object": "run", "id": self.id, "generation": self.generation, **self.facts,
            "descendants": len(self.below()), "live_descendants": len(self.below(live=True)),
        }

    def text(self, limit=4096):
        whole = self.content + self.reasoning
        return {
            "id": self.id, "content": self.content[-limit:], "reasoning": self.reasoning[-limit:],
            "tool_calls": self.tool_calls, "truncated": len(whole) > limit,
        }

    def write(self, content="", reasoning="", tool_call=None, rate=42.0):
        with self.gateway.changed:
            if self.state in ("queued", "sent"):
                self.enter("streaming")
                self.facts["ttft_ms"] = self.facts["ttft_ms"] or 82.0
            self.content += content
            self.reasoning += reasoning
            if tool_call:
                self.tool_calls.append(tool_call)
                self.gateway.emit("tool_call", self, name=tool_call["name"], arguments=tool_call["arguments"][:200])
            self.facts["events"] += max(1, len((content + reasoning).split()))
            self.facts["bytes"] += 180 * max(1, len((content + reasoning).split()))
            self.gateway.emit(
                "progress", self, events=self.facts["events"], bytes=self.facts["bytes"], tokens_per_second=rate
            )
            text = self.text(2048)
            self.gateway.emit("text", self, **{name: text[name] for name in ("content", "reasoning", "tool_calls")})

    def enter(self, state, reason=None):
        with self.gateway.changed:
            self.facts |= {"state": state, "reason": reason or self.facts["reason"]}
            self.gateway.emit("state", self, state=state, reason=self.facts["reason"])

    def warn(self, detector, evidence, channel="content", byte=0):
        verdict = {"detector": detector, "mode": "warn", "evidence": evidence, "channel": channel, "byte": byte}
        self.facts["warnings"].append(verdict)
        self.gateway.emit("trip", self, **verdict)

    def trip(self, detector, evidence, channel="content", byte=0):
        verdict = {"detector": detector, "mode": "stop", "evidence": evidence, "channel": channel, "byte": byte}
        self.facts |= verdict | {"reason": f"guard:{detector}"}
        self.gateway.emit("trip", self, **verdict)
        self.end("capped")

    def end(self, state, reason=None, **more):
        with self.gateway.changed:
            if self.state not in LIVE:
                return
            self.facts |= {
                "state": state, "reason": reason or self.facts["reason"], "tokens": self.facts["events"],
                "duration_ms": (time.time() - self.facts["started"]) * 1000, **more,
            }
            source = (self.facts["cancel"] or {}).get("source", "guard" if state == "capped" else None)
            partial = {name: self.facts[name] for name in ("bytes", "events", "tokens")}
            self.gateway.emit(
                TERMINAL[state], self, state=state, reason=self.facts["reason"], source=source, partial=partial,
                engine=self.facts["engine"], run=self.object(),
            )


class Turn:
    """A chat request that waits for the test to answer it."""

    def __init__(self, handler, body, run):
        self.handler, self.body, self.run = handler, body, run
        self.steps = queue.Queue()
        self.closed = threading.Event()
        self.started = False

    def head(self):
        self.steps.put(("head",))

    def write(self, content=None, **delta):
        self.steps.put(("delta", {**({} if content is None else {"content": content}), **delta}))

    def finish(self, reason="stop"):
        self.steps.put(("finish", reason))

    def refuse(self, status, message):
        self.steps.put(("refuse", status, message))

    def lose(self):
        """The connection breaks off in the middle."""
        self.steps.put(("lose",))

    def picture(self, base64):
        self.steps.put(("picture", base64))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def serve(self, method):
        gateway = self.server
        url = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.body = json.loads(raw) if raw else {}
        path = url.path
        if path.startswith("/dashboard"):
            return self.page(path)
        gateway.requests.append((method, path, self.body, dict(self.headers)))
        try:
            for trouble in list(gateway.troubles):
                if re.fullmatch(trouble["path"], path) and trouble["method"] in (None, method):
                    trouble["gate"].wait(60)
                    if trouble["lose"]:
                        raise Lost
                    if trouble["status"]:
                        return self.refuse(trouble["status"], trouble["message"], "made_up")
            is_control = path.startswith(("/v1/runs", "/v1/stats"))
            if gateway.key and is_control and self.headers.get("X-Loopguard-Key") != gateway.key:
                return self.refuse(401, "The control key is missing.", "no_key")
            for pattern, name in ROUTES.get(method, []):
                found = re.fullmatch(pattern, path)
                if found:
                    return getattr(self, name)(*map(unquote, found.groups()))
            self.refuse(404, "There is nothing here.", "unknown")
        except (Lost, ConnectionError):
            self.close_connection = True

    # The pages

    def page(self, path):
        name = {"/dashboard/": "index.html", "/dashboard/chat": "chat.html"}.get(path, path.removeprefix("/dashboard/"))
        file = PAGES / name
        if path == "/dashboard" or not file.is_file() or file.parent != PAGES:
            return self.refuse(404, "There is no such page.", "unknown")
        data = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", f"{TYPES[file.suffix]}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(data)

    # The control API

    def list(self):
        gateway, query = self.server, self.query
        wanted = query.get("state", "live,ended").split(",")
        with gateway.changed:
            runs = sorted(gateway.runs.values(), key=lambda run: -run.facts["started"])
            live = [run for run in runs if run.state in LIVE]
            runs = [run for run in runs if run.state in wanted or ("live" if run.state in LIVE else "ended") in wanted]
            for name in ("session", "tree", "model", "detector"):
                if name in query:
                    runs = [run for run in runs if run.facts.get(name) == query[name]]
            if "before" in query:
                ids = [run.id for run in runs]
                runs = runs[ids.index(query["before"]) + 1 :] if query["before"] in ids else []
            limit = int(query.get("limit", 100))
            data = [run.object() for run in runs[:limit]]
        self.answer({"object": "list", "data": data, "has_more": len(runs) > limit, "live": len(live), "now": time.time()})

    def find(self, id):
        run = self.server.runs.get(id)
        if run is None:
            self.refuse(404, "There is no such run.", "unknown")
        return run

    def one(self, id):
        if run := self.find(id):
            children = [other.id for other in self.server.runs.values() if other.facts["parent"] == id]
            self.answer(run.object() | {"children": children})

    def text(self, id):
        if run := self.find(id):
            self.answer(run.text(int(self.query.get("limit", 4096))))

    def stop(self, id):
        gateway = self.server
        run = gateway.runs.get(id)
        common = {"run_id": id, "mode": self.body.get("mode", "immediate")}
        if run is None:
            return self.answer(common | {"cancelled": False, "status": None, "state": None, "reason": "unknown"}, 404)
        with gateway.changed:
            common |= {"generation": run.generation, "descendants": len(run.below())}
            expected = self.body.get("if_generation", run.generation)
            reason = None
            if expected != run.generation:
                reason = "stale_owner"
            elif run.state not in LIVE:
                reason = "already_finished" if run.state in ("completed", "failed") else "already_stopped"
            elif run.state == "stopping" and run.facts["reason"] != "user_stop":
                reason = "already_stopping"
            if reason:
                return self.answer(common | {"cancelled": False, "status": run.state, "state": run.state, "reason": reason})
            members = [run] + (run.below() if self.body.get("scope", "tree") == "tree" else [])
            cancelled = []
            if common["mode"] == "immediate":
                for member in members:
                    if member.state in LIVE and member.state != "stopping":
                        source = self.body.get("source", "api")
                        member.facts["cancel"] = {"source": source, "at": time.time(), "duplicates": 0}
                        member.enter("stopping", "user_stop" if member is run else "tree_stop")
                        cancelled.append(member.id)
            answer = common | {
                "cancelled": True, "status": "stopping", "state": "stopping", "reason": None,
                "duplicate": not cancelled and common["mode"] == "immediate", "cancelled_runs": cancelled,
            }
        self.answer(answer, 202)
        if gateway.settles:
            for id in cancelled:
                gateway.runs[id].end("stopped")

    def label(self, id):
        """As docs/cancellation.md says; that a gateway reads bodies rightly is tested with the program."""
        if (run := self.find(id)) is None:
            return
        if not run.facts["recorded"]:
            return self.refuse(409, "The run is not recorded.", "not_recorded")
        began = self.body.get("began", 0)
        if not isinstance(began, int) or began < 0:
            return self.refuse(400, "'began' must be a whole number that is not negative.", "bad_request")
        run.facts["label"] = self.body | ({"began": began} if self.body["label"] == "loop" else {})
        self.answer(run.facts["label"])

    def stats(self):
        live = sum(run.state in LIVE for run in self.server.runs.values())
        self.answer(self.server.stats | {"now": time.time(), "live": live})

    def events(self, id=None):
        gateway = self.server
        if id is not None and self.find(id) is None:
            return
        last = self.headers.get("Last-Event-ID") or self.query.get("last_event_id")
        at = int(last) if last else (0 if id else len(gateway.log))
        self.start_stream()
        with gateway.changed:
            gateway.listeners += 1
        try:
            while not gateway.closing:
                with gateway.changed:
                    cut = gateway.cut
                    gateway.changed.wait_for(lambda: len(gateway.log) > at or gateway.closing or gateway.cut > cut, timeout=0.5)
                    news = gateway.log[at:]
                    at = len(gateway.log)
                    if gateway.cut > cut:
                        raise Lost
                for number, (run_id, name, data) in enumerate(news, at - len(news) + 1):
                    if (id is None and name != "text") or run_id == id:
                        self.chunk(f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n")
                        if id is not None and name in TERMINAL.values():
                            return self.chunk("")
                if not news:
                    self.chunk(": keep-alive\n\n")
        finally:
            with gateway.changed:
                gateway.listeners -= 1

    # The engine

    def models(self):
        self.answer({"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.models]})

    def chat(self):
        gateway = self.server
        id = self.headers.get("X-Run-Id") or f"run_{uuid.uuid4().hex}"
        path = urlsplit(self.path).path
        run = gateway.start(id=id, model=self.body.get("model", ""), client="browser", kind=KINDS[path], path=path)
        turn = Turn(self, self.body, run)
        gateway.turns.put(turn)
        try:
            self.play(turn)
        except (Lost, ConnectionError):
            turn.closed.set()
            run.end("disconnected", "client_disconnect")
            raise

    def play(self, turn):
        run = turn.run
        while True:
            try:
                step = turn.steps.get(timeout=0.02)
            except queue.Empty:
                if run.state not in LIVE:
                    # Stopped or capped: the legal end.
                    return self.close_chat(turn, "length", stop_reason=run.facts["reason"])
                if self.client_has_left():
                    raise Lost
                continue
            match step:
                case ("head",):
                    self.chat_head(turn)
                case ("delta", delta):
                    self.chat_head(turn)
                    if run.state in LIVE:
                        reasoning = delta.get("reasoning_content") or ""
                        calls = [call["function"] | {"index": call["index"]} for call in delta.get("tool_calls", [])]
                        run.write(delta.get("content") or "", reasoning, rate=50)
                        run.tool_calls += [{"name": "", "arguments": ""} | call for call in calls]
                        self.send_chunk(turn, delta)
                case ("finish", reason):
                    self.chat_head(turn)
                    run.end("completed")
                    return self.close_chat(turn, reason)
                case ("refuse", status, message):
                    run.end("failed", "engine_error")
                    return self.refuse(status, message, "engine_error")
                case ("picture", base64):
                    run.end("completed")
                    return self.answer({"created": 0, "data": [{"b64_json": base64}]})
                case ("lose",):
                    run.end("failed", "upstream_lost")
                    self.connection.shutdown(2)
                    raise Lost

    def client_has_left(self):
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def chat_head(self, turn):
        if not turn.started:
            turn.started = True
            self.start_stream({"X-Loopguard-Run-Id": turn.run.id})

    def send_chunk(self, turn, delta, finish=None, stop_reason=None):
        facts = turn.run.facts
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": facts["model"], "choices": [choice]}
        if stop_reason:
            choice["stop_reason"] = stop_reason
            chunk["guard"] = {"reason": stop_reason, "run_id": turn.run.id, "evidence": facts.get("evidence")}
        self.chunk(f"data: {json.dumps(chunk)}\n\n")

    def close_chat(self, turn, reason, stop_reason=None):
        if turn.run.facts["kind"] == "images":
            return self.answer({"created": 0, "data": [], "status": "cancelled"})
        self.chat_head(turn)
        self.send_chunk(turn, {}, reason, stop_reason)
        self.chunk("data: [DONE]\n\n")
        self.chunk("")

    # HTTP

    def start_stream(self, headers={}):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def refuse(self, status, message, code):
        self.answer({"error": {"message": message, "type": "error", "code": code}}, status)

    def answer(self, body, status=200):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


KINDS = {"/v1/chat/completions": "chat_completions", "/v1/images/generations": "images"}
ROUTES = {
    "GET": [
        ("/v1/runs", "list"), ("/v1/runs/events", "events"), ("/v1/stats", "stats"), ("/v1/models", "models"),
        ("/v1/runs/([^/]+)", "one"), ("/v1/runs/([^/]+)/text", "text"), ("/v1/runs/([^/]+)/events", "events"),
    ],
    "POST": [
        ("/v1/runs/([^/]+)/stop", "stop"), ("/v1/runs/([^/]+)/label", "label"),
        ("/v1/chat/completions", "chat"), ("/v1/images/generations", "chat"),
    ],
}


class FakeGateway(ThreadingHTTPServer):
    """The gateway, running in threads of its own once it is made."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.changed = threading.Condition(threading.RLock())
        self.runs, self.log, self.requests, self.troubles = {}, [], [], []
        self.turns = queue.Queue()
        self.models = ["tiny", "large"]
        self.key = None
        self.settles = False  # whether a stop is followed by its end at once
        self.closing, self.cut, self.listeners = False, 0, 0
        self.stats = {
            "uptime_s": 3600, "version": "0.1.0", "upstream": "http://127.0.0.1:8080", "engine": "llama.cpp",
            "totals": dict.fromkeys([*TERMINAL, "runs", "trips", "cancels", "tokens", "bytes", "tokens_saved"], 0),
            "series": {"step_s": 10, "start": time.time() - 3600, **{name: [0] * 360 for name in SERIES}},
        }
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A connection that breaks is no mistake of the gateway."""

    def start(self, id=None, state="sent", **facts):
        with self.changed:
            id = id or f"run_{uuid.uuid4().hex}"
            generation = self.runs[id].generation + 1 if id in self.runs else len(self.runs) + 1
            run = self.runs[id] = Run(self, id, generation, state=state, **facts)
            self.emit("started", run, run=run.object())
            return run

    def emit(self, name, about, /, **data):
        with self.changed:
            self.log.append((about.id, name, {"run_id": about.id, "at": time.time(), **data}))
            self.changed.notify_all()

    def trouble(self, path, status=None, message="It was told to fail.", lose=False, held=False, method=None):
        """From now on requests for `path` fail, break off, or wait until `gate` of what is returned is set."""
        trouble = {"path": path, "status": status, "message": message, "lose": lose, "method": method}
        trouble["gate"] = threading.Event()
        if not held:
            trouble["gate"].set()
        self.troubles.append(trouble)
        return trouble

    def no_trouble(self):
        for trouble in self.troubles:
            trouble["gate"].set()
        self.troubles.clear()

    def cut_events(self):
        """Every event stream breaks off."""
        with self.changed:
            self.cut += 1
            self.changed.notify_all()

    def asked(self, method, pattern):
        return [request for request in self.requests if request[0] == method and re.fullmatch(pattern, request[1])]

    @property
    def labels(self):
        return [request[2] for request in self.asked("POST", "/v1/runs/[^/]+/label")]

    @property
    def stops(self):
        return self.asked("POST", "/v1/runs/[^/]+/stop")

    def next_turn(self, seconds=10):
        """The next chat request that comes in."""
        return self.turns.get(timeout=seconds)

    def close(self):
        self.no_trouble()
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self.shutdown()
        self.server_close()
