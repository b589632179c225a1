"""openai-agents over chat and Responses."""

import asyncio

from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI

from harness import serve, write_file

set_tracing_disabled(True)


async def run(cell, kind):
    client = AsyncOpenAI(base_url=cell.v1, api_key="none")
    agent = Agent(
        name="writer",
        tools=[function_tool(write_file)] if cell.tools else [],
        model=kind(model=cell.model, openai_client=client),
        model_settings=ModelSettings(temperature=cell.temperature, max_tokens=cell.max_tokens),
    )
    if not cell.stream:
        return (await Runner.run(agent, cell.prompt, max_turns=6)).final_output, None
    result = Runner.run_streamed(agent, cell.prompt, max_turns=6)
    async for _ in result.stream_events():
        pass
    return result.final_output, None


serve(
    {
        "openai-agents chat": lambda cell: asyncio.run(run(cell, OpenAIChatCompletionsModel)),
        "openai-agents responses": lambda cell: asyncio.run(run(cell, OpenAIResponsesModel)),
    }
)
