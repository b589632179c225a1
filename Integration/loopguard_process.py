"""Starts the loopguard binary for a test or a demonstration and stops it again."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request


class Loopguard:
    """A running `loopguard serve`, embedded engine included unless an upstream is named; or another of its servers."""

    def __init__(self, binary, *arguments, command="serve", user=None):
        self.process = subprocess.Popen(
            [binary, command, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, user=user
        )
        self.log = []
        self.url = self._await_address()

    def _await_address(self):
        # The address is the one line on standard output; it is printed once the port is open.
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            raise RuntimeError(f"loopguard did not start: {line}{self.process.stderr.read()}")
        return found.group(0).rstrip("/")

    def get(self, path):
        """The body of a GET, decoded when it is JSON."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            body = answer.read().decode()
            return json.loads(body) if "json" in answer.headers.get("Content-Type", "") else body

    def request(self, method, path, body=None, headers={}):
        """Status and decoded body of any request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def sequence(self, run_id, seconds=10):
        """What the embedded engine says about a run once it has ended there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for sequence in self.get("/slots")["recent"]:
                if run_id in (sequence["id"], sequence.get("run_id")):
                    return sequence
            time.sleep(0.02)
        raise TimeoutError(f"the engine still works on {run_id} after {seconds} s")

    def stop(self):
        self.process.terminate()
        _, self.stderr = self.process.communicate(timeout=20)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
