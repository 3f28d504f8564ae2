"""Keys and values of running completions, in memory laid out once, and the attention that reads them.

Every row of the cache is one running completion; all rows write the same column at each step:

    column     0                       column   width
    row 0      [ prompt ......... answer ] . . . .
    row 1           [ prompt .. answer ... ] . . .
    row 2      - - - - - [ prompt . answer ] . . .        - . hidden: before the row's start, or not yet written

so a step's write is one slice and nothing is ever concatenated. A new prompt enters with its last token just before the
current column. When the columns run out, or rows are let go, what is still wanted is laid out anew at the start of the
same memory, a few columns wider than it is. So the cache is always close packed, and a step reads all of it: reading
part of each row costs more than it saves, because batched matrix products are fast on whole buffers alone. Keys carry
their rotary position already, so moving them changes nothing.

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
BLOCK = 16
"""Free columns at least: the cache is laid out anew once in so many steps."""
UNSUPPORTED = ("softcap", "s_aux")


@dataclass(frozen=True)
class Prefill:
    """Prompts on their way in: for each new row its slot and its prompt; `hidden_PTT` marks what a query may not
    see.
    """

    slots_N: torch.Tensor
    prompts_N: torch.Tensor
    hidden_PTT: torch.Tensor


class SlotCache:
    """The keys and values of one run, for at most `rows` rows of `longest` columns.

    A layer's memory is made when the layer is first run: 2 × rows × `widest(longest)` × key-value heads × head width
    numbers. No more is ever taken, but for a copy of one layer's keys or values while they are laid out anew.
    """

    def __init__(self, rows: int, longest: int, column: int) -> None:
        self.rows, self.column = rows, column
        self.width, self.numbers = widest(column), rows * widest(longest)
        self.layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.shapes: dict[int, tuple[int, int]] = {}
        self.prefill: Prefill | None = None
        self.hidden_BW: torch.Tensor | None = None  # which columns the current step's rows may not see

    def _view(self, flat: torch.Tensor, layer: int) -> torch.Tensor:
        """A layer's keys or values: rows × key-value heads × columns × head width."""
        heads, size = self.shapes[layer]
        return flat[: self.rows * heads * self.width * size].view(self.rows, heads, self.width, size)

    def layer(self, index: int, like_BKTD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of layer `index`, made in the shape and dtype of the keys that it is to hold."""
        if index not in self.layers:
            self.shapes[index] = (like_BKTD.shape[1], like_BKTD.shape[3])
            count = self.numbers * like_BKTD.shape[1] * like_BKTD.shape[3]
            self.layers[index] = (like_BKTD.new_zeros(count), like_BKTD.new_zeros(count))
        keys, values = self.layers[index]
        return self._view(keys, index), self._view(values, index)

    def lay_out(self, lo: int, keep: list[int] | None = None, at_least: int = 0) -> int:
        """Lay out anew what stands from column `lo` on, of the rows to `keep` (None: all), at least `at_least` columns.

        Gives how far columns moved (negative: to the left).
        """
        length, before = self.column - lo, self.column
        column, rows = max(length, at_least), slice(None) if keep is None else keep
        old = (self.rows, self.width)
        new = (self.rows if keep is None else len(keep), widest(column))
        for index, pair in self.layers.items():
            for flat in pair:
                self.rows, self.width = old
                part = self._view(flat, index)[rows, :, lo:before].clone()
                self.rows, self.width = new
                self._view(flat, index)[:, :, column - length : column] = part
        self.rows, self.width, self.column = *new, column
        return column - before

    def look(self, starts_B: torch.Tensor) -> None:
        """Before a step: each row sees from its own start to the current column."""
        columns_W = torch.arange(self.width, device=starts_B.device)
        self.hidden_BW = (columns_W < starts_B[:, None]) | (columns_W > self.column)


def widest(columns: int) -> int:
    """Columns of the cache when so many are in use: some free ones, more where laying out anew costs more."""
    return columns + max(BLOCK, columns // 8)


def _grouped(query_BHTD: torch.Tensor, heads: int) -> torch.Tensor:
    """B×H×T×D → B×K×(H/K·T)×D: the query heads of one key-value head side by side."""
    batch, _, _, width = query_BHTD.shape
    return query_BHTD.reshape(batch, heads, -1, width)


def _step(cache: SlotCache, index: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float,
          sliding: int | None) -> torch.Tensor:
    """One new token a row: write its key and value, read the whole cache. Returns B×1×H×D."""
    keys_BKWD, values_BKWD = cache.layer(index, key)
    keys_BKWD[:, :, cache.column] = key[:, :, 0]
    values_BKWD[:, :, cache.column] = value[:, :, 0]
    scores_BKGW = torch.matmul(_grouped(query * scale, key.shape[1]), keys_BKWD.transpose(2, 3))
    assert cache.hidden_BW is not None, "look() comes before a step"
    scores_BKGW.masked_fill_(cache.hidden_BW[:, None, None], -torch.inf)
    if sliding is not None:
        scores_BKGW[..., : max(0, cache.column - sliding + 1)] = -torch.inf
    weights_BKGW = torch.softmax(scores_BKGW, dim=-1, dtype=torch.float32).to(value.dtype)
    read_BKGD = torch.matmul(weights_BKGW, values_BKWD)
    return read_BKGD.reshape(query.shape[0], 1, -1, value.shape[3])


def _enter(cache: SlotCache, index: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float,
           sliding: int | None, prefill: Prefill) -> torch.Tensor:
    """Whole prompts, padded on the left: ordinary causal attention, and a copy into each row that shares the prompt."""
    (keys_BKWD, values_BKWD), length = cache.layer(index, key), key.shape[2]
    into = slice(cache.column - length, cache.column)
    keys_BKWD[prefill.slots_N, :, into] = key[prefill.prompts_N]
    values_BKWD[prefill.slots_N, :, into] = value[prefill.prompts_N]
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
