"""Against scipy, brute force, published values, and coverage in simulations."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest, norm

from postgrad.statistics import bootstrap, holm, interval, mcnemar, paired_difference, permutation, tango, wilson


@settings(deadline=None)
@given(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95, 0.99])
)
def test_wilson_is_scipys(case: tuple[int, int], confidence: float) -> None:
    successes, n = case
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    found = wilson(successes, n, confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.low <= found.value <= found.high


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_mcnemar_is_the_sign_test_of_those_that_changed(pairs: list[tuple[bool, bool]]) -> None:
    gained, lost = pairs.count((False, True)), pairs.count((True, False))
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar([float(a) for a, _ in pairs], [float(b) for _, b in pairs]) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_by_counting_every_way_to_change_sides() -> None:
    gained, lost = 7, 2
    ways = [sum(flips) for flips in itertools.product((0, 1), repeat=gained + lost)]
    extreme = sum(1 for count in ways if count >= gained or count <= lost)
    assert mcnemar([0.0] * 7 + [1.0] * 2 + [1.0], [1.0] * 7 + [0.0] * 2 + [1.0]) == pytest.approx(extreme / 2**9)


def test_tango_gives_the_published_interval() -> None:
    """Airway responsiveness before and after transplantation: Fagerland, Lydersen & Laake 2014 (cells 1, 1, 7, 12)."""
    assert tango(21, 1, 7) == pytest.approx((-0.517, -0.026), abs=5e-4)


def _score(n: int, gained: int, lost: int, d: float) -> float:
    """The score statistic at `d`, its nuisance cell found by maximising the likelihood numerically."""

    def minus_likelihood(q: float) -> float:
        cells = ((gained, q + d), (lost, q), (n - gained - lost, 1 - 2 * q - d))
        return -sum(k * np.log(p) for k, p in cells if k)

    low, high = max(0.0, -d), (1 - d) / 2
    q = minimize_scalar(
        minus_likelihood, bounds=(low + 1e-12, high - 1e-12), method="bounded", options={"xatol": 1e-12}
    ).x
    return (gained - lost - n * d) / np.sqrt(n * (2 * q + d * (1 - d)))


@pytest.mark.parametrize(("n", "gained", "lost"), [(21, 1, 7), (400, 30, 10), (50, 5, 5), (30, 0, 6), (12, 9, 1)])
def test_tangos_limits_are_where_the_score_test_turns(n: int, gained: int, lost: int) -> None:
    low, high = tango(n, gained, lost)
    z = norm.ppf(0.975)
    assert _score(n, gained, lost, low) == pytest.approx(z, abs=2e-3)
    assert _score(n, gained, lost, high) == pytest.approx(-z, abs=2e-3)


@settings(deadline=None)
@given(st.integers(1, 200), st.data())
def test_tango_holds_the_estimate_mirrors_and_stays_in_bounds(n: int, data: st.DataObject) -> None:
    gained = data.draw(st.integers(0, n))
    lost = data.draw(st.integers(0, n - gained))
    low, high = tango(n, gained, lost)
    assert -1 <= low <= (gained - lost) / n <= high <= 1
    assert tango(n, lost, gained) == pytest.approx((-high, -low), abs=1e-9)


@pytest.mark.parametrize(("n", "up", "down"), [(40, 0.15, 0.1), (400, 0.06, 0.02), (100, 0.02, 0.02)])
def test_tango_covers_the_truth_as_often_as_it_says(n: int, up: float, down: float) -> None:
    draws = np.random.default_rng(5).multinomial(n, [up, down, 1 - up - down], 1500)
    held = np.mean([low <= up - down <= high for low, high in (tango(n, int(g), int(k)) for g, k, _ in draws)])
    assert 0.93 <= held <= 0.98


def test_the_bootstrap_covers_the_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(6)
    held = 0
    for _ in range(120):
        found = bootstrap(generator.beta(2, 5, 60))
        held += found.low <= 2 / 7 <= found.high
    assert held / 120 >= 0.89


def test_the_bootstrap_is_near_students_interval_and_the_same_every_time() -> None:
    values = np.random.default_rng(7).normal(3, 2, 400)
    found = bootstrap(list(values))
    half = norm.ppf(0.975) * values.std(ddof=1) / 20
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)
    assert found == bootstrap(list(values))


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5).map(lambda x: round(x, 2)), min_size=1, max_size=10))
def test_the_permutation_test_counts_every_flip(differences: list[float]) -> None:
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    expected = np.mean([s >= abs(sum(differences)) - 1e-9 for s in sums])
    assert permutation(differences) == pytest.approx(expected)


def test_a_large_permutation_test_is_near_the_paired_t_test_and_never_zero() -> None:
    differences = np.random.default_rng(8).normal(0.2, 1, 100)
    t = differences.mean() / (differences.std(ddof=1) / 10)
    assert permutation(list(differences)) == pytest.approx(2 * norm.sf(abs(t)), abs=0.02)
    assert 0 < permutation([1.0] * 500) < 1e-3


def test_the_permutation_test_keeps_its_level() -> None:
    generator = np.random.default_rng(9)
    found = [permutation(list(generator.normal(0, 1, 10))) for _ in range(400)]
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.08


def test_paired_difference_is_the_second_minus_the_first() -> None:
    better = paired_difference([0.0] * 30 + [1.0] * 10, [1.0] * 25 + [0.0] * 5 + [1.0] * 10)
    assert better.difference == pytest.approx(25 / 40)
    assert better.low > 0 and better.p_value < 1e-6 and "mcnemar" in better.test
    graded = paired_difference([0.5, 0.2, 0.1] * 10, [0.9, 0.5, 0.1] * 10)
    assert graded.low > 0 and "permutation" in graded.test
    same = paired_difference([0.5, 0.25], [0.5, 0.25])
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_a_share_that_never_changed_still_has_a_width() -> None:
    same = paired_difference([1.0, 0.0] * 50, [1.0, 0.0] * 50)
    assert same.p_value == 1 and same.low < 0 < same.high


def test_interval_takes_wilson_for_shares_and_the_bootstrap_otherwise() -> None:
    assert interval([1.0, 0.0, 1.0]) == wilson(2, 3)
    assert interval([0.5, 0.75, 1.0]) == bootstrap([0.5, 0.75, 1.0])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_is_the_definition(p_values: list[float]) -> None:
    m, order = len(p_values), sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(order):
        expected = max(min(1.0, (m - k) * p_values[order[k]]) for k in range(rank + 1))
        assert holm(p_values)[i] == pytest.approx(expected)


def test_holm_on_an_example_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([([], []), ([1.0], []), ([float("nan")], [1.0]), ([float("inf")], [0.5])]))
def test_what_is_no_pair_of_scores_is_refused(case: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError):
        paired_difference(*case)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(1, 0),
        lambda: wilson(3, 2),
        lambda: wilson(1, 2, 1.0),
        lambda: bootstrap([]),
        lambda: mcnemar([0.5], [1.0]),
        lambda: tango(3, 2, 2),
        lambda: holm([1.5]),
    ],
)
def test_impossible_numbers_are_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        call()
