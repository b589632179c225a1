"""A plain Llama in PyTorch, and the Hugging Face folder it is read from and written to.

RMSNorm, rotary positions in the convention of Hugging Face (the two halves of a head are rotated, not neighbouring
pairs), grouped-query attention, SwiGLU, and an output matrix that is the embedding unless the configuration says
otherwise. It is the reference for the Swift implementation: `golden.py` writes down what it computes.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

TYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass
class Config:
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = True

    def to_json(self, dtype: str, bos: int, eos: list[int]) -> dict:
        return {
            "architectures": ["LlamaForCausalLM"],
            "attention_bias": False,
            "bos_token_id": bos,
            "eos_token_id": eos,
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_position_embeddings,
            "mlp_bias": False,
            "model_type": "llama",
            "num_attention_heads": self.num_attention_heads,
            "num_hidden_layers": self.num_hidden_layers,
            "num_key_value_heads": self.num_key_value_heads,
            "rms_norm_eps": self.rms_norm_eps,
            "rope_scaling": None,
            "rope_theta": self.rope_theta,
            "tie_word_embeddings": self.tie_word_embeddings,
            "torch_dtype": dtype,
            "vocab_size": self.vocab_size,
        }

    @staticmethod
    def from_json(values: dict) -> "Config":
        return Config(**{name: values[name] for name in Config.__dataclass_fields__})


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        wide = x.float()
        scale = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)
        return (wide * scale).to(x.dtype) * self.weight.to(x.dtype)


def rotary(positions: torch.Tensor, config: Config):
    """The cosines and sines of each position, for both halves of a head."""
    half = config.head_dim // 2
    frequencies = config.rope_theta ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = positions.float()[:, None] * frequencies[None, :]
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos.to(x.dtype) + torch.cat([-second, first], dim=-1) * sin.to(x.dtype)


def causal_attention(q, k, v, block=128):
    """Attention to what came before, a block of queries at a time: on a processor that is faster than computing the
    half that is masked."""
    scale, parts = q.shape[-1] ** -0.5, []
    for start in range(0, q.shape[2], block):
        end = min(start + block, q.shape[2])
        scores = (q[:, :, start:end] * scale) @ k[:, :, :end].transpose(-1, -2)
        later = torch.arange(end)[None, :] > torch.arange(start, end)[:, None]
        parts.append(scores.masked_fill(later, -torch.inf).softmax(-1) @ v[:, :, :end])
    return torch.cat(parts, dim=2)


class Attention(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = (
            config.num_attention_heads,
            config.num_key_value_heads,
            config.head_dim,
        )
        self.q_proj = nn.Linear(config.hidden_size, self.heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, self.kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, self.kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_dim, config.hidden_size, bias=False)

    def forward(self, x, cos, sin, cache=None):
        batch, length, _ = x.shape
        q = self.q_proj(x).view(batch, length, self.heads, self.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(batch, length, self.kv_heads, self.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, self.kv_heads, self.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            if cache:
                k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
            cache[:] = [k, v]
        # Every key head serves a group of neighbouring query heads.
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        if length == k.shape[2]:
            out = causal_attention(q, k, v)
        else:
            assert length == 1, "with a filled cache, one token at a time"
            out = F.scaled_dot_product_attention(q, k, v)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))


class MLP(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = MLP(config)

    def forward(self, x, cos, sin, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Llama(nn.Module):
    """The names of its parameters are those of Hugging Face's files."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.model = Body(config)
        self.lm_head = None
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        cos, sin = rotary(torch.arange(config.max_position_embeddings), config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deviation = 0.02
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    deviation /= math.sqrt(2 * config.num_hidden_layers)
                nn.init.normal_(weight, std=deviation)

    def hidden(self, tokens, caches=None, start=0):
        """What the output matrix reads; with `caches`, one list for each layer, the positions begin at `start`."""
        length = tokens.shape[1]
        cos, sin = self.cos[start : start + length], self.sin[start : start + length]
        x = self.model.embed_tokens(tokens)
        for index, layer in enumerate(self.model.layers):
            x = layer(x, cos, sin, None if caches is None else caches[index])
        return self.model.norm(x)

    def logits(self, x):
        return F.linear(x, self.model.embed_tokens.weight) if self.lm_head is None else self.lm_head(x)

    def forward(self, tokens, caches=None, start=0):
        return self.logits(self.hidden(tokens, caches, start))

    def new_caches(self):
        return [[] for _ in self.model.layers]


def save(model: Llama, folder: Path, dtype: str, bos: int, eos: list[int], shards: int = 1):
    """Writes config.json and the weights as Hugging Face does."""
    folder.mkdir(parents=True, exist_ok=True)
    values = model.config.to_json(dtype, bos, eos)
    (folder / "config.json").write_text(json.dumps(values, indent=2) + "\n")
    state = {name: weight.detach().to(TYPES[dtype]).contiguous() for name, weight in model.state_dict().items()}
    if shards == 1:
        write(state, folder / "model.safetensors")
        return
    names, places = sorted(state), {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: state[name] for name in names[shard::shards]}
        write(part, folder / file)
        places |= {name: file for name in part}
    size = sum(weight.numel() * weight.element_size() for weight in state.values())
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(places.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def write(state: dict, file: Path):
    save_file(state, str(file), metadata={"format": "pt"})
    file.chmod(0o644)


def load(folder: Path) -> Llama:
    """The model of a folder, computing in float32 with the weights as they are stored."""
    model = Llama(Config.from_json(json.loads((folder / "config.json").read_text())))
    state = {}
    for file in sorted(folder.glob("model*.safetensors")):
        state |= load_file(str(file))
    model.load_state_dict({name: weight.float() for name, weight in state.items()})
    return model.eval()
