"""Writes the golden files of Tests/EmbeddedEngineTests/Golden: what the reference computes, for the Swift tests.

    python golden.py tiny     three tiny models with random weights, one for each way a folder can look
    python golden.py small    logits and tokens of the shipped model
"""

import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer

import llama
import tokenizer as tokens

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/EmbeddedEngineTests/Golden"
SMALL = ROOT / "Sources/EmbeddedEngine/Resources/small"

# What tokenizers get wrong: white space of every kind, contractions, numbers, other scripts, combining marks, emoji
# of several code points, control characters, and the marks of the chat format as a user might type them.
STRINGS = [
    "",
    " ",
    "   ",
    "\n",
    " \n\n  \t x",
    "Hello, world!",
    "The guard reads the stream.",
    "  two blanks  between  words  ",
    "trailing blanks   ",
    "line\r\nline\r\n\r\n",
    "I'm sure it's they'll don't we've you'd 'S 'LL ''s",
    "x=1; y+=22; z==333 // 4,096.50 ½ ² Ⅷ ٣",
    "snake_case camelCase __init__ kebab-case a.b.c /usr/bin/env",
    '{"name": "read_file", "arguments": {"path": "src/main.swift"}}',
    "Grüße aus Köln: äöüß ÄÖÜ é e\u0301 ñ",
    "Привет, мир! Ελληνικά שלום مرحبا हिन्दी ไทย",
    "循环检测器。日本語テキスト 한국어",
    "🙂🙃 👩‍👩‍👧‍👦 🇩🇪 ❤️ 👍🏽",
    "\u00a0no\u2003break\u200bzero\ufeff\u3000wide\u2028line",
    "\u0000\u0001\u001b[31m\u007f\u0085",
    "<|im_start|>user\nHi<|im_end|>\n",
    "<|endoftext|><tool_call></tool_call><|im_start|>",
    "<tools> <tool_response> <|im_start |> <|endoftext|",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "---------------- ================ ................",
    "𝕏𝔘 \U0010ffff \ue000 \ufffd",
    "a\u0327\u0301\u0300 ﬁ ǆ İ ı",
]


def number(value: float) -> float:
    return float(f"{value:.7g}")


def golden_logits(model: llama.Llama, prompt: list[int], last: int | None = None) -> list[list[float]]:
    with torch.no_grad():
        logits = model(torch.tensor([prompt]))[0]
    return [[number(value) for value in row] for row in logits[-last if last else 0 :].tolist()]


def write(path: Path, value):
    """One row a line: small, and still readable in a difference."""
    def text(item, depth):
        if isinstance(item, dict):
            inner = ",\n".join(f"{json.dumps(key)}: {text(child, depth + 1)}" for key, child in item.items())
            return "{\n" + inner + "\n}"
        if isinstance(item, list) and item and isinstance(item[0], (list, dict)):
            return "[\n" + ",\n".join(text(child, depth + 1) for child in item) + "\n]"
        return json.dumps(item, separators=(",", ":"))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(value, 0) + "\n")


def tiny():
    sample = [(ROOT / name).read_text() for name in ["README.md", "docs/architecture.md", "docs/detectors.md"]]
    vocabulary = tokens.train(sample, 300)
    text = "The guard reads the stream, and a looping one is ended."
    prompt = vocabulary.encode(text).ids[:16]
    kinds = {
        "tiny-f32": ("float32", 1, dict(head_dim=8, rope_theta=10000.0, rms_norm_eps=1e-5, tie_word_embeddings=True)),
        "tiny-f16": ("float16", 1, dict(head_dim=8, rope_theta=500000.0, rms_norm_eps=1e-6, tie_word_embeddings=True)),
        "tiny-bf16-untied": (
            "bfloat16",
            2,
            dict(head_dim=16, rope_theta=10000.0, rms_norm_eps=1e-5, tie_word_embeddings=False),
        ),
    }
    write(GOLDEN / "tiny-f32/tokens.json", tokenizer_golden(vocabulary))
    for seed, (name, (dtype, shards, shape)) in enumerate(kinds.items(), 1):
        torch.manual_seed(seed)
        model = llama.Llama(
            llama.Config(
                vocab_size=vocabulary.get_vocab_size(),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=256,
                **shape,
            )
        )
        # Weights large enough that attention is not flat and that every part changes the answer.
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() == 1:
                    weight.copy_(1 + 0.3 * torch.randn_like(weight))
                else:
                    weight.normal_(std=1.2 / weight.shape[1] ** 0.5)
        folder = GOLDEN / name
        llama.save(model, folder, dtype, tokens.end(vocabulary), tokens.ends(vocabulary), shards)
        vocabulary.save(str(folder / "tokenizer.json"))
        stored = llama.load(folder)
        write(folder / "golden.json", {"text": text, "prompt": prompt, "logits": golden_logits(stored, prompt)})


def tokenizer_golden(vocabulary: Tokenizer) -> list[dict]:
    """`ids` with the marks as special tokens, `plain` with nothing special, as the text of a user is read."""
    return [
        {
            "text": string,
            "ids": vocabulary.encode(string).ids,
            "plain": tokens.encode_plain(vocabulary, string),
        }
        for string in STRINGS
    ]


def small():
    vocabulary = Tokenizer.from_file(str(SMALL / "tokenizer.json"))
    write(GOLDEN / "small-tokenizer.json", tokenizer_golden(vocabulary))
    model = llama.load(SMALL)
    prompts = [
        "<|im_start|>user\nWhat is loopguard?<|im_end|>\n<|im_start|>assistant\n",
        "The agent asked for the file again, and",
        "A detector is a small machine that reads a stream. " * 24,
    ]
    cases = []
    for text in prompts:
        prompt = vocabulary.encode(text).ids
        cases.append({"text": text, "prompt": prompt, "logits": golden_logits(model, prompt, last=2)})
    write(GOLDEN / "small-logits.json", cases)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=["tiny", "small"])
    torch.set_num_threads(1)
    {"tiny": tiny, "small": small}[parser.parse_args().which]()
