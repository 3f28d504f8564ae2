"""Losses against formulas written apart from them, in plain Python; and against published relations."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from postgrad.training import losses
from postgrad.training.packing import first_fit_decreasing, seed_of, step_rows
from postgrad.training.schedules import learning_rate

LOGPROB = st.floats(-20, -0.01)
PAIRS = st.lists(
    st.tuples(LOGPROB, LOGPROB, LOGPROB, LOGPROB, st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=6
)


def columns(rows: list[tuple[float, ...]]) -> list[torch.Tensor]:
    return [torch.tensor(column, dtype=torch.float64) for column in zip(*rows, strict=True)]


def log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x > 0 else x - math.log1p(math.exp(x))


@given(PAIRS, st.floats(0.05, 10))
def test_dpo_is_equation_7_of_rafailov(rows: list[tuple[float, ...]], beta: float) -> None:
    chosen, rejected, ref_chosen, ref_rejected, _, _ = columns(rows)
    found = losses.dpo(chosen, rejected, ref_chosen, ref_rejected, beta)
    expected = [-log_sigmoid(beta * (c - rc) - beta * (r - rr)) for c, r, rc, rr, _, _ in rows]
    torch.testing.assert_close(found.loss, torch.tensor(expected, dtype=torch.float64))


@given(PAIRS, st.floats(0.05, 10))
def test_dpo_norm_is_equation_6_of_tulu_3(rows: list[tuple[float, ...]], beta: float) -> None:
    chosen, rejected, ref_chosen, ref_rejected, long, short = columns(rows)
    found = losses.dpo_norm(chosen, rejected, ref_chosen, ref_rejected, beta, long, short)
    expected = [-log_sigmoid(beta / n * (c - rc) - beta / m * (r - rr)) for c, r, rc, rr, n, m in rows]
    torch.testing.assert_close(found.loss, torch.tensor(expected, dtype=torch.float64))


@given(st.lists(st.tuples(LOGPROB, LOGPROB, st.floats(-3, 3), LOGPROB), min_size=1, max_size=8), st.floats(0.05, 0.5),
       st.floats(0.05, 0.5), st.floats(0, 1))
def test_grpo_is_the_clipped_surrogate_with_k3(
    rows: list[tuple[float, ...]], clip: float, clip_high: float, kl: float
) -> None:
    now, before, advantage, reference = columns(rows)
    found = losses.grpo(now, before, advantage, reference, clip=clip, clip_high=clip_high, kl=kl)
    expected = []
    for p, q, a, ref in rows:
        ratio = math.exp(p - q)
        bounded = min(max(ratio, 1 - clip), 1 + clip_high)
        divergence = math.exp(ref - p) - (ref - p) - 1
        expected.append(-min(ratio * a, bounded * a) + kl * divergence)
    torch.testing.assert_close(found.loss, torch.tensor(expected, dtype=torch.float64), rtol=1e-6, atol=1e-6)
    assert (found.kl >= 0).all()


def test_a_clipped_token_has_no_gradient_but_the_divergence() -> None:
    now = torch.tensor([-1.0, -1.0, -1.0, -1.0], requires_grad=True)
    before, advantage = torch.tensor([-2.0, -2.0, -0.5, -0.5]), torch.tensor([1.0, -1.0, 1.0, -1.0])
    terms = losses.grpo(now, before, advantage, None, clip=0.2, clip_high=0.2, kl=0.0)
    terms.loss.sum().backward()
    assert terms.clipped.tolist() == [True, False, False, True]
    assert now.grad is not None and (now.grad == 0).tolist() == [True, False, False, True]


def test_k3_is_unbiased() -> None:
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    q = torch.tensor([0.2, 0.2, 0.6], dtype=torch.float64)
    assert (p * losses.k3(p.log(), q.log())).sum() == pytest.approx(torch.distributions.kl_divergence(
        torch.distributions.Categorical(p), torch.distributions.Categorical(q)).item())


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=16).filter(lambda values: max(values) - min(values) > 1e-2))
def test_advantages_are_centred_and_standardised(rewards: list[float]) -> None:
    values = torch.tensor(rewards, dtype=torch.float64)
    mean = sum(rewards) / len(rewards)
    deviation = math.sqrt(sum((reward - mean) ** 2 for reward in rewards) / len(rewards))
    centred, standardised = losses.advantages(values, "centred"), losses.advantages(values, "standardised")
    torch.testing.assert_close(centred, torch.tensor([reward - mean for reward in rewards], dtype=torch.float64))
    torch.testing.assert_close(standardised * (deviation + 1e-6), centred)
    assert standardised.pow(2).mean().item() == pytest.approx(1, abs=1e-3)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_sft_weights_make_every_token_or_every_sequence_equal(lengths: list[int]) -> None:
    owner = torch.tensor([number for number, length in enumerate(lengths) for _ in range(length)])
    for loss in ("sum", "mean"):
        weight = losses.sft_weights(owner, torch.tensor(lengths), sum(lengths), len(lengths), loss)  # type: ignore[arg-type]
        assert weight.sum().item() == pytest.approx(1, abs=1e-5)
        shares = [weight[owner == number].sum().item() for number in range(len(lengths))]
        expected = [length / sum(lengths) if loss == "sum" else 1 / len(lengths) for length in lengths]
        assert shares == pytest.approx(expected, abs=1e-5)


@given(st.lists(st.integers(1, 60), max_size=60), st.integers(10, 100))
def test_packing_keeps_every_item_once_within_the_budget(sizes: list[int], budget: int) -> None:
    bins = first_fit_decreasing(sizes, budget)
    assert sorted(item for members in bins for item in members) == list(range(len(sizes)))
    assert all(len(members) == 1 or sum(sizes[item] for item in members) <= budget for members in bins)
    fill = [sum(sizes[item] for item in members) for members in bins]
    assert sum(2 * full <= budget for full in fill) <= 1  # two bins at most half full would have been one


@given(st.integers(1, 40), st.integers(1, 12), st.floats(0.1, 3.5), st.integers(0, 5))
def test_every_epoch_is_a_permutation(rows: int, batch: int, epochs: float, seed: int) -> None:
    steps = step_rows(rows, batch, epochs, seed)
    order = [row for step in steps for row in step]
    assert len(order) == round(rows * epochs) and all(len(step) == batch for step in steps[:-1])
    for start in range(0, len(order) - rows + 1, rows):
        assert sorted(order[start : start + rows]) == list(range(rows))
    assert steps == step_rows(rows, batch, epochs, seed)
    assert seed_of("a", 1) != seed_of("a", 2) and 0 <= seed_of("a", 1) < 2**63


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_the_learning_rate_rises_and_falls(schedule: str) -> None:
    rates = [learning_rate(step, 100, 2.0, schedule, 0.1) for step in range(100)]  # type: ignore[arg-type]
    assert rates[:10] == pytest.approx([0.2 * (step + 1) for step in range(10)])
    assert rates[10] == 2.0 and min(rates) > 0
    assert all(a >= b for a, b in pairwise(rates[10:]))
    half = {"linear": 1.0, "cosine": 1.0, "constant": 2.0}[schedule]
    assert rates[55] == pytest.approx(half)
    assert learning_rate(0, 5, 1.0, schedule, 0.0) == 1.0  # type: ignore[arg-type]
