"""Gateway and engine as two processes that share a cancel board."""

import os
import subprocess
import tempfile
import time

import openai
import pytest

from conftest import LOOPING
from loopguard_process import Loopguard

BINARY = os.environ.get("LOOPGUARD", ".build/debug/loopguard")


@pytest.fixture
def board():
    # The memory of a board belongs on tmpfs where there is one.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as directory:
        yield directory


def ended(gateway, seconds=10):
    """The newest run, once the engine has said how it ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        runs = gateway.get("/v1/requests")["data"]
        if runs and (runs[0]["engine"] or {}).get("outcome"):
            return runs[0]
        time.sleep(0.02)
    raise TimeoutError(f"the engine said nothing for {seconds} s: {runs}")


def loop(gateway):
    client = openai.OpenAI(base_url=gateway.url + "/v1", api_key="none", max_retries=0)
    return [
        choice.finish_reason
        for chunk in client.chat.completions.create(model="any", stream=True, **LOOPING)
        for choice in chunk.choices
    ][-1]


def test_the_engine_confirms_on_the_board_that_it_stopped(board):
    with Loopguard(BINARY, "--tokens-per-second", "400", "--board", board, command="engine") as engine:
        with Loopguard(BINARY, "--upstream", engine.url, "--board", board) as gateway:
            assert sorted(os.listdir(board)) == ["board.cmd"]
            assert loop(gateway) == "length"
            run = ended(gateway)
            assert run["engine"]["outcome"] == "cancelled"
            status = engine.get("/slots")["recent"][-1]
            assert status["generated_tokens"] == run["engine"]["tokens"] < LOOPING["max_tokens"]
            assert status["tokens_after_cancel"] <= 1
            # The engine knows a detector by its number.
            assert status["cancel_reason"].startswith("guard:") and run["reason"].startswith("guard:")


def test_a_gateway_that_is_killed_and_started_again_is_understood(board):
    with Loopguard(BINARY, "--tokens-per-second", "400", "--board", board, command="engine") as engine:
        with Loopguard(BINARY, "--upstream", engine.url, "--board", board) as gateway:
            loop(gateway)
            gateway.process.kill()
            gateway.process.wait()
        assert os.path.exists(os.path.join(board, "board.cmd")), "what a killed gateway leaves behind"
        with Loopguard(BINARY, "--upstream", engine.url, "--board", board) as gateway:
            assert loop(gateway) == "length"
            assert ended(gateway)["engine"]["outcome"] == "cancelled"
    assert os.listdir(board) == []


def test_a_second_gateway_is_told_that_the_board_is_taken(board):
    with Loopguard(BINARY, "--upstream", "http://127.0.0.1:1", "--board", board):
        with pytest.raises(RuntimeError, match="board"):
            Loopguard(BINARY, "--upstream", "http://127.0.0.1:1", "--board", board)


def may_run_as(user):
    """Whether this process may start the binary as another user, and that user may read it."""
    try:
        return subprocess.run([BINARY, "--version"], user=user, capture_output=True).returncode == 0
    except (PermissionError, LookupError, OSError):
        return False


@pytest.mark.skipif(not may_run_as("nobody"), reason="the binary cannot be started as another user")
def test_an_engine_of_another_user_gets_the_board_at_the_door():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        door = os.path.join(folder, "door")
        # The engine waits for nothing: it knocks when a request names a board that it does not have.
        with Loopguard(
            BINARY, "--tokens-per-second", "400", "--board-door", door, "--board-user", "root", command="engine", user="nobody"
        ) as engine:
            with Loopguard(
                BINARY, "--upstream", engine.url, "--board-door", door, "--board-user", "nobody"
            ) as gateway:
                assert loop(gateway) == "length"
                assert ended(gateway)["engine"]["outcome"] == "cancelled"
