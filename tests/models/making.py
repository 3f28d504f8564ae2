"""Tiny random Llamas with a byte-level tokenizer, made in a second, for the tests of chat, models and training."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

SPECIAL = ["<eos>", "<pad>", "<|im_start|>", "<|im_end|>", "<bos>"]
EOS, PAD, IM_START, IM_END, BOS = range(5)
VOCABULARY = 300


def write_tokenizer(folder: Path, *, bos: bool = False, **config: Any) -> None:
    """Byte-level BPE with every byte, a few merges, and the special tokens above; with `bos` it begins every text."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    text = ["hello world, hello there <|user|>\n<|assistant|>\n 12 + 3 = 15\n\n"] * 3
    tokenizer.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False))
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", BOS)])
    tokenizer.save(str(folder / "tokenizer.json"))
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<eos>", "pad_token": "<pad>"}
    if bos:
        said["bos_token"] = "<bos>"
    (folder / "tokenizer_config.json").write_text(json.dumps({**said, **config}))


def write_spaced_tokenizer(folder: Path, kind: str, *, bos: bool = False) -> None:
    """BPE that puts a space before a text, as SentencePiece does: "normalizer" (Llama 2) and "always" do so behind
    every special token, "first" at the beginning alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE(byte_fallback=True))
    if kind == "normalizer":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([
            decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=kind)  # type: ignore[arg-type]
        tokenizer.decoder = decoders.Metaspace(prepend_scheme=kind)  # type: ignore[arg-type]
    text = ["hello world, hello there user assistant system 12 + 3 = 15 <| |>"] * 3
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer.train_from_iterator(
        text, trainers.BpeTrainer(vocab_size=400, special_tokens=tokens, show_progress=False))
    said = json.loads(tokenizer.to_str())
    # bytes are no special tokens
    said["added_tokens"] = [token for token in said["added_tokens"] if token["content"] in SPECIAL]
    (folder / "tokenizer.json").write_text(json.dumps(said))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<eos>", "pad_token": "<pad>"}
    if bos:
        config |= {"bos_token": "<bos>", "add_bos_token": True}  # type: ignore[dict-item]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def write_model(folder: Path, *, seed: int = 0, bos: bool = False, tied: bool = True, **shape: Any) -> Path:
    """A model folder: 2 layers, width 32, 4 query heads on 2 key heads, 300 tokens."""
    write_tokenizer(folder, bos=bos)
    torch.manual_seed(seed)
    config = {
        "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.2,
        "bos_token_id": BOS if bos else None, "eos_token_id": EOS, "pad_token_id": PAD}
    LlamaForCausalLM(LlamaConfig(**{**config, **shape, "tie_word_embeddings": tied})).save_pretrained(folder)
    return folder
