import os
import sys

import openai
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from loopguard_process import Loopguard  # noqa: E402

# Greedy decoding of the embedded engine's model falls into a loop by itself on this prompt; sampled decoding does not.
LOOPING = {
    "messages": [{"role": "user", "content": "Tell me a long story about an agent."}],
    "temperature": 0,
    "max_tokens": 1900,
}
HEALTHY = {
    "messages": [{"role": "user", "content": "What is loopguard?"}],
    "temperature": 0.9,
    "seed": 1,
    "max_tokens": 120,
}


@pytest.fixture(scope="session")
def loopguard():
    binary = os.environ.get("LOOPGUARD", ".build/debug/loopguard")
    with Loopguard(binary, "--tokens-per-second", "400") as process:
        yield process


@pytest.fixture
def client(loopguard):
    return openai.OpenAI(base_url=loopguard.url + "/v1", api_key="none", max_retries=0)
