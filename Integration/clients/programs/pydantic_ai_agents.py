"""pydantic-ai: agents over the chat, Responses and Anthropic formats."""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from harness import serve, write_file


async def read(_, events):
    async for _ in events:
        pass


def run(cell, model):
    agent = Agent(
        model,
        tools=[write_file] if cell.tools else [],
        model_settings={"temperature": cell.temperature, "max_tokens": cell.max_tokens},
    )
    # With a handler of events the model is asked for streams.
    result = asyncio.run(agent.run(cell.prompt, event_stream_handler=read if cell.stream else None))
    return result.output, result.response.finish_reason


def openai(cell):
    return OpenAIProvider(base_url=cell.v1, api_key="none")


serve(
    {
        "pydantic-ai chat": lambda cell: run(cell, OpenAIChatModel(cell.model, provider=openai(cell))),
        "pydantic-ai responses": lambda cell: run(cell, OpenAIResponsesModel(cell.model, provider=openai(cell))),
        "pydantic-ai anthropic": lambda cell: run(
            cell, AnthropicModel(cell.model, provider=AnthropicProvider(base_url=cell.base_url, api_key="none"))
        ),
    }
)
