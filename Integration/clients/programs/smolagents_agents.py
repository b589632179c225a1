"""smolagents: a ToolCallingAgent. It ends by its tool `final_answer`, and asks again after a turn without a call."""

from smolagents import OpenAIServerModel, ToolCallingAgent, tool

from harness import serve, write_file


def run(cell):
    model = OpenAIServerModel(
        model_id=cell.model, api_base=cell.v1, api_key="none", temperature=cell.temperature, max_tokens=cell.max_tokens
    )
    agent = ToolCallingAgent(tools=[tool(write_file)], model=model, max_steps=3, stream_outputs=cell.stream)
    return str(agent.run(cell.prompt)), None


serve({"smolagents": run})
