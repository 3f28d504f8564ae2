"""From logits to one token a row: temperature, top-k, top-p, and draws that depend on a request's seed and position
alone.
"""

import numpy as np
import torch

from postgrad.generation.protocol import Sampling

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
TO_UNIT = 2.0**-53


def _mix(x: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits in which every bit moves every
    other.
    """
    for shift, factor in MIX:
        x = (x ^ (x >> shift)) * factor
    return x ^ (x >> np.uint64(31))


def uniforms(seeds_B: np.ndarray, positions_B: np.ndarray) -> np.ndarray:
    """float64 in [0, 1), one for each (seed, position), by counter: no state, so no row knows of another."""
    with np.errstate(over="ignore"):
        start = _mix(seeds_B.astype(np.uint64) + GOLDEN)
        mixed = _mix(start + GOLDEN * (positions_B.astype(np.uint64) + np.uint64(1)))
    return (mixed >> np.uint64(11)).astype(np.float64) * TO_UNIT


def tempered(logits_BV: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Log-probabilities (float32, B×V) of the distribution that is sampled from; -inf for what top-k or top-p cut off.

    Order as in transformers: temperature, top-k, top-p. Ties with the last of the top k stay in. Top-p keeps the
    smallest set of most likely tokens whose mass reaches p, always one at least (Holtzman et al. 2020).
    """
    scores = logits_BV.float() / sampling.temperature
    if 0 < sampling.top_k < scores.shape[-1]:
        least = torch.topk(scores, sampling.top_k, dim=-1).values[:, -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    if sampling.top_p < 1:
        ordered, index = torch.sort(scores, dim=-1, descending=True, stable=True)
        mass = torch.softmax(ordered, dim=-1, dtype=torch.float64)
        beyond = mass.cumsum(-1) - mass >= sampling.top_p
        beyond[:, 0] = False
        scores = scores.masked_fill(torch.empty_like(beyond).scatter_(-1, index, beyond), -torch.inf)
    return torch.log_softmax(scores, dim=-1)


def choose(
    logits_BV: torch.Tensor, sampling: Sampling, seeds_B: np.ndarray, positions_B: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One token a row (int64), its log-probability when sampled, and under the untempered policy (both float32).

    Draws invert the cumulative distribution in float64. Greedy takes the first of the largest logits; what it samples
    from has all its mass there, so its log-probability is 0.
    """
    policy_BV = torch.log_softmax(logits_BV.float(), dim=-1)
    if sampling.temperature == 0:
        tokens_B1 = logits_BV.argmax(-1, keepdim=True)
        policy_B = policy_BV.gather(-1, tokens_B1).squeeze(-1)
        return tokens_B1.squeeze(-1), torch.zeros_like(policy_B), policy_B
    plain = sampling.temperature == 1 and sampling.top_k == 0 and sampling.top_p == 1
    sampled_BV = policy_BV if plain else tempered(logits_BV, sampling)
    heap_BV = sampled_BV.exp().double().cumsum(-1)
    total_B1 = heap_BV[:, -1:].contiguous()
    aim_B1 = torch.from_numpy(uniforms(seeds_B, positions_B)).to(total_B1.device)[:, None] * total_B1
    tokens_B1 = torch.searchsorted(heap_BV, aim_B1, right=True)
    # A product that rounds up to the total itself would fall past the last token that has any mass.
    tokens_B1 = torch.minimum(tokens_B1, torch.searchsorted(heap_BV, total_B1))
    logprobs_B1, policy_B1 = sampled_BV.gather(-1, tokens_B1), policy_BV.gather(-1, tokens_B1)
    return tokens_B1.squeeze(-1), logprobs_B1.squeeze(-1), policy_B1.squeeze(-1)
