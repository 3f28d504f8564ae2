"""Many documents in one row of tokens, and attention that keeps them apart.

A packed batch is T tokens: segments one after another. A segment may have a parent, an earlier segment that it
continues: it sees the parent's tokens as its prefix and its positions go on from the parent's end, so a prompt that
several answers share is computed once. A parent has no parent itself.

Shapes: T tokens, N trained tokens, S segments, n segments of a bucket, L padded length, H heads, E head width.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from postgrad.support.errors import Mistake

NAME = "postgrad_packed"
BUCKET_SHARE = 0.75  # segments at least this share of the longest, or
BUCKET_SLACK = 12  # at most so many tokens shorter, are padded to it and computed together


@dataclass(frozen=True, slots=True)
class Segment:
    """A document, a prompt, or an answer to the prompt in segment number `parent`. `trained`: whose log-probability is
    wanted.
    """

    ids: Sequence[int]
    trained: Sequence[bool]
    parent: int = -1


@dataclass(frozen=True)
class Bucket:
    """Segments of about one length, padded to the longest. Places are rows of the padded copy of the whole batch."""

    first: int  # place where the bucket begins
    count: int  # n
    length: int  # L
    prefix_index: Tensor | None = None  # tokens of the parents, [parents * longest parent]
    prefix_inverse: Tensor | None = None  # [T], place in the above or -1
    prefix_length: int = 0
    parent_row: Tensor | None = None  # [n], which of the parents
    bias: Tensor | None = None  # [n, 1, L, prefix_length + L], 0 or -inf, float32


@dataclass(frozen=True)
class AttentionPlan:
    """Which tokens meet in attention, made once a batch and used by every layer."""

    buckets: tuple[Bucket, ...]
    index: Tensor  # [places] token of each place; padding repeats its segment's first token and is never read
    inverse: Tensor  # [T] place of each token
    padding: Tensor  # places that are padding
    longest: int  # tokens that the longest segment sees, its parent's included


@dataclass(frozen=True)
class PackedBatch:
    """T tokens of S segments, and the N tokens among them that are trained on.

    `source`: the token after which each trained token is predicted (for a child's first token that is its parent's
    last); `target`: its id; `owner`: its segment. A trained token with nothing before it is left out.
    """

    ids: Tensor  # [T] int64
    positions: Tensor  # [T] int64
    lengths: tuple[int, ...]
    parents: tuple[int, ...]
    source: Tensor  # [N] int64
    target: Tensor  # [N] int64
    owner: Tensor  # [N] int64
    plan: AttentionPlan = field(repr=False)

    @property
    def tokens(self) -> int:
        return len(self.ids)


def pack(segments: Sequence[Segment]) -> PackedBatch:
    """Put segments one after another, in the order given. ValueError for an empty segment or a parent that cannot be
    one.
    """
    ids: list[int] = []
    positions: list[int] = []
    source: list[int] = []
    target: list[int] = []
    owner: list[int] = []
    starts: list[int] = []
    for number, segment in enumerate(segments):
        length, parent = len(segment.ids), segment.parent
        if not length or len(segment.trained) != length:
            raise ValueError(f"segment {number}: {length} ids, {len(segment.trained)} marks")
        if parent != -1 and not (0 <= parent < number and segments[parent].parent == -1):
            raise ValueError(f"segment {number}: {parent} cannot be its parent")
        start = len(ids)
        offset = 0 if parent == -1 else len(segments[parent].ids)
        starts.append(start)
        ids += segment.ids
        positions += range(offset, offset + length)
        before = -1 if parent == -1 else starts[parent] + offset - 1
        for place, trained in enumerate(segment.trained):
            previous = before if place == 0 else start + place - 1
            if trained and previous >= 0:
                source.append(previous)
                target.append(segment.ids[place])
                owner.append(number)
    lengths, parents = tuple(len(s.ids) for s in segments), tuple(s.parent for s in segments)
    plan = _plan(starts, lengths, parents, len(ids))
    return PackedBatch(
        _numbers(ids), _numbers(positions), lengths, parents, _numbers(source), _numbers(target), _numbers(owner), plan)


def _numbers(values: list[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)


def _groups(members: list[int], lengths: Sequence[int]) -> list[list[int]]:
    """Members from the longest to the shortest, cut where padding to the longest would waste much."""
    groups: list[list[int]] = []
    for member in sorted(members, key=lambda m: (-lengths[m], m)):
        longest = lengths[groups[-1][0]] if groups else 0
        if groups and lengths[member] >= min(BUCKET_SHARE * longest, longest - BUCKET_SLACK):
            groups[-1].append(member)
        else:
            groups.append([member])
    return groups


def _padded(starts: list[int], lengths: list[int]) -> Tensor:
    """Token numbers [rows, longest]; beyond a row's length its first token again."""
    place = torch.arange(max(lengths))
    inside = place < torch.tensor(lengths)[:, None]
    return torch.tensor(starts)[:, None] + torch.where(inside, place, 0)


def _plan(starts: list[int], lengths: Sequence[int], parents: Sequence[int], tokens: int) -> AttentionPlan:
    roots = [s for s, parent in enumerate(parents) if parent == -1]
    children = [s for s, parent in enumerate(parents) if parent != -1]
    buckets: list[Bucket] = []
    index: list[Tensor] = []
    inverse = torch.full((tokens,), -1)
    padding: list[Tensor] = []
    first = 0
    for group in _groups(roots, lengths) + _groups(children, lengths):
        own = [lengths[s] for s in group]
        rows = _padded([starts[s] for s in group], own)
        count, length = rows.shape
        places = torch.arange(first, first + count * length).view(count, length)
        inside = torch.arange(length) < torch.tensor(own)[:, None]
        inverse[rows[inside]] = places[inside]
        index.append(rows.flatten())
        padding.append(places[~inside])
        prefix = {} if parents[group[0]] == -1 else _prefix(group, starts, lengths, parents, length, tokens)
        buckets.append(Bucket(first, count, length, **prefix))
        first += count * length
    longest = max(
        length + (0 if parent == -1 else lengths[parent]) for length, parent in zip(lengths, parents, strict=True)
    )
    return AttentionPlan(tuple(buckets), torch.cat(index), inverse, torch.cat(padding), longest)


def _prefix(
    group: list[int], starts: list[int], lengths: Sequence[int], parents: Sequence[int], length: int, tokens: int
) -> dict[str, Any]:
    """A child bucket's fields: its parents' tokens, which parent each child has, and who sees what."""
    known = sorted({parents[s] for s in group})
    rows = _padded([starts[p] for p in known], [lengths[p] for p in known])
    widths = torch.tensor([lengths[p] for p in known])
    inside = torch.arange(rows.shape[1]) < widths[:, None]
    inverse = torch.full((tokens,), -1)
    inverse[rows[inside]] = torch.arange(rows.numel()).view(rows.shape)[inside]
    parent_row = torch.tensor([known.index(parents[s]) for s in group])
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    sees_prefix = inside[parent_row][:, None, None, :].expand(-1, 1, length, -1)
    sees = torch.cat([sees_prefix, causal.expand(len(group), 1, -1, -1)], dim=3)
    bias = torch.zeros(sees.shape).masked_fill_(~sees, float("-inf"))
    return {"prefix_index": rows.flatten(), "prefix_inverse": inverse, "prefix_length": rows.shape[1],
            "parent_row": parent_row, "bias": bias}


class _Spread(torch.autograd.Function):
    """Rows of x [T, C] at `index`, where each token counts once; the gradient comes back by `inverse` (-1: none), not
    by adding.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, inverse: Tensor) -> Tensor:
        ctx.save_for_backward(inverse)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (inverse,) = ctx.saved_tensors
        absent = inverse < 0
        gradient = gradients[0].index_select(0, inverse.clamp(min=0))
        return gradient.masked_fill_(absent[:, None], 0.0), None, None


class _Collect(torch.autograd.Function):
    """Rows of x [places, C] at `inverse`, one a token; padding gets a gradient of exactly zero."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, inverse: Tensor, padding: Tensor) -> Tensor:
        ctx.save_for_backward(index, padding)
        return x.index_select(0, inverse)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        index, padding = ctx.saved_tensors
        return gradients[0].index_select(0, index).index_fill_(0, padding, 0.0), None, None, None


def _heads(rows: Tensor, count: int, length: int, heads: int, repeat: int) -> Tensor:
    """[n * L, heads * E] → [n, heads * repeat, L, E]."""
    x = rows.view(count, length, heads, -1)
    if repeat > 1:  # grouped queries: one key head serves `repeat` query heads that stand side by side
        x = x[:, :, :, None, :].expand(-1, -1, -1, repeat, -1).reshape(count, length, heads * repeat, -1)
    return x.transpose(1, 2)


def segment_attention(
    query: Tensor, key: Tensor, value: Tensor, plan: AttentionPlan, scaling: float | None = None, dropout: float = 0.0
) -> Tensor:
    """Attention within segments. query [1, H, T, E], key and value [1, H / repeat, T, E] → [1, T, H, E]."""
    heads, tokens, width = query.shape[1:]
    key_heads = key.shape[1]
    repeat = heads // key_heads
    rows_q, rows_k, rows_v = (x[0].transpose(0, 1).reshape(tokens, -1) for x in (query, key, value))
    spread_q, spread_k, spread_v = (_Spread.apply(x, plan.index, plan.inverse) for x in (rows_q, rows_k, rows_v))
    outputs: list[Tensor] = []
    for bucket in plan.buckets:
        count, length = bucket.count, bucket.length
        places = slice(bucket.first, bucket.first + count * length)
        q = _heads(spread_q[places], count, length, heads, 1)
        k = _heads(spread_k[places], count, length, key_heads, repeat)
        v = _heads(spread_v[places], count, length, key_heads, repeat)
        bias = None
        if bucket.parent_row is not None and bucket.bias is not None:
            bias = bucket.bias.to(q.dtype)
            prefix = bucket.prefix_length
            k, v = (
                torch.cat([_heads(
                    _Spread.apply(x, bucket.prefix_index, bucket.prefix_inverse)
                    .view(-1, prefix * key_heads * width).index_select(0, bucket.parent_row),
                    count, prefix, key_heads, repeat), own], dim=2)
                for x, own in ((rows_k, k), (rows_v, v)))
        out = scaled_dot_product_attention(
            q, k, v, attn_mask=bias, is_causal=bias is None, scale=scaling, dropout_p=dropout)
        outputs.append(out.transpose(1, 2).reshape(count * length, heads * width))
    together = outputs[0] if len(outputs) == 1 else torch.cat(outputs)
    return _Collect.apply(together, plan.index, plan.inverse, plan.padding).view(1, tokens, heads, width)


def packed_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *,
    scaling: float | None = None, dropout: float = 0.0, plan: AttentionPlan | None = None, **options: Any
) -> tuple[Tensor, None]:
    """What transformers calls in each layer. Without a plan (ordinary batches, generation) it is transformers' own
    SDPA.

    Mistake for an architecture whose attention is more than causal softmax: soft caps, sinks, or a window shorter than
    a segment.
    """
    if plan is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **options)
    window = options.get("sliding_window")
    if options.get("softcap") or options.get("s_aux") is not None or (window and plan.longest > window):
        raise Mistake(
            "this architecture's attention (soft cap, sink or short window) cannot be packed",
            where="base_model",
            mend="use a Llama, Qwen2, Qwen3, Mistral or SmolLM model, with max_length within its window",
        )
    return segment_attention(query, key, value, plan, scaling, dropout), None


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)


def hidden_states(model: Any, batch: PackedBatch) -> Tensor:
    """Last hidden states [T, D] of a packed batch; `model` is a causal language model loaded with attention
    "packed".
    """
    ready_made = torch.zeros(1, 1, 1, 1)  # four dimensions: transformers hands it through and builds no T × T mask
    out = model.base_model(
        input_ids=batch.ids[None],
        position_ids=batch.positions[None],
        attention_mask=ready_made,
        use_cache=False,
        plan=batch.plan,
    )
    return out.last_hidden_state[0]
