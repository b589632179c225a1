"""What every cell of the matrix must bring. A cell that differs fails."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    # The class of the exception that reached the user's program; `None` when it went on by itself.
    raises: str | None
    # Whole tool calls that were executed.
    calls: int
    # Requests that reached the engine.
    requests: int
    # How they ended there: `completed`, `closed` (stopped by its client), `limit`, `died`.
    engine: str
    # Tool calls that were executed although they were cut.
    cut: int = 0

    def __str__(self):
        return f"{self.words} [{self.engine}]"

    @property
    def words(self):
        """For the table; what is as always is not said."""
        words = ["ends" if not self.raises else f"`{self.raises}`"]
        if self.calls:
            words.append(f"{self.calls} call{'s' * (self.calls > 1)}")
        if self.requests != 1:
            words.append(f"{self.requests} requests")
        if self.cut:
            words.append(f"**{self.cut} cut**")
        return ", ".join(words)


@dataclass(frozen=True)
class Expected:
    # A pattern of the exception's class, or `None`.
    raises: str | None = None
    calls: int = 0
    requests: int = 1
    engine: str = "completed"

    def faults(self, outcome):
        faults = []
        if outcome.cut:
            faults.append("a cut call was executed")
        if bool(self.raises) != bool(outcome.raises) or (self.raises and not re.fullmatch(self.raises, outcome.raises)):
            faults.append(f"should {'raise ' + self.raises if self.raises else 'end'}")
        if outcome.calls != self.calls:
            faults.append(f"should execute {self.calls}")
        if outcome.requests != self.requests:
            faults.append(f"should send {self.requests} request{'s' * (self.requests != 1)}")
        if outcome.engine != self.engine:
            faults.append(f"the engine's runs should be {self.engine}")
        return faults


# What is right for a client that does as its format says.
ORDINARY = {
    "healthy": Expected(),
    "one tool call": Expected(calls=1, requests=2),
    "loop in text": Expected(engine="closed"),
    "loop in reasoning": Expected(engine="closed"),
    "loop in arguments": Expected(engine="closed"),
    # The third equal call convicts. Two were whole and have been released: an agent executes them and goes on.
    "duplicate calls": Expected(calls=2, requests=2, engine="closed; completed"),
    "cancel": Expected(raises="KeyboardInterrupt", engine="closed"),
    "engine death": Expected(raises=".*", engine="died"),
}

LOOPS = ("loop in text", "loop in reasoning", "loop in arguments")

STREAMING, WHOLE = True, False


@dataclass(frozen=True)
class Exceptional:
    """Where a client does otherwise, and why."""

    clients: tuple
    scenarios: tuple
    wanted: Expected
    why: str
    modes: tuple = (STREAMING, WHOLE)


EXCEPTIONAL = [
    Exceptional(
        ("openai chat helpers",),
        (*LOOPS, "duplicate calls"),
        Expected(raises="LengthFinishReasonError", engine="closed"),
        "the parsing helpers raise for `length`, as they document",
    ),
    Exceptional(
        ("anthropic tool runner",),
        ("duplicate calls",),
        Expected(engine="closed"),
        "the runner executes nothing of a message that ended with `max_tokens`",
    ),
    Exceptional(
        ("openai-agents responses",),
        (*LOOPS, "duplicate calls"),
        Expected(raises="ModelBehaviorError", engine="closed"),
        "a whole answer whose status is `incomplete` is an error to it, as it is at a token limit",
        modes=(WHOLE,),
    ),
    Exceptional(
        ("smolagents",),
        LOOPS,
        Expected(requests=2, engine="closed; completed"),
        "a turn without a call is asked again, up to the agent's limit of steps",
    ),
    Exceptional(
        (
            "openai chat",
            "openai chat helpers",
            "openai completions",
            "openai responses",
            "openai responses helpers",
            "anthropic messages",
            "anthropic tool runner",
            "langchain chat",
            "langchain responses",
            "langchain anthropic",
            "pydantic-ai chat",
            "pydantic-ai responses",
            "pydantic-ai anthropic",
            "openai-agents chat",
            "openai-agents responses",
            "litellm",
            "smolagents",
        ),
        ("engine death",),
        Expected(raises=".*", requests=3, engine="died"),
        "the SDKs try a request that got status 502 twice again",
        modes=(WHOLE,),
    ),
    Exceptional(
        ("llama-index",),
        ("engine death",),
        Expected(raises=".*", requests=12, engine="died"),
        "it tries four times, and the SDK three times each",
        modes=(WHOLE,),
    ),
    Exceptional(
        ("aider",),
        ("engine death",),
        Expected(requests=9, engine="died"),
        "it tries again for a minute, waiting twice as long each time, and then gives up with a message",
        modes=(STREAMING,),
    ),
    Exceptional(
        ("aider",),
        ("engine death",),
        Expected(requests=27, engine="died"),
        "it tries again for a minute, and the SDK three times each",
        modes=(WHOLE,),
    ),
    Exceptional(("aider",), ("cancel",), Expected(engine="closed"), "it takes Ctrl-C as the end of the answer"),
    Exceptional(
        ("langchain chat", "langchain responses", "langchain anthropic", "langchain ollama"),
        ("cancel",),
        Expected(raises="KeyboardInterrupt|killed", engine="closed"),
        "a thread goes on reading after Ctrl-C, so that the program may have to be ended from outside",
    ),
]


def expected(client, scenario, stream):
    for case in EXCEPTIONAL:
        if client in case.clients and scenario in case.scenarios and stream in case.modes:
            return case.wanted
    return ORDINARY[scenario]
