"""Writes a language model that knows nothing: random weights in the llama architecture, half a megabyte of GGUF. It is
enough to run a real engine, and with its end of text out of reach it never ends by itself."""

import gguf
import numpy

LAYERS, WIDTH, HEADS, FEED_FORWARD, CONTEXT = 2, 64, 4, 128, 4096


def write(path, seed=1):
    """Writes the model. The same seed gives the same file."""
    random = numpy.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    tokens, scores, kinds = vocabulary()
    writer.add_name("random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)

    def add(name, *shape):
        writer.add_tensor(name, (random.standard_normal(shape) / numpy.sqrt(shape[-1])).astype(numpy.float32))

    def ones(name):
        writer.add_tensor(name, numpy.ones(WIDTH, numpy.float32))

    add("token_embd.weight", len(tokens), WIDTH)
    for layer in range(LAYERS):
        ones(f"blk.{layer}.attn_norm.weight")
        for part in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            add(f"blk.{layer}.{part}.weight", WIDTH, WIDTH)
        ones(f"blk.{layer}.ffn_norm.weight")
        add(f"blk.{layer}.ffn_gate.weight", FEED_FORWARD, WIDTH)
        add(f"blk.{layer}.ffn_up.weight", FEED_FORWARD, WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, FEED_FORWARD)
    ones("output_norm.weight")
    add("output.weight", len(tokens), WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vocabulary():
    """Three marks, every byte, and every letter of the alphabet after a space, so that all text can be written."""
    kind = gguf.TokenType
    tokens, kinds = ["<unk>", "<s>", "</s>"], [kind.UNKNOWN, kind.CONTROL, kind.CONTROL]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    kinds += [kind.BYTE] * 256
    letters = [chr(letter) for letter in range(ord("a"), ord("z") + 1)]
    words = ["\u2581"] + letters + ["\u2581" + letter for letter in letters]
    tokens += words
    kinds += [kind.NORMAL] * len(words)
    scores = [0.0] * 259 + [-float(index) for index in range(len(words))]
    return tokens, scores, kinds
