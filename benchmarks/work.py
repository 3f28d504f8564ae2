"""The fixed work of the training benchmarks: random Llamas, and documents and pairs of random tokens, from seed 0.

Documents are lognormal(5.0, 0.7) tokens long, cut to 16..1024; the first 35 % of one is its prompt. Needs torch and
transformers alone, so that a peer's environment can import it too.
"""

import random
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

LONGEST = 1024
SHAPE: dict[str, Any] = dict(
    hidden_size=256, intermediate_size=704, num_hidden_layers=6, num_attention_heads=8, num_key_value_heads=4,
    max_position_embeddings=2048, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=2)
VOCABULARY = {"tiny": 2048, "tiny49": 49152}


def model_folder(name: str, folder: Path) -> Path:
    """`tiny` (5 M parameters) or `tiny49` (17 M), random, its tokenizer one word a token; else a folder's name."""
    if name not in VOCABULARY:
        return Path(name)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY[name], **SHAPE)).save_pretrained(folder)
    words = Tokenizer(models.WordLevel({f"w{number}": number for number in range(VOCABULARY[name])}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="w0", bos_token="w1", eos_token="w2",
                            pad_token="w2").save_pretrained(folder)
    return folder


def documents(count: int, vocabulary: int) -> list[tuple[list[int], int]]:
    """(token ids, how many of them are prompt) of each."""
    rng = random.Random(0)
    lengths = [min(LONGEST, max(16, int(rng.lognormvariate(5.0, 0.7)))) for _ in range(count)]
    return [(_ids(length, vocabulary, rng), max(4, int(length * 0.35))) for length in lengths]


def pairs(count: int, vocabulary: int) -> list[tuple[list[int], list[int], list[int]]]:
    """(prompt, chosen, rejected) of each; both answers are of one length."""
    rng = random.Random(1)
    return [(ids[:prompt], ids[prompt:], _ids(len(ids) - prompt, vocabulary, rng))
            for ids, prompt in documents(count, vocabulary)]


def _ids(count: int, vocabulary: int, rng: random.Random) -> list[int]:
    return [rng.randrange(10, vocabulary - 10) for _ in range(count)]
