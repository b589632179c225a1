"""Trains the small model on the text of `corpus.py` and writes it as a Hugging Face folder.

    python train.py --minutes 60

The time is what bounds a training on a processor, so the learning rate follows the clock. The weights are multiplied in
bfloat16 and kept in float32. Matrices inside the layers are trained by Muon, everything else by AdamW.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import corpus
import llama
import tokenizer as tokens

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "Sources/EmbeddedEngine/Resources/small"
VOCABULARY = 2048
SHAPE = dict(
    vocab_size=VOCABULARY,
    hidden_size=192,
    intermediate_size=576,
    num_hidden_layers=4,
    num_attention_heads=6,
    num_key_value_heads=2,
    head_dim=32,
    max_position_embeddings=2048,
)
IGNORED = -100


class Rows:
    """An endless supply of batches: documents one after another, each row beginning with a whole one."""

    def __init__(self, vocabulary: Tokenizer, seed: int):
        self.vocabulary, self.seed = vocabulary, seed
        self.waiting = []
        self.documents = 0

    def document(self):
        if not self.waiting:
            self.waiting = corpus.documents(self.seed, 512)
            self.seed += 1
        self.documents += 1
        ids, learn = [], []
        for text, wanted in self.waiting.pop():
            part = self.vocabulary.encode(text).ids
            ids += part
            learn += [wanted] * len(part)
        return ids, learn

    def row(self, length: int):
        ids, learn = [], []
        while len(ids) < length + 1:
            more, wanted = self.document()
            ids += more
            learn += wanted
        return ids[: length + 1], learn[: length + 1]

    def batch(self, rows: int, length: int):
        made = [self.row(length) for _ in range(rows)]
        ids = torch.from_numpy(np.array([ids for ids, _ in made]))
        learn = torch.from_numpy(np.array([learn for _, learn in made]))
        return ids[:, :-1], ids[:, 1:].masked_fill(~learn[:, 1:], IGNORED)


def loss_of(model, inputs, targets):
    """The mean loss of the tokens that are to be learnt; only their logits are computed."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.hidden(inputs)
        wanted = targets != IGNORED
        logits = model.logits(hidden[wanted])
    return F.cross_entropy(logits.float(), targets[wanted])


def pace(done: float) -> float:
    """The share of the highest learning rate when `done` of the time has passed: up, then down along a cosine."""
    warm = 0.02
    return done / warm if done < warm else 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warm) / (1 - warm))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="how long to train")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4e-3, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--continue", dest="before", type=Path, help="a folder with a model that is trained further")
    parser.add_argument("--out", type=Path, default=SMALL)
    parser.add_argument("--log", type=Path, default=Path(__file__).with_name("training.log"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    sample = ["".join(text for text, _ in segments) for segments in corpus.documents(options.seed, 6000)]
    vocabulary = tokens.train(sample, VOCABULARY)
    if options.before:
        vocabulary = Tokenizer.from_file(str(options.before / "tokenizer.json"))
    tokens.save(vocabulary, options.out)
    rows, unseen = Rows(vocabulary, options.seed * 1_000_000), Rows(vocabulary, 999_000_000 + options.seed)
    check = [unseen.batch(4, 512) for _ in range(6)]

    model = llama.load(options.before).train() if options.before else llama.Llama(llama.Config(**SHAPE))
    matrices = [weight for name, weight in model.named_parameters() if weight.dim() == 2 and ".layers." in name]
    others = [weight for name, weight in model.named_parameters() if not (weight.dim() == 2 and ".layers." in name)]
    optimizers = [
        torch.optim.Muon(matrices, lr=1, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=1, betas=(0.9, 0.98), weight_decay=0.0),
    ]

    log = options.log.open("w")

    def say(line: str):
        print(line, flush=True)
        log.write(line + "\n")
        log.flush()

    def save():
        llama.save(model, options.out, "bfloat16", tokens.end(vocabulary), tokens.ends(vocabulary))

    say(f"{sum(weight.numel() for weight in model.parameters())} parameters, {VOCABULARY} tokens, {options.minutes:g} minutes, "
        f"{options.threads} thread(s), torch {torch.__version__}")
    say("minutes   step  documents     tokens    loss  unseen")
    start, step, seen, mean = time.monotonic(), 0, 0, None
    done, spoken = 0.0, -1.0
    while done < 1:
        # Short rows are cheap. The long ones come at the end, so that every position of the context has been seen.
        count, length = (4, 512) if done < 0.86 else (2, 1024) if done < 0.95 else (1, 2048)
        loss = loss_of(model, *rows.batch(count, length))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = options.rate * pace(done)
            optimizer.step()
            optimizer.zero_grad()
        step, seen = step + 1, seen + count * length
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        minutes = (time.monotonic() - start) / 60
        done = minutes / options.minutes
        if minutes - spoken >= 1 or done >= 1:
            spoken = minutes
            with torch.no_grad():
                kept = sum(loss_of(model, *batch).item() for batch in check) / len(check)
            say(f"{minutes:7.1f} {step:6} {rows.documents:10} {seen:10} {mean:7.3f} {kept:7.3f}")
            save()
    save()


if __name__ == "__main__":
    main()
