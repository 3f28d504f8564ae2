"""Confidence intervals of one score: Wilson's for shares, a bias-corrected bootstrap for anything else."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import norm

RESAMPLES = 9_999
SEED = 20_240_601


class Interval(NamedTuple):
    """A score and its confidence limits, in the score's own unit."""

    value: float
    low: float
    high: float


def z_of(confidence: float) -> float:
    """The two-sided normal quantile: 1.96 for 0.95. ValueError outside (0, 1)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    return float(norm.ppf(0.5 + confidence / 2))


def is_binary(scores: Sequence[float]) -> bool:
    """Whether every score is 0 or 1."""
    return all(score in (0, 1) for score in scores)


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a share (Wilson 1927, JASA 22:209, eq. 4; no continuity correction).

    ValueError unless 0 ≤ successes ≤ n and n > 0.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} is no share")
    z = z_of(confidence)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, 0.0 if successes == 0 else middle - half, 1.0 if successes == n else middle + half)


def bootstrap(values: Sequence[float], confidence: float = 0.95, seed: int = SEED) -> Interval:
    """BCa bootstrap interval of the mean (Efron 1987, JASA 82:171), 9,999 seeded resamples: the same limits every time.

    Equal values have nothing to resample and give an interval of no width. ValueError without values or with NaN.
    """
    z_of(confidence)
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise ValueError("an interval needs at least one value, and every value finite")
    mean = float(x.mean())
    if (x == x[0]).all():
        return Interval(float(x[0]), float(x[0]), float(x[0]))
    found = scipy_bootstrap(
        (x,), np.mean, confidence_level=confidence, n_resamples=RESAMPLES, method="BCa", vectorized=True,
        batch=max(1, 2_000_000 // len(x)), rng=np.random.default_rng(seed)).confidence_interval
    return Interval(mean, float(found.low), float(found.high))


def interval(scores: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of the scores with its interval: Wilson's if every score is 0 or 1, else the bootstrap's."""
    if len(scores) and is_binary(scores):
        return wilson(sum(scores), len(scores), confidence)
    return bootstrap(scores, confidence)
