"""`loopguard-board DIRECTORY`: what is on a board, for whoever looks for a fault. Changes nothing."""

import argparse
import sys
import time
import timeit

from . import layout
from .handle import Handle
from .memory import BoardError, map_region


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="loopguard-board", description="Show what is on a cancel board.")
    parser.add_argument("directory", help="where the gateway keeps it, such as /run/loopguard")
    parser.add_argument("--time", action="store_true", help="time a look at a flag")
    options = parser.parse_args(arguments)
    try:
        commands, (slots, epoch, (owner, _)) = map_region(f"{options.directory}/board.cmd", layout.COMMAND_MAGIC)
    except BoardError as error:
        print(error, file=sys.stderr)
        return 69
    if options.time:
        return measure(commands)
    now = time.monotonic_ns()
    silent = (now - commands[layout.HEARTBEAT]) / 1e9
    print(f"gateway {owner}, last heard {silent:.1f} s ago, epoch {epoch:016x}, {slots} slots")
    try:
        answers, (_, echo, (engine, _)) = map_region(f"{options.directory}/board.ack", layout.ACKNOWLEDGEMENT_MAGIC)
        silent = (now - answers[layout.HEARTBEAT]) / 1e9
        stale = "" if echo == epoch else ", reads another gateway's board"
        print(f"engine {engine}, last heard {silent:.1f} s ago, {answers[layout.STEPS]} steps{stale}")
    except BoardError:
        answers = None
        print("no engine")
    for slot in range(slots):
        word = commands[layout.slot_index(slot)]
        if not word & layout.CLAIMED:
            continue
        handle = Handle(epoch, slot, word >> 16)
        raised = f", to end for reason {word >> 8 & 0xFF}" if word & layout.RAISED else ""
        print(f"{handle}{raised}, engine: {said(answers, slot, word >> 16)}")
    return 0


def said(answers, slot, generation):
    word = answers[layout.slot_index(slot)] if answers is not None else 0
    if word >> 16 != generation:
        return "nothing"
    if word & layout.BOUND:
        return "at work"
    outcome = {1: "natural", 2: "cancelled", 3: "orphan", 4: "failed"}.get(word >> 8 & 0xFF, "?")
    return f"{outcome} after {answers[layout.slot_index(slot) + layout.TOKENS]} tokens"


def measure(commands):
    names = {"words": commands, "index": layout.slot_index(0), "running": 1 << 16 | layout.CLAIMED}
    count = 2_000_000
    best = min(timeit.repeat("words[index] == running", globals=names, number=count, repeat=7)) / count
    print(f"a look at a flag: {best * 1e9:.0f} ns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
