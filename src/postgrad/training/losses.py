"""Losses as pure functions of log-probabilities. Each gives terms that are summed and divided by a count of the whole
optimiser step, so that micro-batches and packing cannot change them.

Shapes: N trained tokens, S sequences, B pairs. Log-probabilities are natural.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def sft_weights(
    owner_N: Tensor, lengths_S: Tensor, tokens: int, sequences: int, loss: Literal["sum", "mean"]
) -> Tensor:
    """Weight of each trained token [N] in the step's loss −Σ w log p.

    "sum": 1/tokens, every token of the step the same (Tülu 3, section 4.3.2). "mean": 1/(sequences · tokens of its
    sequence), every sequence the same. `tokens` and `sequences` count the whole optimiser step.
    """
    if loss == "sum":
        return torch.full(owner_N.shape, 1.0 / tokens)
    return 1.0 / (sequences * lengths_S[owner_N].to(torch.float32))


def sft(logprobs_N: Tensor, weight_N: Tensor) -> Tensor:
    """Negative log-likelihood −Σ_n w_n log p_n (a scalar)."""
    return -(logprobs_N * weight_N).sum()


def sequence_sums(logprobs_N: Tensor, owner_N: Tensor, sequences: int) -> Tensor:
    """Log-probability of each sequence [S]: the sum over its trained tokens; 0 for one that has none."""
    return torch.zeros(sequences, dtype=logprobs_N.dtype, device=logprobs_N.device).index_add(0, owner_N, logprobs_N)


class PairTerms(NamedTuple):
    """Of each pair [B]: the loss, and the implicit rewards β(log π − log π_ref) of chosen and rejected."""

    loss: Tensor
    chosen_reward: Tensor
    rejected_reward: Tensor


def dpo(
    chosen_B: Tensor, rejected_B: Tensor, reference_chosen_B: Tensor, reference_rejected_B: Tensor, beta: float
) -> PairTerms:
    """Direct preference optimisation (Rafailov et al. 2023, equation 7), of log-probabilities of whole answers:

    −log σ(β [(log π(y_c) − log π_ref(y_c)) − (log π(y_r) − log π_ref(y_r))])
    """
    chosen = beta * (chosen_B - reference_chosen_B)
    rejected = beta * (rejected_B - reference_rejected_B)
    return PairTerms(-logsigmoid(chosen - rejected), chosen.detach(), rejected.detach())


def dpo_norm(
    chosen_B: Tensor, rejected_B: Tensor, reference_chosen_B: Tensor, reference_rejected_B: Tensor, beta: float,
    chosen_tokens_B: Tensor, rejected_tokens_B: Tensor,
) -> PairTerms:
    """Length-normalised DPO (Tülu 3, equation 6): every log-probability divided by its answer's number of tokens.

    −log σ(β/|y_c| [log π(y_c) − log π_ref(y_c)] − β/|y_r| [log π(y_r) − log π_ref(y_r)])
    """
    return dpo(chosen_B / chosen_tokens_B, rejected_B / rejected_tokens_B,
               reference_chosen_B / chosen_tokens_B, reference_rejected_B / rejected_tokens_B, beta)


def k3(logprobs_N: Tensor, reference_N: Tensor) -> Tensor:
    """Estimate of KL(π‖π_ref) at each sampled token [N]: r − log r − 1 with r = π_ref/π. Unbiased, never negative.

    Schulman, "Approximating KL Divergence" (2020); equation 4 of the GRPO paper.
    """
    log_ratio = reference_N - logprobs_N
    return torch.expm1(log_ratio) - log_ratio


class GrpoTerms(NamedTuple):
    """Of each token [N]: the loss (to be averaged over the step's tokens), the KL estimate, and whether it was
    clipped.
    """

    loss: Tensor
    kl: Tensor
    clipped: Tensor


def grpo(
    logprobs_N: Tensor, sampled_N: Tensor, advantage_N: Tensor, reference_N: Tensor | None, *,
    clip: float, clip_high: float, kl: float,
) -> GrpoTerms:
    """Group-relative policy optimisation (Shao et al. 2024, "DeepSeekMath", equation 3), of one token each:

    −min(ρA, clip(ρ, 1 − clip, 1 + clip_high) A) + kl · k3,  ρ = π/π_sampled

    Two bounds as in DAPO (Yu et al. 2025). Terms are to be averaged over all tokens of the optimiser step, as DAPO and
    open-instruct do, where the GRPO paper averages within each answer first. Without a reference the KL is zero.
    """
    ratio = (logprobs_N - sampled_N).exp()
    free, bound = ratio * advantage_N, ratio.clamp(1.0 - clip, 1.0 + clip_high) * advantage_N
    divergence = torch.zeros_like(logprobs_N) if reference_N is None else k3(logprobs_N, reference_N)
    return GrpoTerms(-torch.minimum(free, bound) + kl * divergence, divergence.detach(), bound.detach() < free.detach())


def advantages(rewards: Tensor, kind: Literal["standardised", "centred"]) -> Tensor:
    """Advantage of each completion of one group [G]: its reward less the group's mean.

    "standardised" also divides by the group's standard deviation (population), as the GRPO paper does; "centred" does
    not, since that weighs easy and hard prompts unequally (Liu et al. 2025, "Dr. GRPO").
    """
    centred = rewards - rewards.mean()
    return centred if kind == "centred" else centred / (rewards.std(correction=0) + 1e-6)
