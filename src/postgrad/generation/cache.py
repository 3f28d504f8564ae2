"""Keys and values of running completions, in buffers laid out once, and the attention that reads them.

Every row of the buffer is one running completion; all rows write the same column at each step:

    column     lo                      column
    row 0      [ prompt ......... answer ] . free . free
    row 1           [ prompt .. answer ... ] . free . free
    row 2      - - - - - [ prompt . answer ] . free . free      - hidden: before the row's start

so a step's write is one slice, nothing is ever concatenated, and reading is one window [lo, column]. A new prompt
enters with its last token just before the current column. When the columns run out the window moves back to the left.
Keys carry their rotary position already, so moving them changes nothing.

A model's own forward runs through `transformers.AttentionInterface`: any architecture that takes its attention from
there and passes keyword arguments on (Llama, OLMo 2, Qwen, SmolLM, Mistral, …) works unchanged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface

from postgrad.support.errors import Failure

ATTENTION = "postgrad_cached"
UNSUPPORTED = ("softcap", "s_aux")


@dataclass
class Layer:
    """One layer's keys and values: rows × key-value heads × columns × head width."""

    keys: torch.Tensor
    values: torch.Tensor


@dataclass(frozen=True)
class Prefill:
    """Prompts on their way in: for each new row its slot and its prompt; `hidden_PTT` marks what a query may not
    see.
    """

    slots_N: torch.Tensor
    prompts_N: torch.Tensor
    hidden_PTT: torch.Tensor


class SlotCache:
    """Buffers of `rows` × `width` columns for each layer, made when the layer is first run, and the state of one
    run.
    """

    def __init__(self, rows: int, width: int, column: int) -> None:
        self.rows, self.width, self.column = rows, width, column
        self.lo = column
        self.layers: dict[int, Layer] = {}
        self.prefill: Prefill | None = None
        self.hidden_BL: torch.Tensor | None = None  # for the current step; None if every row sees the whole window

    def layer(self, index: int, like_BKTD: torch.Tensor) -> Layer:
        """Layer `index`, made in the shape and dtype of the keys that it is to hold."""
        if index not in self.layers:
            shape = (self.rows, like_BKTD.shape[1], self.width, like_BKTD.shape[3])
            self.layers[index] = Layer(like_BKTD.new_zeros(shape), like_BKTD.new_zeros(shape))
        return self.layers[index]

    def move(self, column: int) -> None:
        """Move the window so that it ends at `column`."""
        shift = column - self.column
        for layer in self.layers.values():
            for buffer in (layer.keys, layer.values):
                buffer[:, :, self.lo + shift : column] = buffer[:, :, self.lo : self.column].clone()
        self.lo, self.column = self.lo + shift, column

    def keep(self, rows: list[int]) -> None:
        """Keep only these rows, in this order."""
        for layer in self.layers.values():
            window = slice(self.lo, self.column)
            for buffer in (layer.keys, layer.values):
                buffer[: len(rows), :, window] = buffer[rows, :, window]
        self.rows = len(rows)

    def look(self, starts_B: torch.Tensor, lo: int) -> None:
        """Before a step: the window begins at `lo`, and each row sees from its own start on."""
        self.lo = lo
        columns_L = torch.arange(lo, self.column + 1, device=starts_B.device)
        hidden_BL = columns_L < starts_B[:, None]
        self.hidden_BL = hidden_BL if bool(hidden_BL.any()) else None


def _grouped(query_BHTD: torch.Tensor, heads: int) -> torch.Tensor:
    """B×H×T×D → B×K×(H/K·T)×D: the query heads of one key-value head side by side."""
    batch, _, _, width = query_BHTD.shape
    return query_BHTD.reshape(batch, heads, -1, width)


def _step(cache: SlotCache, index: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float,
          sliding: int | None) -> torch.Tensor:
    """One new token a row: write its key and value, read the window. Returns B×1×H×D."""
    layer, rows = cache.layer(index, key), query.shape[0]
    layer.keys[:rows, :, cache.column] = key[:, :, 0]
    layer.values[:rows, :, cache.column] = value[:, :, 0]
    lo = cache.lo if sliding is None else max(cache.lo, cache.column - sliding + 1)
    keys_BKLD = layer.keys[:rows, :, lo : cache.column + 1]
    scores_BKGL = torch.matmul(_grouped(query * scale, key.shape[1]), keys_BKLD.transpose(2, 3))
    if cache.hidden_BL is not None:
        scores_BKGL.masked_fill_(cache.hidden_BL[:, None, None, lo - cache.lo :], -torch.inf)
    weights_BKGL = torch.softmax(scores_BKGL, dim=-1, dtype=torch.float32).to(value.dtype)
    read_BKGD = torch.matmul(weights_BKGL, layer.values[:rows, :, lo : cache.column + 1])
    return read_BKGD.reshape(rows, 1, -1, value.shape[3])


def _enter(cache: SlotCache, index: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float,
           sliding: int | None, prefill: Prefill) -> torch.Tensor:
    """Whole prompts, padded on the left: ordinary causal attention, and a copy into each row that shares the prompt."""
    layer, length = cache.layer(index, key), key.shape[2]
    into = slice(cache.column - length, cache.column)
    layer.keys[prefill.slots_N, :, into] = key[prefill.prompts_N]
    layer.values[prefill.slots_N, :, into] = value[prefill.prompts_N]
    seen_PTT = ~prefill.hidden_PTT
    if sliding is not None:
        places = torch.arange(length, device=key.device)
        seen_PTT = seen_PTT & (places[:, None] - places < sliding)
    read_PHTD = nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=seen_PTT[:, None], scale=scale, enable_gqa=True)
    return read_PHTD.transpose(1, 2)


def cached_attention(
    module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None,
    scaling: float | None = None, *, postgrad_cache: SlotCache, sliding_window: int | None = None, **others: Any,
) -> tuple[torch.Tensor, None]:
    """The attention function that transformers calls: B×H×T×D queries, B×K×T×D keys and values; returns B×T×H×D."""
    for name in UNSUPPORTED:
        if others.get(name) is not None:
            raise Failure(f"the native engine knows no attention with {name}", where=type(module).__name__)
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    index = int(module.layer_idx)  # type: ignore[arg-type]
    if postgrad_cache.prefill is None:
        return _step(postgrad_cache, index, query, key, value, scale, sliding_window), None
    return _enter(postgrad_cache, index, query, key, value, scale, sliding_window, postgrad_cache.prefill), None


AttentionInterface.register(ATTENTION, cached_attention)


@contextmanager
def attending(model: Any) -> Iterator[None]:
    """The model in inference form: this attention, no gradients, no dropout; all as it was afterwards."""
    before, training = model.config._attn_implementation, model.training
    model.set_attn_implementation(ATTENTION)
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.set_attn_implementation(before)
        model.train(training)
