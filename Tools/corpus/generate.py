#!/usr/bin/env python3
"""Writes fixtures/corpus: loops and healthy responses, labelled, the same on every run.

    Tools/corpus/generate.py            write it again
    Tools/corpus/generate.py --check    end with status 1 when the files are not what would be written

Each maker has dice of its own, so that a change to one leaves the entries of the others as they are. The entries of the
embedded engine are recorded by record_engine.py and are not touched.
"""

import collections
import pathlib
import random
import sys

import calls
import healthy
import loops

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "corpus"


def files():
    """The text of each file by its name."""
    texts = {}
    for label, makers in [("loop", loops.ALL + calls.LOOPS), ("healthy", healthy.ALL + calls.HEALTHY)]:
        counts = collections.Counter()
        lines = collections.defaultdict(list)
        for maker in makers:
            for entry in maker(random.Random(f"{label} {maker.__name__}")):
                assert entry.label == label, maker
                lines[entry.kind].append(entry.line(f"{label}/{entry.kind}/{counts[entry.kind] + 1:02}"))
                counts[entry.kind] += 1
        for kind, entries in lines.items():
            texts[f"{label}-{kind}.corpus.jsonl"] = "\n".join(entries) + "\n"
    return texts


def main():
    texts = files()
    if "--check" in sys.argv[1:]:
        old = [name for name, text in texts.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text]
        print("\n".join(f"{name} is not what the generator writes" for name in old) or "fixtures/corpus is up to date")
        sys.exit(1 if old else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (FOLDER / name).write_text(text)
    for label in ("loop", "healthy"):
        mine = {name: text for name, text in texts.items() if name.startswith(label)}
        print(f"{label}: {sum(text.count(chr(10)) for text in mine.values())} entries in {len(mine)} classes, {sum(len(text.encode()) for text in mine.values())} bytes")


if __name__ == "__main__":
    main()
