"""Real engines, each with a way to see how many tokens it has generated so far."""

import contextlib
import json
import pathlib
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
    """An engine's process. `loops` is a request that the model answers with a loop: it goes on until it is stopped."""

    name = ""
    story = [{"role": "user", "content": "Tell me a long story about an agent."}]
    loops = {"model": "m", "messages": story, "temperature": 0, "max_tokens": 1000}

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
    # Its server asks for a penalty on repeats where the request does not say.
    loops = {**Engine.loops, "repeat_penalty": 1.0}

    def __init__(self, python, folder, pace):
        model = folder / "small.gguf"
        write = f"import small_gguf; small_gguf.write({str(model)!r})"
        # The writer runs where the packages are that it needs.
        subprocess.run([python, "-c", write], cwd=HERE, check=True)
        super().__init__(python, "counted_llama_cpp_python.py", model, pace)


class MLXLM(CountedEngine):
    name = "mlx-lm"
    # Any other name would be downloaded.
    loops = {**Engine.loops, "model": "default_model"}

    def __init__(self, python, folder, pace):
        super().__init__(python, "counted_mlx_lm.py", SMALL, pace)


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
