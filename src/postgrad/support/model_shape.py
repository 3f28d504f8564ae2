"""What a model's files say of its size, read from their heads alone: no weights, no torch, some milliseconds.

A transformers folder says it in config.json and in the heads of its *.safetensors files (8 bytes of length, then JSON:
github.com/huggingface/safetensors). A GGUF file says it in its own head (version 2 and 3: ggml's docs/gguf.md).
"""

import json
import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.support.errors import Failure

GGUF_MAGIC = b"GGUF"
GGUF_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
GGUF_STRING, GGUF_ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a decoder: parameters in all (tied ones once), layers, width of the residual stream, `inner` width of the MLP,
    width of a layer's keys (key-value heads × head width), vocabulary; `chat`: it comes with a chat template.
    """

    parameters: int
    layers: int
    width: int
    inner: int
    keys: int
    vocabulary: int
    chat: bool


def shape_of(path: Path) -> Shape | None:
    """The shape of a model folder or a .gguf file; None if it says too little. Failure if the file is damaged."""
    try:
        return _of_gguf(path) if path.is_file() else _of_folder(path)
    except (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, struct.error) as error:
        raise Failure(f"its head cannot be read ({error})", where=str(path), mend="copy the model again") from error


def _of_folder(folder: Path) -> Shape | None:
    weights = sorted(folder.glob("*.safetensors"))
    if not (folder / "config.json").is_file() or not weights:
        return None
    config = json.loads((folder / "config.json").read_text())
    parameters = sum(_safetensors_numbers(path) for path in weights)
    said = folder / "tokenizer_config.json"
    chat = (folder / "chat_template.jinja").is_file() or (
        said.is_file() and "chat_template" in json.loads(said.read_text()))
    try:
        width, heads = config["hidden_size"], config["num_attention_heads"]
        head = config.get("head_dim") or width // heads
        return Shape(parameters, config["num_hidden_layers"], width, config["intermediate_size"],
                     (config.get("num_key_value_heads") or heads) * head, config["vocab_size"], chat)
    except KeyError:
        return None


def _safetensors_numbers(path: Path) -> int:
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        if length > path.stat().st_size:
            raise ValueError("it is cut off")
        head = json.loads(file.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in head.items() if name != "__metadata__")


def _of_gguf(path: Path) -> Shape | None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        head = _GgufHead(view)
    said = head.said
    prefix = said.get("general.architecture")
    try:
        width, heads = said[f"{prefix}.embedding_length"], said[f"{prefix}.attention.head_count"]
        key_heads = said.get(f"{prefix}.attention.head_count_kv", heads)
        keys = key_heads * said.get(f"{prefix}.attention.key_length", width // heads)
        vocabulary = said.get(f"{prefix}.vocab_size") or said["tokenizer.ggml.tokens"]
        return Shape(head.parameters, said[f"{prefix}.block_count"], width, said[f"{prefix}.feed_forward_length"],
                     keys, vocabulary, "tokenizer.chat_template" in said)
    except (KeyError, TypeError):  # an architecture that says its size otherwise, or differently for each layer
        return None


class _GgufHead:
    """`said`: the metadata, of arrays only their length. `parameters`: numbers in all tensors."""

    def __init__(self, view: Any) -> None:
        self._view, self._at = view, 4
        version = self._number("I") if view[:4] == GGUF_MAGIC else 0
        if version not in (2, 3):
            raise ValueError("it is no GGUF file of version 2 or 3")
        tensors, pairs = self._number("Q"), self._number("Q")
        self.said: dict[str, Any] = {}
        for _ in range(pairs):
            name = self._text()
            self.said[name] = self._value(self._number("I"))
        self.parameters = 0
        for _ in range(tensors):
            self._text()
            dimensions = self._number("I")
            self.parameters += math.prod(self._number("Q") for _ in range(dimensions))
            self._at += 12  # its type, and where its numbers are

    def _number(self, form: str) -> Any:
        value = struct.unpack_from("<" + form, self._view, self._at)[0]
        self._at += struct.calcsize("<" + form)
        return value

    def _text(self) -> str:
        length = self._number("Q")
        self._at += length
        return str(self._view[self._at - length : self._at], "utf-8")

    def _value(self, kind: int) -> Any:
        if kind == GGUF_STRING:
            return self._text()
        if kind == GGUF_ARRAY:
            return self._skip_array()
        if kind not in GGUF_NUMBERS:
            raise ValueError(f"it holds a value of kind {kind}")
        return self._number(GGUF_NUMBERS[kind])

    def _skip_array(self) -> int:
        kind, count = self._number("I"), self._number("Q")
        if kind == GGUF_STRING:  # a vocabulary: a hundred thousand of them, each as long as it says
            view, at, length_at = self._view, self._at, struct.Struct("<Q").unpack_from
            for _ in range(count):
                at += 8 + length_at(view, at)[0]
            self._at = at
        elif kind == GGUF_ARRAY:
            for _ in range(count):
                self._skip_array()
        else:
            self._at += count * struct.calcsize("<" + GGUF_NUMBERS[kind])
        return int(count)
