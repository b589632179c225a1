"""The formats that the scripted engine speaks, written as real engines write them.

Each dialect turns the events of a scenario into the bytes of a stream, and a whole answer into a body.
"""

import json
import time

from .scenarios import ARGUMENTS, CALL, CALL_END, FINISH, REASONING, TEXT


class Item:
    """A text, a piece of reasoning or a call, with its place among all items and among the calls."""

    def __init__(self, kind, name, place, number):
        self.kind, self.name, self.place, self.number = kind, name, place, number
        self.text = ""


class Dialect:
    """One answer. What the events said is gathered in `items`, in their order."""

    content_type = "text/event-stream"
    streams_by_default = False

    def __init__(self, request, number):
        self.request = request
        self.model = request.get("model") or "scripted"
        self.number = number
        self.created = int(time.time())
        self.items, self.calls = [], []
        self.tokens = 0
        self.reason = None

    def stream(self, events):
        """The bytes of each event; empty where the format has none."""
        for kind, value in events:
            yield self.take(kind, value)

    def take(self, kind, value):
        """The bytes that tell of one event."""
        last = self.items[-1] if self.items else None
        start = b"" if last or self.reason else self.start()
        if kind in (TEXT, REASONING) and (not last or last.kind != kind):
            return start + self.close(last) + self.begin(kind, None) + self.add(value)
        if kind in (TEXT, REASONING, ARGUMENTS):
            return self.add(value)
        if kind == CALL:
            return start + self.close(last) + self.begin(CALL, value)
        if kind == FINISH:
            self.reason = value
            return start + self.close(last) + self.end()
        return b""

    def begin(self, kind, name):
        self.items.append(Item(kind, name, len(self.items), len(self.calls)))
        if kind == CALL:
            self.calls.append(self.items[-1])
        return self.open(self.items[-1])

    def add(self, piece):
        self.items[-1].text += piece
        self.tokens += 1
        return self.delta(self.items[-1], piece)

    def start(self):
        return b""

    def open(self, item):
        return b""

    def delta(self, item, piece):
        return b""

    def close(self, item):
        return b""

    def end(self):
        return b""

    def ends_by_tool(self):
        """Whether the client has a tool for ending its work."""
        return False

    # What was gathered.

    def joined(self, kind):
        return "".join(item.text for item in self.items if item.kind == kind)

    def call_id(self, item):
        return f"call_{self.number}_{item.number}"

    @property
    def usage(self):
        return {"prompt_tokens": 12, "completion_tokens": self.tokens, "total_tokens": self.tokens + 12}


def event(data, name=None):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def parsed(arguments):
    """The arguments of a call as an object; a call that was cut at the limit has none."""
    try:
        return json.loads(arguments)
    except json.JSONDecodeError:
        return {}


class Chat(Dialect):
    def chunk(self, delta, reason=None, **extra):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return event({**self.envelope("chat.completion.chunk"), "choices": [choice], **extra})

    def envelope(self, kind):
        return {"id": f"chatcmpl-{self.number}", "object": kind, "created": self.created, "model": self.model}

    def start(self):
        return self.chunk({"role": "assistant", "content": ""})

    def open(self, item):
        if item.kind != CALL:
            return b""
        function = {"name": item.name, "arguments": ""}
        index = len(self.calls) - 1
        call = {"index": index, "id": self.call_id(item), "type": "function", "function": function}
        return self.chunk({"tool_calls": [call]})

    def delta(self, item, piece):
        if item.kind == TEXT:
            return self.chunk({"content": piece})
        if item.kind == REASONING:
            return self.chunk({"reasoning_content": piece})
        return self.chunk({"tool_calls": [{"index": len(self.calls) - 1, "function": {"arguments": piece}}]})

    def end(self):
        written = self.chunk({}, self.reason)
        if (self.request.get("stream_options") or {}).get("include_usage"):
            written += event({**self.envelope("chat.completion.chunk"), "choices": [], "usage": self.usage})
        return written + b"data: [DONE]\n\n"

    def body(self):
        message = {"role": "assistant", "content": self.joined(TEXT) or None}
        if self.joined(REASONING):
            message["reasoning_content"] = self.joined(REASONING)
        if self.calls:
            message["tool_calls"] = [
                {"id": self.call_id(item), "type": "function", "function": {"name": item.name, "arguments": item.text}}
                for item in self.calls
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.reason}
        return {**self.envelope("chat.completion"), "choices": [choice], "usage": self.usage}

    def has_results(self):
        # smolagents tells results as text of the user's, so there the model's own turn must do.
        roles = ("tool", "function", "assistant") if self.ends_by_tool() else ("tool", "function")
        return any(message.get("role") in roles for message in self.request.get("messages") or [])

    def ends_by_tool(self):
        tools = self.request.get("tools") or []
        return any((tool.get("function") or {}).get("name") == "final_answer" for tool in tools)


class Completions(Dialect):
    """Text only: what would be reasoning stands between tags, and a tool call is not known."""

    def envelope(self):
        return {"id": f"cmpl-{self.number}", "object": "text_completion", "created": self.created, "model": self.model}

    def chunk(self, text, reason=None, **extra):
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
        return event({**self.envelope(), "choices": [choice], **extra})

    def open(self, item):
        return self.chunk("<think>\n") if item.kind == REASONING else b""

    def close(self, item):
        return self.chunk("\n</think>\n") if item and item.kind == REASONING else b""

    def delta(self, item, piece):
        return self.chunk(piece)

    def end(self):
        return self.chunk("", self.finish, usage=self.usage) + b"data: [DONE]\n\n"

    @property
    def finish(self):
        return "length" if self.reason == "length" else "stop"

    def body(self):
        choice = {"index": 0, "text": self.joined(TEXT), "logprobs": None, "finish_reason": self.finish}
        return {**self.envelope(), "choices": [choice], "usage": self.usage}

    def has_results(self):
        return False


class Responses(Dialect):
    def __init__(self, request, number):
        super().__init__(request, number)
        self.sequence = 0

    def event(self, kind, **fields):
        data = {"type": kind, "sequence_number": self.sequence, **fields}
        self.sequence += 1
        return event(data, kind)

    def response(self, status, output):
        cut = {"reason": "max_output_tokens"} if status == "incomplete" else None
        usage = {
            "input_tokens": 12,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": self.tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.tokens + 12,
        }
        return {
            "id": f"resp_{self.number}",
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": None,
            "incomplete_details": cut,
            "instructions": None,
            "max_output_tokens": None,
            "metadata": {},
            "model": self.model,
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": None if status == "in_progress" else usage,
            "user": None,
        }

    def start(self):
        response = self.response("in_progress", [])
        return self.event("response.created", response=response) + self.event("response.in_progress", response=response)

    def place(self, item):
        return {"item_id": self.item_id(item), "output_index": item.place}

    def item_id(self, item):
        return f"{ {TEXT: 'msg', REASONING: 'rs', CALL: 'fc'}[item.kind] }_{self.number}_{item.place}"

    def item(self, item, status):
        bare = status == "in_progress"
        if item.kind == TEXT:
            content = [] if bare else [self.part(item.text)]
            return {
                "id": self.item_id(item),
                "type": "message",
                "status": status,
                "role": "assistant",
                "content": content,
            }
        if item.kind == REASONING:
            summary = [] if bare else [{"type": "summary_text", "text": item.text}]
            return {"id": self.item_id(item), "type": "reasoning", "summary": summary}
        arguments = "" if bare else item.text
        return {
            "id": self.item_id(item),
            "type": "function_call",
            "status": status,
            "arguments": arguments,
            "call_id": self.call_id(item),
            "name": item.name,
        }

    def part(self, text):
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def open(self, item):
        index = item.place
        written = self.event("response.output_item.added", output_index=index, item=self.item(item, "in_progress"))
        if item.kind == TEXT:
            written += self.event(
                "response.content_part.added", content_index=0, part=self.part(""), **self.place(item)
            )
        if item.kind == REASONING:
            part = {"type": "summary_text", "text": ""}
            written += self.event(
                "response.reasoning_summary_part.added", summary_index=0, part=part, **self.place(item)
            )
        return written

    def delta(self, item, piece):
        if item.kind == TEXT:
            return self.event(
                "response.output_text.delta", content_index=0, delta=piece, logprobs=[], **self.place(item)
            )
        if item.kind == REASONING:
            return self.event("response.reasoning_summary_text.delta", summary_index=0, delta=piece, **self.place(item))
        return self.event("response.function_call_arguments.delta", delta=piece, **self.place(item))

    def close(self, item):
        if not item:
            return b""
        text, place = item.text, self.place(item)
        if item.kind == TEXT:
            written = self.event("response.output_text.done", content_index=0, text=text, logprobs=[], **place)
            written += self.event("response.content_part.done", content_index=0, part=self.part(text), **place)
        elif item.kind == REASONING:
            part = {"type": "summary_text", "text": text}
            written = self.event("response.reasoning_summary_text.done", summary_index=0, text=text, **place)
            written += self.event("response.reasoning_summary_part.done", summary_index=0, part=part, **place)
        else:
            written = self.event("response.function_call_arguments.done", arguments=text, name=item.name, **place)
        whole = self.item(item, "completed")
        return written + self.event("response.output_item.done", output_index=place["output_index"], item=whole)

    def end(self):
        status = "incomplete" if self.reason == "length" else "completed"
        return self.event(f"response.{status}", response=self.body())

    def body(self):
        status = "incomplete" if self.reason == "length" else "completed"
        return self.response(status, [self.item(item, "completed") for item in self.items])

    def has_results(self):
        given = self.request.get("input")
        return isinstance(given, list) and any(item.get("type") == "function_call_output" for item in given)


class Messages(Dialect):
    def event(self, kind, **fields):
        return event({"type": kind, **fields}, kind)

    @property
    def stop_reason(self):
        return {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[self.reason]

    def message(self, content, reason):
        return {
            "id": f"msg_{self.number}",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 12, "output_tokens": self.tokens},
        }

    def start(self):
        return self.event("message_start", message=self.message([], None)) + self.event("ping")

    def block(self, item, bare):
        if item.kind == TEXT:
            return {"type": "text", "text": "" if bare else item.text}
        if item.kind == REASONING:
            return {"type": "thinking", "thinking": "" if bare else item.text, "signature": "" if bare else "c2lnbmVk"}
        given = {} if bare else parsed(item.text)
        return {
            "type": "tool_use",
            "id": self.call_id(item).replace("call", "toolu"),
            "name": item.name,
            "input": given,
        }

    def open(self, item):
        index = item.place
        return self.event("content_block_start", index=index, content_block=self.block(item, bare=True))

    def delta(self, item, piece):
        delta = {
            TEXT: {"type": "text_delta", "text": piece},
            REASONING: {"type": "thinking_delta", "thinking": piece},
            CALL: {"type": "input_json_delta", "partial_json": piece},
        }[item.kind]
        return self.event("content_block_delta", index=item.place, delta=delta)

    def close(self, item):
        if not item:
            return b""
        index, written = item.place, b""
        if item.kind == REASONING:
            delta = {"type": "signature_delta", "signature": "c2lnbmVk"}
            written = self.event("content_block_delta", index=index, delta=delta)
        return written + self.event("content_block_stop", index=index)

    def end(self):
        delta = {"stop_reason": self.stop_reason, "stop_sequence": None}
        return self.event("message_delta", delta=delta, usage={"output_tokens": self.tokens}) + self.event(
            "message_stop"
        )

    def body(self):
        return self.message([self.block(item, bare=False) for item in self.items], self.stop_reason)

    def has_results(self):
        return any(
            isinstance(message.get("content"), list)
            and any(block.get("type") == "tool_result" for block in message["content"])
            for message in self.request.get("messages") or []
        )


class Ollama(Dialect):
    """`/api/chat`. A tool call comes whole, in one line, when it is finished."""

    content_type = "application/x-ndjson"
    streams_by_default = True

    def line(self, done=False, **fields):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.created))
        return {"model": self.model, "created_at": stamp, **fields, "done": done}

    def totals(self):
        return {
            "done_reason": "length" if self.reason == "length" else "stop",
            "total_duration": 1_000_000,
            "load_duration": 1_000,
            "prompt_eval_count": 12,
            "prompt_eval_duration": 1_000,
            "eval_count": self.tokens,
            "eval_duration": 900_000,
        }

    def write(self, line):
        return json.dumps(line).encode() + b"\n"

    def take(self, kind, value):
        if kind == CALL_END:
            return self.write(
                self.line(message={"role": "assistant", "content": "", "tool_calls": [self.whole(self.items[-1])]})
            )
        return super().take(kind, value)

    def whole(self, item):
        return {"id": self.call_id(item), "function": {"name": item.name, "arguments": parsed(item.text)}}

    def delta(self, item, piece):
        if item.kind == TEXT:
            return self.write(self.line(message={"role": "assistant", "content": piece}))
        if item.kind == REASONING:
            return self.write(self.line(message={"role": "assistant", "content": "", "thinking": piece}))
        return b""

    def end(self):
        return self.write({**self.line(True, message={"role": "assistant", "content": ""}), **self.totals()})

    def body(self):
        message = {"role": "assistant", "content": self.joined(TEXT)}
        if self.joined(REASONING):
            message["thinking"] = self.joined(REASONING)
        if self.calls:
            message["tool_calls"] = [self.whole(item) for item in self.calls]
        return {**self.line(True, message=message), **self.totals()}

    def has_results(self):
        return any(message.get("role") == "tool" for message in self.request.get("messages") or [])


class OllamaGenerate(Ollama):
    def take(self, kind, value):
        return Dialect.take(self, kind, value)

    def delta(self, item, piece):
        if item.kind == REASONING:
            return self.write(self.line(response="", thinking=piece))
        return self.write(self.line(response=piece))

    def end(self):
        return self.write({**self.line(True, response=""), **self.totals(), "context": [1, 2, 3]})

    def body(self):
        return {**self.line(True, response=self.joined(TEXT), thinking=self.joined(REASONING)), **self.totals()}


class LlamaCompletion(Dialect):
    """llama.cpp's own `/completion`."""

    def chunk(self, text, **extra):
        counts = {"tokens_predicted": self.tokens, "tokens_evaluated": 12}
        return event({"index": 0, "content": text, "tokens": [], "stop": False, "id_slot": 0, **counts, **extra})

    def delta(self, item, piece):
        return self.chunk(piece)

    def end(self):
        return self.chunk("", **self.final())

    def final(self):
        kind = "limit" if self.reason == "length" else "eos"
        return {"stop": True, "stop_type": kind, "stopping_word": "", "truncated": False, "model": self.model}

    def body(self):
        counts = {"tokens_predicted": self.tokens, "tokens_evaluated": 12}
        return {"index": 0, "content": self.joined(TEXT), "tokens": [], "id_slot": 0, **counts, **self.final()}

    def has_results(self):
        return False


ROUTES = {
    "/v1/chat/completions": Chat,
    "/chat/completions": Chat,
    "/v1/completions": Completions,
    "/completions": Completions,
    "/v1/responses": Responses,
    "/responses": Responses,
    "/v1/messages": Messages,
    "/api/chat": Ollama,
    "/api/generate": OllamaGenerate,
    "/completion": LlamaCompletion,
}
