"""Shows every ending in fixtures/endings to the official SDKs.

Each file is a whole response that was ended early, ending included, as the guard writes it. It is validated with the
SDK's own types, event by event, and then served to the SDK's client, which must accumulate it without complaint.

    pytest Integration/endings
"""

import http.server
import json
import pathlib
import threading
import typing

import anthropic
import ollama
import openai
import pytest
from anthropic.types import RawMessageStreamEvent
from openai.types import Completion
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent

ENDINGS = pathlib.Path(__file__).parents[2] / "fixtures" / "endings"
NOTE = "[loopguard: generation stopped]"


def endings(format):
    files = sorted((ENDINGS / format).iterdir())
    assert files, f"no endings of {format}"
    return pytest.mark.parametrize("file", files, ids=lambda file: file.stem)


def validate(payload, union):
    """Validates an event as the member of the union that has its type: the union's own error names them all."""
    members = typing.get_args(typing.get_args(union)[0]) or typing.get_args(union)
    for member in members:
        if payload["type"] in typing.get_args(member.model_fields["type"].annotation):
            return member.model_validate(payload)
    raise AssertionError(f"the SDK knows no {payload['type']}")


def payloads(file):
    events = [event for event in file.read_text().split("\n\n") if event]
    data = [line[6:] for event in events for line in event.split("\n") if line.startswith("data: ")]
    assert len(data) == len(events), "every event has one line of data"
    return [json.loads(line) for line in data if line != "[DONE]"]


class Responder(http.server.BaseHTTPRequestHandler):
    """Answers every request with the file whose name the path begins with."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        _, format, name, *_ = self.path.split("/")
        body = (ENDINGS / format / name).read_bytes()
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson" if name.endswith(".ndjson") else "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Responder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def at(server, file):
    return f"{server}/{file.parent.name}/{file.name}"


def has_note(file):
    return "no-note" not in file.stem


@endings("chat")
def test_chat(file, server):
    for payload in payloads(file):
        ChatCompletionChunk.model_validate(payload)
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    client = openai.OpenAI(api_key="x", base_url=at(server, file))
    text, reasons, usage = "", [], None
    for chunk in client.chat.completions.create(**asked, stream=True):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
    assert reasons == (["stop"] if "finished" in file.stem else ["length"])
    assert usage or "finished" in file.stem
    assert text.strip() or not has_note(file)
    with client.chat.completions.stream(**asked) as stream:
        if reasons == ["stop"]:
            assert stream.get_final_completion().choices[0].finish_reason == "stop"
        else:
            # What the helper does with every response that reaches its token limit.
            with pytest.raises(openai.LengthFinishReasonError):
                stream.get_final_completion()


@endings("completions")
def test_completions(file, server):
    for payload in payloads(file):
        # The type knows no chunk that does not finish.
        if payload["choices"] and payload["choices"][0]["finish_reason"]:
            Completion.model_validate(payload)
    client = openai.OpenAI(api_key="x", base_url=at(server, file))
    chunks = list(client.completions.create(model="m", prompt="hi", stream=True))
    assert [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason] == ["length"]
    assert NOTE not in file.read_text()


@endings("messages")
def test_messages(file, server):
    for payload in payloads(file):
        if payload["type"] != "ping":
            # llama.cpp leaves these out where a block begins; the types ask for them.
            block = payload.get("content_block", {})
            if block.get("type") == "tool_use":
                block.setdefault("input", {})
            if block.get("type") == "thinking":
                block.setdefault("signature", "")
            validate(payload, RawMessageStreamEvent)
    client = anthropic.Anthropic(api_key="x", base_url=at(server, file))
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    with client.messages.stream(**asked) as stream:
        message = stream.get_final_message()
    assert message.stop_reason == ("end_turn" if "finished" in file.stem else "max_tokens")
    assert message.usage.input_tokens > 0 and message.usage.output_tokens >= 0
    text = "".join(block.text for block in message.content if block.type == "text")
    assert text.strip() or not has_note(file)
    if "held" in file.stem:
        assert not [block for block in message.content if block.type == "tool_use"]


@endings("responses")
def test_responses(file, server):
    events = payloads(file)
    if "unnumbered" not in file.stem:
        for payload in events:
            validate(payload, ResponseStreamEvent)
    asked = {"model": "m", "input": "hi"}
    client = openai.OpenAI(api_key="x", base_url=at(server, file))
    last = list(client.responses.create(**asked, stream=True))[-1]
    is_finished, is_compatible = "finished" in file.stem, "completed" in file.stem
    assert last.type == ("response.completed" if is_finished or is_compatible else "response.incomplete")
    assert last.response.status == ("completed" if is_finished else "incomplete")
    if not is_finished:
        assert last.response.incomplete_details.reason == "max_output_tokens"
    assert last.response.usage.output_tokens >= 0
    assert last.response.output_text.strip() or "refusal" in file.stem or not has_note(file)
    if "unnumbered" in file.stem:
        return
    with client.responses.stream(**asked) as stream:
        for _ in stream:
            pass
        if last.type == "response.completed":
            final = stream.get_final_response()
            assert [item.type for item in final.output] == [item.type for item in last.response.output]
            if "held" in file.stem:
                assert not [item for item in final.output if item.type.endswith("_call")]
        else:
            # The helper knows no other ending than `response.completed`.
            with pytest.raises(RuntimeError):
                stream.get_final_response()


@endings("ollama_chat")
def test_ollama_chat(file, server):
    parts = list(ollama.Client(host=at(server, file)).chat(model="m", messages=[{"role": "user", "content": "hi"}], stream=True))
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].done_reason == ("stop" if "finished" in file.stem else "length")
    assert parts[-1].eval_count is not None and parts[-1].prompt_eval_count is not None
    assert "".join(part.message.content or "" for part in parts).strip() or not has_note(file)


@endings("ollama_generate")
def test_ollama_generate(file, server):
    parts = list(ollama.Client(host=at(server, file)).generate(model="m", prompt="hi", stream=True))
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].done_reason == "length" and parts[-1].eval_count is not None
    assert NOTE not in file.read_text()


@endings("llama_completion")
def test_llama_completion(file):
    """There is no SDK; these are the members that llama.cpp's own clients read."""
    objects = payloads(file)
    stops = [part for part in objects if part["stop"]]
    assert {part.get("index", 0) for part in stops} == {part.get("index", 0) for part in objects}
    for part in stops:
        assert part["truncated"] is False and part["tokens_predicted"] >= 0 and part["content"] == ""
        assert part.get("stop_type") == "limit" or part.get("stopped_limit") is True
