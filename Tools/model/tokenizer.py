"""The tokenizer: byte-level BPE over the byte alphabet of GPT-2, in the `tokenizer.json` of Hugging Face."""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"
MARKS = [END, "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]


def train(texts, size: int) -> Tokenizer:
    """Learns a vocabulary of `size` tokens, the marks and all 256 bytes included."""
    vocabulary = Tokenizer(models.BPE())
    vocabulary.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    vocabulary.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=[AddedToken(mark, special=True, normalized=False) for mark in MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    vocabulary.train_from_iterator(texts, trainer)
    assert vocabulary.get_vocab_size() == size
    return vocabulary


def end(vocabulary: Tokenizer) -> int:
    return vocabulary.token_to_id(END)


def ends(vocabulary: Tokenizer) -> list[int]:
    """The tokens that end an answer."""
    return [vocabulary.token_to_id("<|im_end|>"), end(vocabulary)]


def encode_plain(vocabulary: Tokenizer, text: str) -> list[int]:
    """The tokens of a text in which no mark is special: the pre-tokenizer and the merges alone."""
    ids = []
    for piece, _ in vocabulary.pre_tokenizer.pre_tokenize_str(text):
        ids += [token.id for token in vocabulary.model.tokenize(piece)]
    return ids


def save(vocabulary: Tokenizer, folder: Path):
    """Writes tokenizer.json, and tokenizer_config.json with the template of the chats."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.save(str(folder / "tokenizer.json"))
    values = {
        "add_bos_token": False,
        "chat_template": Path(__file__).with_name("chat_template.jinja").read_text().strip(),
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "pad_token": END,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(values, indent=2) + "\n")
