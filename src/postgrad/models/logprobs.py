"""Log-probabilities of given tokens without a vocabulary-sized tensor for all of them.

log p_n = h_n·w_t / τ − log Σ_v exp(h_n·w_v / τ). Logits exist for one chunk of tokens at a time; the backward pass
makes them again: ∂L/∂logits_nv = g_n (1[v = t_n] − p_nv) / τ.

Shapes: N tokens, D width, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor

from postgrad.models.packed import PackedBatch, hidden_states

CHUNK_ELEMENTS = 1 << 21  # logits held at a time: 8 MB in float32


def _chunk(vocabulary: int, chunk: int | None) -> int:
    return chunk or max(16, CHUNK_ELEMENTS // vocabulary)


def _logits(hidden: Tensor, weight: Tensor, temperature: float) -> Tensor:
    logits = hidden @ weight.T
    logits = logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits
    return logits if temperature == 1.0 else logits.div_(temperature)


class _TokenLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, temperature: float, chunk: int, want_entropy: bool
    ) -> tuple[Tensor, Tensor]:
        dtype = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        logprobs = torch.empty(len(hidden), dtype=dtype, device=hidden.device)
        normaliser = torch.empty_like(logprobs)
        entropy = torch.zeros_like(logprobs)
        for start in range(0, len(hidden), chunk):
            part = slice(start, start + chunk)
            logits = _logits(hidden[part], weight, temperature)
            normaliser[part] = logits.logsumexp(1)
            logprobs[part] = logits.gather(1, targets[part, None])[:, 0] - normaliser[part]
            if want_entropy:
                p = (logits - normaliser[part, None]).exp_()
                entropy[part] = normaliser[part] - p.mul_(logits).sum(1)
        ctx.save_for_backward(hidden, weight, targets, normaliser)
        ctx.temperature, ctx.chunk = temperature, chunk
        ctx.mark_non_differentiable(entropy)
        return logprobs, entropy

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None, None]:
        hidden, weight, targets, normaliser = ctx.saved_tensors
        gradient = gradients[0] / ctx.temperature
        to_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        to_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        for start in range(0, len(hidden), ctx.chunk):
            part = slice(start, start + ctx.chunk)
            g = gradient[part, None]
            p = _logits(hidden[part], weight, ctx.temperature).sub_(normaliser[part, None]).exp_()
            to_logits = p.mul_(-g).scatter_add_(1, targets[part, None], g).to(hidden.dtype)
            if to_hidden is not None:
                torch.mm(to_logits, weight, out=to_hidden[part])
            if to_weight is not None:
                to_weight.addmm_(to_logits.T, hidden[part])
        return to_hidden, to_weight, None, None, None, None


def token_logprobs(
    hidden: Tensor, weight: Tensor, targets: Tensor, *, temperature: float = 1.0, chunk: int | None = None
) -> Tensor:
    """Log-probabilities [N] (natural, float32 or float64) of `targets` [N] after `hidden` [N, D] under the output
    weights [V, D].
    """
    return _TokenLogprobs.apply(hidden, weight, targets, temperature, _chunk(len(weight), chunk), False)[0]


def token_logprobs_and_entropy(
    hidden: Tensor, weight: Tensor, targets: Tensor, *, temperature: float = 1.0, chunk: int | None = None
) -> tuple[Tensor, Tensor]:
    """As `token_logprobs`, with the entropy [N] in nats of each distribution; no gradient flows through the entropy."""
    return _TokenLogprobs.apply(hidden, weight, targets, temperature, _chunk(len(weight), chunk), True)


def batch_logprobs(model: Any, batch: PackedBatch, *, temperature: float = 1.0) -> Tensor:
    """Log-probabilities [N] of a packed batch's trained tokens under a causal language model loaded with attention
    "packed".
    """
    hidden = hidden_states(model, batch).index_select(0, batch.source)
    return token_logprobs(hidden, model.get_output_embeddings().weight, batch.target, temperature=temperature)


def batch_logprobs_and_entropy(model: Any, batch: PackedBatch, *, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """`batch_logprobs` with each distribution's entropy [N]."""
    hidden = hidden_states(model, batch).index_select(0, batch.source)
    weight = model.get_output_embeddings().weight
    return token_logprobs_and_entropy(hidden, weight, batch.target, temperature=temperature)
