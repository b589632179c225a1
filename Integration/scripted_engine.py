"""An engine that does as it is told: it speaks the formats of real engines, and the model's name says what happens.

    python3 Integration/scripted_engine.py --port 8090
    curl http://127.0.0.1:8090/v1/chat/completions -d '{"model":"loop-text","stream":true,"messages":[]}'

The scenarios are in `scripted/scenarios.py`. A loop goes on until the connection closes or `--limit` tokens are out.
GET /scripted/stats tells of every request: its model, path and headers, how it ended and after how many tokens.
"""

import argparse
import json
import select
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripted.dialects import ROUTES
from scripted.scenarios import DEATH, PAUSE, script


class Closed(Exception):
    """The connection was closed from the other side."""


class Died(Exception):
    """The scenario lets the engine die."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/scripted/stats":
            return self.answer(200, self.server.stats())
        if path == "/v1/models":
            models = [{"id": name, "object": "model", "created": 0, "owned_by": "scripted"} for name in ("healthy",)]
            return self.answer(200, {"object": "list", "data": models})
        if path == "/api/tags":
            return self.answer(200, {"models": []})
        if path in ("/health", "/api/version"):
            return self.answer(200, {"status": "ok", "version": "0.12.0"})
        return self.answer(404, {"error": {"message": f"there is nothing at {path}", "type": "not_found"}})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        if path not in ROUTES:
            return self.answer(404, {"error": {"message": f"there is nothing at {path}", "type": "not_found"}})
        request = json.loads(raw)
        record = self.server.begin(path, request, self.headers)
        dialect = ROUTES[path](request, record["number"])
        try:
            is_stream = request.get("stream", dialect.streams_by_default)
            (self.write_stream if is_stream else self.write_body)(dialect, request, record)
        except Died:
            # The system closes the connection of a process that has died; the last chunk never comes.
            record["ended"] = "died"
            self.close_connection = True
        except (Closed, ConnectionError):
            record["ended"] = "closed"
            self.close_connection = True
        finally:
            record["tokens"] = dialect.tokens
            record["seconds"] = round(time.monotonic() - record.pop("began"), 3)

    def events(self, dialect, request, record):
        """The scenario's events, at the engine's pace, up to its limit. Ends with `Closed` as soon as the client is
        gone: an engine looks for that between two tokens."""
        for kind, value in script(dialect.model, dialect.has_results(), dialect.ends_by_tool()):
            if kind == DEATH:
                raise Died
            self.pace(value if kind == PAUSE else self.server.interval)
            if kind != PAUSE:
                yield kind, value
            if dialect.tokens >= self.server.limit:
                record["ended"] = "limit"
                yield "finish", "length"
                return
        record["ended"] = "completed"

    def pace(self, seconds):
        """Waits out the time of one token, or until the connection closes."""
        self.due = max(getattr(self, "due", 0), time.monotonic() - 0.05) + seconds
        wait = max(0, self.due - time.monotonic())
        # Short waits are gathered, because a system cannot wait for less than about a millisecond.
        readable, _, _ = select.select([self.connection], [], [], wait if wait > 0.002 else 0)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            raise Closed

    def write_stream(self, dialect, request, record):
        self.send_response(200)
        self.send_header("Content-Type", dialect.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in dialect.stream(self.events(dialect, request, record)):
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def write_body(self, dialect, request, record):
        for _ in dialect.stream(self.events(dialect, request, record)):
            pass
        self.answer(200, dialect.body())

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class ScriptedEngine(ThreadingHTTPServer):
    """The engine, running in a thread of its own once it is made."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host="127.0.0.1", port=0, tokens_per_second=4000, limit=20_000):
        super().__init__((host, port), Handler)
        self.interval = 1 / tokens_per_second
        self.limit = limit
        self.records = []
        self.lock = threading.Lock()
        self.url = f"http://{host}:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A connection that breaks is no mistake of the engine."""

    def begin(self, path, request, headers):
        with self.lock:
            record = {
                "number": len(self.records) + 1,
                "model": request.get("model"),
                "path": path,
                "stream": request.get("stream"),
                "headers": {name.lower(): value for name, value in headers.items() if name.lower() != "authorization"},
                "ended": None,
                "tokens": 0,
                "began": time.monotonic(),
            }
            self.records.append(record)
            return record

    def stats(self):
        with self.lock:
            return {
                "requests": [{key: value for key, value in record.items() if key != "began"} for record in self.records]
            }

    def requests(self, model):
        return [record for record in self.stats()["requests"] if record["model"] == model]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--tokens-per-second", type=float, default=4000)
    parser.add_argument("--limit", type=int, default=20_000)
    options = parser.parse_args()
    engine = ScriptedEngine(port=options.port, tokens_per_second=options.tokens_per_second, limit=options.limit)
    print(f"listening on {engine.url}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
