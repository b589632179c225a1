"""One recording of the corpus: a line of JSON that `loopguard replay` expands to the stream of an engine."""

import json


class Entry:
    """Collects the parts of a response. `began` is the byte of the looping channel at which the loop begins."""

    def __init__(self, kind, label, channel="content", request=None):
        self.kind, self.label, self.channel, self.request = kind, label, channel, request
        self.parts, self.sizes, self.start = [], {"content": 0, "reasoning": 0, "arguments": 0, "calls": 0}, 0

    def add(self, text, channel=None, times=1):
        """Adds text to a channel, `times` times over."""
        channel = channel or self.channel
        last = self.parts[-1] if self.parts else {}
        if times == 1 and "times" not in last and list(last) in ([channel], ["call", channel]):
            last[channel] += text
        else:
            self.parts.append({channel: text} | ({"times": times} if times != 1 else {}))
        self.sizes[channel] += len(text.encode()) * times
        return self

    def call(self, name, arguments="", times=1):
        """Adds a whole call, or the beginning of one whose arguments follow."""
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        self.parts.append({"call": name, "arguments": arguments} | ({"times": times} if times != 1 else {}))
        self.sizes["arguments"] = len(arguments.encode())
        self.sizes["calls"] += times
        return self

    def loop(self, channel=None):
        """The loop begins here."""
        if channel:
            self.channel = channel
        self.start = self.sizes[self.channel]
        return self

    def line(self, name):
        entry = {"name": name, "class": self.kind, "label": self.label}
        if self.label == "loop":
            entry |= {"channel": self.channel, "began": self.start}
        if self.request:
            entry["request"] = self.request
        entry["parts"] = self.parts
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def loop(kind, channel="content", request=None):
    return Entry(kind, "loop", channel, request)


def healthy(kind, channel="content", request=None):
    return Entry(kind, "healthy", channel, request)
