"""The name of one run on one board, as it comes with a request."""

import re
from typing import NamedTuple

from . import layout


class HandleError(ValueError):
    """The text is not a handle; the message says why."""


class Handle(NamedTuple):
    """Which start of the gateway, which slot, which use of the slot."""

    epoch: int
    slot: int
    generation: int

    @classmethod
    def parse(cls, text):
        """Reads "<epoch: 16 hexadecimal digits>:<slot>:<generation>"."""
        if not isinstance(text, str) or len(text) > 64:
            raise HandleError(f"{str(text)[:40]!r} is no handle of a cancel board: it is no short text")
        parts = text.split(":")

        def refuse(why):
            return HandleError(f"{text!r} is no handle of a cancel board: {why}")

        if len(parts) != 3:
            raise refuse("it must have three parts, <epoch>:<slot>:<generation>")
        if not re.fullmatch("[0-9a-f]{16}", parts[0]):
            raise refuse("the epoch must be 16 digits of 0-9 and a-f")
        if not re.fullmatch("[0-9]+", parts[1]) or int(parts[1]) >= layout.MOST_SLOTS:
            raise refuse("the slot must be a whole number below 65536")
        if not re.fullmatch("[0-9]+", parts[2]) or not 1 <= int(parts[2]) <= layout.LAST_GENERATION:
            raise refuse("the generation must be a whole number from 1 to 281474976710655")
        return cls(int(parts[0], 16), int(parts[1]), int(parts[2]))

    def __str__(self):
        return f"{self.epoch:016x}:{self.slot}:{self.generation}"
