"""The clients and the scenarios of the matrix."""

from dataclasses import dataclass

# What a scenario is called on the page, and the scripted engine's model for it.
SCENARIOS = {
    "healthy": "healthy",
    "one tool call": "tool",
    "loop in text": "loop-text",
    "loop in reasoning": "loop-reasoning",
    "loop in arguments": "loop-arguments",
    "duplicate calls": "duplicate-calls",
    "cancel": "slow",
    "engine death": "death",
}

TOOL_SCENARIOS = ("one tool call", "loop in arguments", "duplicate calls")


@dataclass
class Client:
    # The virtual environment it lives in: some clients' requirements exclude each other.
    group: str
    program: str
    # chat, completions, responses, messages or ollama.
    format: str
    has_tools: bool = True
    # Whether it can be told to stream, and not to.
    modes: tuple = (True, False)


CLIENTS = {
    "openai chat": Client("main", "openai_python", "chat"),
    "openai chat helpers": Client("main", "openai_python", "chat"),
    "openai completions": Client("main", "openai_python", "completions", has_tools=False),
    "openai responses": Client("main", "openai_python", "responses"),
    "openai responses helpers": Client("main", "openai_python", "responses"),
    "anthropic messages": Client("main", "anthropic_python", "messages"),
    "anthropic tool runner": Client("main", "anthropic_python", "messages"),
    "ollama chat": Client("main", "ollama_python", "ollama"),
    "ollama generate": Client("main", "ollama_python", "ollama", has_tools=False),
    "langchain chat": Client("main", "langchain_agents", "chat"),
    "langchain responses": Client("main", "langchain_agents", "responses"),
    "langchain anthropic": Client("main", "langchain_agents", "messages"),
    # It streams whatever it is told.
    "langchain ollama": Client("main", "langchain_agents", "ollama", modes=(True,)),
    "pydantic-ai chat": Client("main", "pydantic_ai_agents", "chat"),
    "pydantic-ai responses": Client("main", "pydantic_ai_agents", "responses"),
    "pydantic-ai anthropic": Client("main", "pydantic_ai_agents", "messages"),
    "openai-agents chat": Client("main", "openai_agents", "chat"),
    "openai-agents responses": Client("main", "openai_agents", "responses"),
    "litellm": Client("litellm", "litellm_python", "chat"),
    "llama-index": Client("llama-index", "llama_index_agents", "chat"),
    "smolagents": Client("main", "smolagents_agents", "chat"),
    "aider": Client("aider", "aider_cli", "chat", has_tools=False),
}


def cells(name, bench):
    """The scenarios and modes that a client is run in."""
    client = CLIENTS[name]
    for scenario in SCENARIOS:
        if bench == "embedded":
            # It speaks two formats. Its small model has no room for the long prompts of smolagents and aider.
            if client.format not in ("chat", "completions") or name in ("smolagents", "aider"):
                continue
            if scenario not in ("healthy", "loop in text", "cancel"):
                continue
        if scenario in TOOL_SCENARIOS and not client.has_tools:
            continue
        # Ollama sends a call whole when it is finished: one that never is, nobody sees. Legacy completions have no
        # channel for reasoning: there it is text.
        if scenario == "loop in arguments" and client.format == "ollama":
            continue
        if scenario == "loop in reasoning" and client.format == "completions":
            continue
        for stream in client.modes:
            yield scenario, stream
