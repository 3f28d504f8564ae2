"""Draws against the distributions that they should follow, in plain numpy and by transformers' own warpers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from postgrad.generation.protocol import Sampling
from postgrad.generation.sampling import choose, tempered, uniforms
from postgrad.support.errors import Mistake

SAMPLINGS = [
    Sampling(), Sampling(temperature=0.6), Sampling(temperature=1.7), Sampling(top_k=5), Sampling(top_p=0.8),
    Sampling(temperature=0.8, top_k=9, top_p=0.9)]


def splitmix64(state: int) -> tuple[int, int]:
    """The published generator (Steele, Lea, Flood 2014), in plain integers: next state and output."""
    mask = (1 << 64) - 1
    state = (state + 0x9E3779B97F4A7C15) & mask
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return state, z ^ (z >> 31)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 5000))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_uniforms_are_splitmix64_started_from_the_mixed_seed(seed: int, position: int) -> None:
    start = splitmix64(seed % 2**64)[1]
    state = (start + position * 0x9E3779B97F4A7C15) % 2**64
    expected = (splitmix64(state)[1] >> 11) / 2**53
    assert uniforms(np.array([seed]), np.array([position]))[0] == expected


def test_uniforms_are_uniform_over_seeds_and_over_positions() -> None:
    many = np.arange(20_000)
    for draws in (uniforms(many, np.zeros_like(many)), uniforms(np.full_like(many, 7), many)):
        assert stats.kstest(draws, "uniform").pvalue > 0.01
        assert draws.min() >= 0 and draws.max() < 1


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=lambda s: f"T{s.temperature} k{s.top_k} p{s.top_p}")
def test_frequencies_follow_the_distribution(sampling: Sampling) -> None:
    logits = torch.randn(24, generator=torch.Generator().manual_seed(3)) * 2
    p = np.exp(logits.double().numpy() / sampling.temperature)
    p /= p.sum()
    if sampling.top_k:
        p[p < np.sort(p)[-sampling.top_k]] = 0
        p /= p.sum()
    if sampling.top_p < 1:
        order = np.argsort(-p)
        before = np.cumsum(p[order]) - p[order]
        p[order[before >= sampling.top_p]] = 0
        p /= p.sum()
    count = 40_000
    tokens, logprobs, policy = choose(logits.expand(count, -1), sampling, np.arange(count), np.full(count, 5))
    seen = np.bincount(tokens.numpy(), minlength=24)
    assert (seen[p == 0] == 0).all()
    kept = p > 0
    assert stats.chisquare(seen[kept], count * p[kept]).pvalue > 0.01
    assert np.allclose(logprobs.numpy(), np.log(p[tokens.numpy()]), atol=1e-5)
    assert np.allclose(policy.numpy(), torch.log_softmax(logits, -1)[tokens].numpy(), atol=1e-6)


@given(st.integers(0, 2**32), st.floats(0.3, 2), st.integers(0, 12), st.floats(0.05, 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_tempered_distribution_is_that_of_transformers(
    seed: int, temperature: float, top_k: int, top_p: float
) -> None:
    logits = torch.randn(3, 11, generator=torch.Generator().manual_seed(seed)) * 3
    scores = TemperatureLogitsWarper(temperature)(None, logits)
    if top_k:
        scores = TopKLogitsWarper(top_k)(None, scores)
    if top_p < 1:
        scores = TopPLogitsWarper(top_p)(None, scores)
    ours = tempered(logits, Sampling(temperature, top_p, top_k))
    assert torch.allclose(ours.exp(), torch.softmax(scores, -1), atol=1e-6)


def test_a_token_without_mass_is_never_drawn_even_at_the_very_end() -> None:
    logits = torch.full((1, 6), -torch.inf)
    logits[0, 2] = logits[0, 4] = 0.0
    tokens = {int(choose(logits, Sampling(), np.array([seed]), np.array([0]))[0]) for seed in range(200)}
    assert tokens == {2, 4}


@pytest.mark.parametrize(
    ("values", "said"), [
        ({"temperature": -1.0}, "temperature"), ({"top_p": 0.0}, "top_p"), ({"top_p": 1.5}, "top_p"),
        ({"top_k": -1}, "top_k"), ({"max_tokens": 0}, "max_tokens"), ({"stop": ("",)}, "stop")])
def test_a_value_out_of_range_is_a_mistake_that_names_it(values: dict[str, object], said: str) -> None:
    with pytest.raises(Mistake, match=f"sampling: {said} is"):
        Sampling(**values)  # type: ignore[arg-type]
