"""A tiny random Llama, whose greedy answers are long and differ, and a tokenizer of one character an id."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from postgrad.generation.protocol import Request

VOCABULARY = 97
EOS = 2


class Letters:
    """Each id is one character, some of two bytes; `decode` is all that the engine asks of a tokenizer."""

    eos_id = EOS

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(chr(0x5B + index) for index in ids)


@dataclass
class Loaded:
    model: Any
    tokenizer: Letters


def llama(**changes: Any) -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape: dict[str, Any] = dict(
        vocab_size=VOCABULARY, hidden_size=48, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=True, initializer_range=0.3,
        bos_token_id=1, eos_token_id=EOS, pad_token_id=0)
    return LlamaForCausalLM(LlamaConfig(**{**shape, **changes})).eval()


def requests(count: int, seed: int = 0, group: int = 1, longest: int = 30) -> list[Request]:
    """Prompts of random ids, `group` requests of each, every one with its own seed."""
    rng = random.Random(seed)
    made = []
    for prompt in range(count // group):
        ids = tuple(rng.randrange(3, VOCABULARY) for _ in range(rng.randint(1, longest)))
        made += [Request(f"p{prompt}", ids, sample, rng.getrandbits(62)) for sample in range(group)]
    return made
