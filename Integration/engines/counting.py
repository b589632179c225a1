"""Counts the tokens that an engine generates, inside the engine's process, and tells the count on a port of its own."""

import http.server
import json
import threading
import time


class Counter:
    """One token after the other, no faster than a pace: a small model would be done before anybody could stop it."""

    def __init__(self, pace):
        self.tokens, self.pause, self.next = 0, 1 / pace if pace else 0, 0.0

    def add(self):
        now = time.monotonic()
        if self.next > now:
            time.sleep(self.next - now)
        self.next = max(now, self.next) + self.pause
        self.tokens += 1

    def serve(self, port):
        """Answers every GET with the count, from a thread of its own."""
        counter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"tokens": counter.tokens}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
