#!/usr/bin/env python3
"""Writes the small models of Tests/EmbeddedEngineTests/Golden that show what relatives of Llama compute.

    pip install torch transformers tokenizers safetensors
    Tools/reference-goldens.py Tests/EmbeddedEngineTests/Golden

Every folder is a random model of a few thousand weights, made by transformers, with golden.json: some tokens, and the
logits that transformers computes at each position; and tokens.json: texts, and what tokenizers makes of them.
"""

import json
import pathlib
import sys

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXT = """The guard reads the stream, and a looping one is ended. It's what they'll say, WE'RE sure: don't loop!
func main() {\n\tprint("hello,   world", 12345, 3.14)\n}\r\n\r\n    return 2024 * 1000\n
Ärger über Öl: naïve café, Straße. Привет, мир! 你好,世界。 こんにちは 👍🏽 e\u0301 x² ½ Ⅳ ٣٤٥
""" * 8

CASES = [
    "", " ", "   ", "\n", " \n\n  \t x", "a\r\n\r\nb", "  x\n \n  y\n", "The guard reads the stream.",
    "it's IT'S it'\u017f we'RE they'Ve I'LL 'd 'x '", "don''t ''s 'l 'r", "123 1234567 12,345.678 a1b22c333",
    "func main() {\n\tprint(\"hi\")   \n}\n\n", "!!!\n\n??? \n...x", "$abc _abc \tabc \n abc",
    "Ärger über Öl", "e\u0301 und é", "Привет, мир! 你好 こんにちは", "👍🏽 👨\u200d👩\u200d👧 x²½Ⅳ ٣٤٥", "a\u00a0b\u3000c\u2028d\u0085e",
    "<|im_start|>user\nhi<|im_end|>", "x<|tool|>y<|tool|><|tool|>", "a" * 70 + " " * 70 + "b",
    "\u0000\u0001\u007f", "ab\u0300c \u0915\u094d\u0937",
]

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def split(regex):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(regex), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
    ])


def make_tokenizer(pre_tokenizer, normalizer=None, ignore_merges=False, pairs_as_text=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=380, special_tokens=["<|end|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.add_tokens(["<|tool|>"])
    data = json.loads(tokenizer.to_str())
    if pairs_as_text:
        data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    return tokenizer, data


def plain(data):
    """The same tokenizer without special tokens: the engine never encodes a text as one."""
    data = json.loads(json.dumps(data))
    data["added_tokens"] = [token for token in data["added_tokens"] if not token["special"]]
    return Tokenizer.from_str(json.dumps(data))


def write(folder, model, dtype, tokenizer, shard=None):
    tokenizer, data = tokenizer
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    for name, weights in model.named_parameters():
        scale = 0.5 if name.endswith("bias") else 0.3
        with torch.no_grad():
            weights.copy_(torch.randn_like(weights) * scale + (1 if "norm" in name else 0))
    # What is stored is what is computed with, whatever it is stored as.
    model = model.to(dtype)
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    model = model.float().eval()
    tokens = torch.randint(0, model.config.vocab_size, (12,)).tolist()
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0]
    (folder / "golden.json").write_text(json.dumps({
        "prompt": tokens,
        "logits": [[float(f"{value:.6g}") for value in row] for row in logits.tolist()],
    }))
    (folder / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False))
    reference = plain(data)
    (folder / "tokens.json").write_text(json.dumps(
        [{"text": text, "plain": reference.encode(text, add_special_tokens=False).ids} for text in CASES]))


def main():
    root = pathlib.Path(sys.argv[1])
    common = dict(vocab_size=390, max_position_embeddings=512, eos_token_id=0, bos_token_id=None, pad_token_id=None)
    write(
        root / "qwen2-biases", transformers.Qwen2ForCausalLM(transformers.Qwen2Config(
            hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
            tie_word_embeddings=True, use_sliding_window=False, **common)),
        torch.float16, make_tokenizer(split(QWEN2), normalizers.NFC(), pairs_as_text=True))
    write(
        root / "llama3-rope", transformers.LlamaForCausalLM(transformers.LlamaConfig(
            hidden_size=20, intermediate_size=36, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=1,
            head_dim=18, attention_bias=True, mlp_bias=True, tie_word_embeddings=False, rope_theta=500000.0,
            rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                          "original_max_position_embeddings": 64}, **common)),
        torch.bfloat16, make_tokenizer(split(LLAMA3), ignore_merges=True), shard="40KB")
    write(
        root / "linear-rope", transformers.LlamaForCausalLM(transformers.LlamaConfig(
            hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
            tie_word_embeddings=True, rope_scaling={"rope_type": "linear", "factor": 3.0}, **common)),
        torch.float32, make_tokenizer(pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])))


main()
