"""aider, as it is called on the command line."""

from aider.llm import litellm
from aider.main import main

from harness import serve


def run(cell):
    arguments = [
        "--model", "openai/" + cell.model, "--openai-api-base", cell.v1, "--openai-api-key", "none",
        "--message", cell.prompt, "--yes-always", "--no-git", "--no-check-update", "--analytics-disable",
        "--no-show-model-warnings", "--no-show-release-notes", "--no-pretty", "--map-tokens", "0", "--no-gitignore",
        "--stream" if cell.stream else "--no-stream",
        "notes.txt",
    ]  # fmt: skip
    return str(main(arguments) or ""), None


# It loads LiteLLM at the first use; once, here, is enough for all cells.
litellm.completion  # noqa: B018

serve({"aider": run})
