"""Real engines, each with a way to see how many tokens it has generated so far."""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SMALL = HERE.parents[1] / "Sources/EmbeddedEngine/Resources/small"


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


class Engine:
    """An engine's process. `loops` is a request that the model answers with a loop, `healthy` one that goes on for long."""

    name = ""
    story = [{"role": "user", "content": "Tell me a long story about an agent."}]
    loops = {"messages": story, "temperature": 0, "max_tokens": 1000}
    healthy = {"messages": story, "temperature": 1, "max_tokens": 1000}

    def __init__(self, arguments, port):
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=HERE, text=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.process.stdout.read()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                if self.is_ready():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise TimeoutError(f"{self.name} does not listen")

    def is_ready(self):
        return True

    def stop(self):
        self.process.kill()
        self.process.wait()


class CountedEngine(Engine):
    """An engine in Python that is started with its tokens counted."""

    def __init__(self, python, script, model, pace):
        port, self.count_port = free_port(), free_port()
        super().__init__([python, script, str(model), str(port), str(self.count_port), str(pace)], port)

    def tokens(self):
        return json.loads(get(f"http://127.0.0.1:{self.count_port}/"))["tokens"]


class LlamaCppPython(CountedEngine):
    name = "llama-cpp-python"
    # The model's weights are random: it repeats itself when the likeliest token is taken, and never ends.
    loops = {**Engine.loops, "logit_bias": {"2": -100}}
    healthy = {**Engine.healthy, "logit_bias": {"2": -100}}

    def __init__(self, python, folder, pace):
        model = folder / "random.gguf"
        write_gguf(python, model)
        super().__init__(python, "counted_llama_cpp_python.py", model, pace)


class MLXLM(CountedEngine):
    name = "mlx-lm"

    def __init__(self, python, folder, pace):
        super().__init__(python, "counted_mlx_lm.py", SMALL, pace)


class LlamaServer(Engine):
    """llama.cpp's own server, which counts by itself. It runs as fast as it can."""

    name = "llama.cpp"
    loops = {**LlamaCppPython.loops, "max_tokens": 3000}
    healthy = {**LlamaCppPython.healthy, "max_tokens": 3000}

    def __init__(self, program, python, folder):
        model, port = folder / "larger.gguf", free_port()
        write_gguf(python, model, LAYERS=8, WIDTH=512, HEADS=8, FEED_FORWARD=2048)
        super().__init__(
            [program, "-m", str(model), "--port", str(port), "--metrics", "--slots", "-np", "1", "-c", "4096", "-t", "2",
             "--log-disable", "--no-warmup"],
            port,
        )  # fmt: skip

    def is_ready(self):
        try:
            return json.loads(get(self.url + "/health"))["status"] == "ok"
        except OSError:
            return False

    def tokens(self):
        # The metrics count runs that have ended; the slots tell how far the others have come.
        before = self._ended()
        slots = json.loads(get(self.url + "/slots"))
        if self._ended() != before:
            return self.tokens()
        running = [slot for slot in slots if slot["is_processing"]]
        return before + sum(part.get("n_decoded", 0) for slot in running for part in self._decoded(slot))

    @staticmethod
    def _decoded(slot):
        parts = slot.get("next_token", [])
        return parts if isinstance(parts, list) else [parts]

    def _ended(self):
        return int(float(re.search(r"^llamacpp:tokens_predicted_total (\S+)", get(self.url + "/metrics"), re.M).group(1)))


class Embedded(Engine):
    """The engine that comes with loopguard, by itself."""

    name = "embedded"

    def __init__(self, loopguard, pace):
        port = free_port()
        super().__init__([loopguard, "engine", "--port", str(port), "--tokens-per-second", str(pace)], port)

    def tokens(self):
        return embedded_tokens(json.loads(get(self.url + "/slots")))


def embedded_tokens(status):
    return status["generated_tokens"] + sum(sequence["generated_tokens"] for sequence in status["active"])


def write_gguf(python, path, **sizes):
    """The writer of the model runs where the engine's packages are."""
    settings = "".join(f"tiny_gguf.{name} = {value}; " for name, value in sizes.items())
    subprocess.run([python, "-c", f"import tiny_gguf; {settings}tiny_gguf.write({str(path)!r})"], cwd=HERE, check=True)
