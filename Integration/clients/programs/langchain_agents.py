"""LangChain: `create_agent` over the chat, Responses, Anthropic and Ollama formats."""

from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI

from harness import serve, write_file


def run(cell, model):
    agent = create_agent(model, tools=[write_file] if cell.tools else [])
    given = {"messages": [{"role": "user", "content": cell.prompt}]}
    if cell.stream:
        last = None
        for _, state in agent.stream(given, stream_mode=["messages", "values"]):
            last = state if isinstance(state, dict) else last
        message = last["messages"][-1]
    else:
        message = agent.invoke(given)["messages"][-1]
    facts = message.response_metadata
    return message.text, facts.get("finish_reason") or facts.get("stop_reason") or facts.get("status") or facts.get(
        "done_reason"
    )


def openai_model(cell, **extra):
    return ChatOpenAI(
        model=cell.model, base_url=cell.v1, api_key="none", temperature=cell.temperature, streaming=cell.stream, **extra
    )


serve(
    {
        "langchain chat": lambda cell: run(cell, openai_model(cell, max_tokens=cell.max_tokens)),
        "langchain responses": lambda cell: run(cell, openai_model(cell, use_responses_api=True)),
        "langchain anthropic": lambda cell: run(
            cell,
            ChatAnthropic(
                model=cell.model, base_url=cell.base_url, api_key="none", streaming=cell.stream, max_tokens=16000
            ),
        ),
        "langchain ollama": lambda cell: run(
            cell, ChatOllama(model=cell.model, base_url=cell.base_url, disable_streaming=not cell.stream)
        ),
    }
)
