"""The cancel board inside a real engine: llama-cpp-python runs a model that never ends by itself, the real gateway's
board raises the flag, and the engine stops within one token.

    python -m venv .venv-engines && .venv-engines/bin/pip install -r Integration/engines/requirements/llama-cpp-python.txt
    swift build --product loopguard-bench
    LOOPGUARD_BENCH=.build/debug/loopguard-bench .venv-engines/bin/python -m pytest Integration/engines

Not part of `make test`: building llama-cpp-python takes minutes.
"""

import os
import pathlib
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "integrations/python/src"), str(ROOT / "integrations/python/tests")]
llama_cpp = pytest.importorskip("llama_cpp")

import tiny_gguf  # noqa: E402
from gateway import SwiftGateway  # noqa: E402
from loopguard_board import BoardFollower  # noqa: E402
from loopguard_board.llama_cpp import BoardStopping  # noqa: E402

MOST_TOKENS = 500


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("model") / "random.gguf")
    tiny_gguf.write(path)
    return llama_cpp.Llama(path, n_ctx=4096, n_threads=1, verbose=False, seed=1)


@pytest.fixture
def gateway(tmp_path):
    program = os.environ.get("LOOPGUARD_BENCH", str(ROOT / ".build/debug/loopguard-bench"))
    gateway = SwiftGateway(program, tmp_path / "board")
    yield gateway
    gateway.close()


@pytest.fixture
def follower(gateway, tmp_path):
    follower = BoardFollower(str(tmp_path / "board"))
    yield follower
    follower.close()


class CountedStopping(BoardStopping):
    """Raises the flag itself after some tokens, from within the step or from another thread, and counts what comes
    after it."""

    def __init__(self, follower, handle, gateway, at, threaded=False):
        super().__init__(follower, handle)
        self.gateway, self.at, self.threaded = gateway, at, threaded
        self.handle = handle
        self.raised = threading.Event()
        self.started = False
        self.after = 0

    def __call__(self, tokens, logits):
        # Asked once the token is sampled: this one came after the flag if the flag was there already.
        came_after, before = self.raised.is_set(), self.tokens
        if self.tokens + 1 == self.at and not self.started:
            self.started = True
            if self.threaded:
                threading.Thread(target=self.cancel).start()
            else:
                self.cancel()
        is_to_end = super().__call__(tokens, logits)
        self.after += came_after and self.tokens > before
        return is_to_end

    def cancel(self):
        assert self.gateway.ask(f"cancel {self.handle} 36") == "accepted"
        self.raised.set()


def generate(llama, stop, seed=1):
    # No token ends the text: the end of text is out of reach.
    return llama.create_completion(
        "abc", max_tokens=MOST_TOKENS, temperature=1.0, seed=seed, logit_bias={2: -1e9}, stopping_criteria=stop
    )


def test_without_a_flag_the_model_never_ends_by_itself(llama, gateway, follower):
    handle = gateway.ask("claim")
    stop = BoardStopping(follower, handle)
    answer = generate(llama, stop)
    stop.finish()
    assert answer["choices"][0]["finish_reason"] == "length"
    # It never ends in the middle of a letter, so a few tokens may be more than were asked for.
    assert MOST_TOKENS <= stop.tokens == answer["usage"]["completion_tokens"] < MOST_TOKENS + 16
    gateway.ask("maintain")
    assert gateway.ask(f"acknowledgement {handle}") == f"natural {stop.tokens} 0"
    assert gateway.ask(f"release {handle} ended") == "freed"


@pytest.mark.parametrize("at", [1, 2, 17, 100])
def test_a_flag_that_is_raised_during_a_token_ends_the_text_with_it(llama, gateway, follower, at):
    handle = gateway.ask("claim")
    stop = CountedStopping(follower, handle, gateway, at)
    answer = generate(llama, stop)
    stop.finish()
    assert stop.after == 0
    assert stop.tokens == at
    assert answer["usage"]["completion_tokens"] <= at
    gateway.ask("maintain")
    assert gateway.ask(f"acknowledgement {handle}") == f"cancelled {at} 0"
    assert gateway.ask(f"release {handle} ended") == "freed"


def test_a_flag_that_is_raised_at_any_moment_lets_one_token_through_at_most(llama, gateway, follower):
    after = []
    for seed in range(50):
        handle = gateway.ask("claim")
        stop = CountedStopping(follower, handle, gateway, at=5 + seed, threaded=True)
        generate(llama, stop, seed)
        stop.raised.wait()
        stop.finish()
        assert stop.tokens < MOST_TOKENS
        after.append(stop.after)
        gateway.ask("maintain")
        assert gateway.ask(f"acknowledgement {handle}") == f"cancelled {stop.tokens} 0"
        assert gateway.ask(f"release {handle} ended") == "freed"
    print(f"tokens after the flag: {sorted(set(after))}, mean {sum(after) / len(after):.2f}")
    assert max(after) <= 1


def test_a_flag_that_was_raised_before_the_request_lets_one_token_through(llama, gateway, follower):
    handle = gateway.ask("claim")
    assert gateway.ask(f"cancel {handle} 1") == "accepted"
    stop = BoardStopping(follower, handle)
    assert stop.run.is_to_end
    generate(llama, stop)
    stop.finish()
    gateway.ask("maintain")
    assert gateway.ask(f"acknowledgement {handle}") == "cancelled 1 0"


def test_a_cancel_of_an_earlier_owner_does_not_end_this_text(llama, gateway, follower):
    handles = []
    for _ in range(9):
        handle = gateway.ask("claim")
        handles.append(handle)
        stop = BoardStopping(follower, handle)
        for old in handles[:-1]:
            assert gateway.ask(f"cancel {old} 1") in ("stale", "alreadyFinished")
        answer = llama.create_completion("abc", max_tokens=50, logit_bias={2: -1e9}, stopping_criteria=stop)
        stop.finish()
        assert answer["usage"]["completion_tokens"] == stop.tokens >= 50
        gateway.ask("maintain")
        assert gateway.ask(f"release {handle} ended") == "freed"
