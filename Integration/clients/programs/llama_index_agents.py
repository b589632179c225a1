"""llama-index: a FunctionAgent."""

import asyncio

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.llms.openai_like import OpenAILike

from harness import serve, write_file


async def run(cell):
    model = OpenAILike(
        model=cell.model,
        api_base=cell.v1,
        api_key="none",
        is_chat_model=True,
        is_function_calling_model=True,
        temperature=cell.temperature,
        max_tokens=cell.max_tokens,
    )
    agent = FunctionAgent(tools=[write_file] if cell.tools else [], llm=model, streaming=cell.stream)
    return str(await agent.run(user_msg=cell.prompt)), None


serve({"llama-index": lambda cell: asyncio.run(run(cell))})
