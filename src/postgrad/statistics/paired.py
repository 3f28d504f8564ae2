"""Two models on the same problems: the difference of their means, its interval, and a test.

Shares (every score 0 or 1): McNemar's exact test, and Tango's score interval. Of the recommended intervals for paired
proportions (Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33:2850) Tango's keeps its coverage best in small
samples and at shares near 0 and 1, and it has a width even where no problem changed sides. Its limits belong to the
asymptotic McNemar test, so at the very edge it can leave zero out while the exact p-value, being conservative, is
just above.
Other scores: a permutation test (signs flipped problem by problem) and the bootstrap of the differences.
"""

from collections.abc import Sequence
from itertools import product
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binomtest

from postgrad.statistics.intervals import SEED, bootstrap, is_binary, z_of

EXACT_UP_TO = 12
FLIPS = 19_999


class Difference(NamedTuple):
    """`difference` = mean of `b` − mean of `a`, its confidence limits, a two-sided p-value and the test's name."""

    difference: float
    low: float
    high: float
    p_value: float
    test: str


def _counts(a: Sequence[float], b: Sequence[float]) -> tuple[int, int, int]:
    """(n, problems that only `b` solved, problems that only `a` solved)."""
    _check(a, b)
    if not (is_binary(a) and is_binary(b)):
        raise ValueError("McNemar's test is for scores of 0 and 1")
    gained = sum(1 for x, y in zip(a, b, strict=True) if y > x)
    lost = sum(1 for x, y in zip(a, b, strict=True) if x > y)
    return len(a), gained, lost


def _check(a: Sequence[float], b: Sequence[float]) -> None:
    if not len(a) or len(a) != len(b):
        raise ValueError(f"paired scores need the same problems: {len(a)} and {len(b)}")


def mcnemar(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p-value of the exact McNemar test (McNemar 1947): of the problems that changed sides, half each way.

    1.0 where none changed. ValueError unless both have the same length, above 0, and hold only 0 and 1.
    """
    _, gained, lost = _counts(a, b)
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def tango(n: int, gained: int, lost: int, confidence: float = 0.95) -> tuple[float, float]:
    """Tango's score interval of (gained − lost) / n (Tango 1998, Statistics in Medicine 17:891, eqs. 6-8).

    The limits are the differences d at which the score statistic, with the cell `lost` at its maximum likelihood under
    d, is ±z. ValueError unless gained, lost ≥ 0 and gained + lost ≤ n.
    """
    if n <= 0 or gained < 0 or lost < 0 or gained + lost > n:
        raise ValueError(f"{gained} gained and {lost} lost of {n} is no table")
    z = z_of(confidence)

    def statistic(d: float) -> float:
        """The score statistic where the true difference is `d`, falling in `d`."""
        above = gained - lost - n * d
        b = -gained - lost + (2 * n - gained + lost) * d
        root = sqrt(max(b * b + 8 * n * lost * d * (1 - d), 0.0))
        cell = max((root - b) / (4 * n), 0.0)
        variance = n * (2 * cell + d * (1 - d))
        return above / sqrt(variance) if variance > 1e-300 else (0.0 if above == 0 else float("inf") * above)

    # Inside (-1, 1) the statistic runs from above +z to below −z; at the estimate it is 0.
    estimate, edge = (gained - lost) / n, 1 - 1e-12
    low = -1.0 if statistic(-edge) <= z else brentq(lambda d: statistic(d) - z, -edge, min(max(estimate, -edge), edge))
    high = 1.0 if statistic(edge) >= -z else brentq(lambda d: statistic(d) + z, min(max(estimate, -edge), edge), edge)
    return float(low), float(high)


def permutation(differences: Sequence[float], seed: int = SEED) -> float:
    """Two-sided p-value that the differences are symmetric about 0, by flipping their signs (Fisher 1935, §21).

    All flips up to 12 nonzero differences; beyond, 19,999 seeded ones with the observed one counted in (never 0).
    """
    x = np.asarray([d for d in differences if d != 0], dtype=np.float64)
    if not len(x):
        return 1.0
    observed = abs(x.sum()) * (1 - 1e-12)
    if len(x) <= EXACT_UP_TO:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(x))))
        return float((np.abs(signs @ x) >= observed).mean())
    generator = np.random.default_rng(seed)
    beyond, left = 0, FLIPS
    while left:
        size = min(left, max(1, 4_000_000 // len(x)))
        flips = generator.integers(0, 2, (size, len(x)), dtype=np.int8) * 2.0 - 1.0
        beyond += int((np.abs(flips @ x) >= observed).sum())
        left -= size
    return (beyond + 1) / (FLIPS + 1)


def paired_difference(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> Difference:
    """How much higher `b` scores than `a` on the same problems, in the same order.

    ValueError if the lengths differ or are 0, or a score is not finite.
    """
    _check(a, b)
    if is_binary(a) and is_binary(b):
        n, gained, lost = _counts(a, b)
        low, high = tango(n, gained, lost, confidence)
        return Difference((gained - lost) / n, low, high, mcnemar(a, b), "mcnemar exact, tango interval")
    differences = [float(y) - float(x) for x, y in zip(a, b, strict=True)]
    value, low, high = bootstrap(differences, confidence)
    return Difference(value, low, high, permutation(differences), "paired permutation, bca bootstrap interval")
