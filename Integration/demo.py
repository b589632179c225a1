"""`make demo`: what loopguard does to a healthy and to a looping generation, seen through the official openai package."""

import sys
import textwrap

import openai

from loopguard_process import Loopguard

MODEL = "loopguard-small"
QUESTION = "What is loopguard?"
# Greedy decoding falls into a loop by itself on this one.
STORY = "Tell me a long story about an agent."
LIMIT = 1900


def main(binary):
    with Loopguard(binary, "--tokens-per-second", "150") as loopguard:
        client = openai.OpenAI(base_url=loopguard.url + "/v1", api_key="none", max_retries=0)
        print(f"loopguard serve is running at {loopguard.url}, in front of its embedded engine.\n")
        show("A healthy generation", QUESTION, client, loopguard, temperature=0, max_tokens=LIMIT)
        show("A looping generation", STORY, client, loopguard, temperature=0, max_tokens=LIMIT)
        show("The same, sampled (temperature 0.8)", STORY, client, loopguard, temperature=0.8, seed=1, max_tokens=LIMIT)
        show(
            "The same with the guard switched off (X-Loopguard-Mode: off)",
            STORY, client, loopguard, temperature=0, max_tokens=LIMIT, extra_headers={"X-Loopguard-Mode": "off"},
        )  # fmt: skip


def show(title, prompt, client, loopguard, **parameters):
    """Streams one answer, and tells what the client saw and what the engine did."""
    print(f"── {title} " + "─" * max(0, 76 - len(title)))
    print(f"  > {prompt}\n")
    messages = [{"role": "user", "content": prompt}]
    text, reason, guard, chunk_id = "", None, None, None
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True, **parameters):
        chunk_id = chunk.id
        guard = (chunk.model_extra or {}).get("guard", guard)
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
    sequence = loopguard.sequence(chunk_id.split("-", 1)[1])

    shown = text.strip() if len(text) < 600 else text[:400].strip() + f" … [{len(text) - 500} bytes] … " + text[-100:].strip()
    print(textwrap.fill(shown, 80, initial_indent="  ", subsequent_indent="  "))
    print(f"\n  finish reason  {reason}")
    if guard:
        print(f"  ended by       {guard['reason']}")
        for name, value in guard.get("evidence", {}).items():
            print(f"    {name:<12} {value!r}")
    print(f"  the engine     wrote {sequence['generated_tokens']} of at most {parameters['max_tokens']} tokens", end="")
    if sequence["cancel_reason"]:
        print(f", {sequence['tokens_after_cancel']} of them after its cancel flag was set", end="")
    print("\n")


main(sys.argv[1] if len(sys.argv) > 1 else ".build/release/loopguard")
