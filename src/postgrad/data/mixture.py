"""The mixture: which rows are trained on, and how often, so that capabilities get the tokens that their priority says.

A capability aims at T × priority / (sum of priorities) trained tokens, a source at the part of that which its weight
says (without weights: its number of rows). A source gives at most `max_epochs` times its rows; what it cannot give
goes to the other sources of its capability by their weights, then to the other capabilities by their priorities.
T is `tokens`, or the trained tokens of all sources together.

Rows are taken whole, in the order of a hash of (seed, content_id): whole passes over the source first, then a part of
one until the next row would go over the aim. So a source stays at most one row's tokens below its aim, the sum never
exceeds T, and neither the order of files nor the number of workers plays a part.
"""

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from postgrad.records.types import Origin
from postgrad.support.errors import Mistake

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the mixture knows of a row. `tokens`: its trained tokens (1 where rows are shared out instead)."""

    content_id: str
    origin: Origin
    capability: str
    source: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the recipe asks for. Sources without an entry in `weights` weigh as many as they have rows."""

    priorities: Mapping[str, float]
    seed: int
    tokens: int | None = None
    max_epochs: float = 2.0
    weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        for name, value in [*self.priorities.items(), *(self.weights or {}).items(), ("max_epochs", self.max_epochs)]:
            if not 0 <= value < float("inf"):
                raise Mistake(f"{name} is {value}", where="curate.mixture", mend="wanted a number from 0 on")
        if self.tokens is not None and self.tokens < 0:
            raise Mistake(f"tokens is {self.tokens}", where="curate.mixture", mend="wanted a number from 0 on")


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the mixture's table. Shares are of the tokens aimed at and of the tokens reached; `epochs` is tokens
    taken over tokens that the source has, `rows` counts a row once however often it is taken."""

    capability: str
    source: str
    rows: int
    available_rows: int
    tokens: int
    available_tokens: int
    epochs: float
    target_share: float
    reached_share: float


def fill(total: Fraction, weights: Mapping[K, Fraction], capacity: Mapping[K, Fraction]) -> dict[K, Fraction]:
    """Share `total` out by `weights` under `capacity`: what one cannot hold goes to the others by their weights.

    Sums to the smaller of `total` and the capacity of all with a weight. Exact.
    """
    got = {name: Fraction(0) for name in weights}
    open_names = {name for name, weight in weights.items() if weight > 0 and capacity[name] > 0}
    left = total
    while open_names and left > 0:
        weight = sum((weights[name] for name in open_names), Fraction(0))
        full = {name for name in open_names if left * weights[name] >= weight * capacity[name]}
        if not full:
            return got | {name: left * weights[name] / weight for name in open_names}
        for name in full:
            got[name] = capacity[name]
            left -= capacity[name]
        open_names -= full
    return got


def mix(rows: Sequence[Weighed], wanted: Wanted) -> tuple[dict[Origin, int], list[Part]]:
    """How often each row is taken (rows taken never are left out), and the table of what came of it.

    Mistake if a row's capability has no priority.
    """
    by_source: dict[tuple[str, str], list[Weighed]] = defaultdict(list)
    for row in rows:
        if row.capability not in wanted.priorities:
            raise Mistake(f"capability {row.capability!r} has no priority", where=f"sources.{row.source}",
                          mend=f"known: {', '.join(sorted(wanted.priorities)) or '(none)'}")
        by_source[row.capability, row.source].append(row)
    aims = _aims(by_source, wanted)
    taken: dict[Origin, int] = {}
    tokens_taken: dict[tuple[str, str], int] = {}
    for name, members in by_source.items():
        times = _take(members, aims[name], wanted)
        taken |= times
        tokens_taken[name] = sum(times.get(row.origin, 0) * row.tokens for row in members)
    return taken, _table(by_source, wanted, taken, tokens_taken)


def _aims(by_source: Mapping[tuple[str, str], list[Weighed]], wanted: Wanted) -> dict[tuple[str, str], Fraction]:
    """Tokens that each source is to give."""
    tokens = {name: sum(row.tokens for row in members) for name, members in by_source.items()}
    total = Fraction(sum(tokens.values()) if wanted.tokens is None else wanted.tokens)
    weights = {name: Fraction((wanted.weights or {}).get(name[1], len(members))) for name, members in by_source.items()}
    most = Fraction(wanted.max_epochs)
    caps = {name: most * tokens[name] if weights[name] > 0 else Fraction(0) for name in by_source}
    sources: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(by_source):
        sources[name[0]].append(name)
    room = {capability: sum((caps[name] for name in names), Fraction(0)) for capability, names in sources.items()}
    shares = fill(total, {capability: Fraction(wanted.priorities[capability]) for capability in sources}, room)
    aims: dict[tuple[str, str], Fraction] = {}
    for capability, names in sources.items():
        aims |= fill(shares[capability], {name: weights[name] for name in names}, caps)
    return aims


def _order(row: Weighed, seed: int) -> tuple[bytes, str, str, int]:
    digest = hashlib.sha256(f"{seed}/{row.content_id}".encode()).digest()
    return (digest, row.origin.source, row.origin.file, row.origin.row)


def _take(members: list[Weighed], aim: Fraction, wanted: Wanted) -> dict[Origin, int]:
    """Whole passes, then a part of one in hash order, stopping before the row that would go over the aim."""
    available = sum(row.tokens for row in members)
    if not available or aim <= 0:
        return {}
    passes = int(aim // available)
    left = aim - passes * available
    rows_left = int(Fraction(wanted.max_epochs) * len(members)) - passes * len(members)
    times = {row.origin: passes for row in members} if passes else {}
    for row in sorted(members, key=lambda row: _order(row, wanted.seed))[:max(rows_left, 0)]:
        if row.tokens > left:
            break
        times[row.origin] = passes + 1
        left -= row.tokens
    return times


def _table(by_source: Mapping[tuple[str, str], list[Weighed]], wanted: Wanted, taken: Mapping[Origin, int],
           tokens_taken: Mapping[tuple[str, str], int]) -> list[Part]:
    """The table, capabilities and sources by name. Target shares are those of the priorities, before any cap."""
    priorities = {capability: Fraction(wanted.priorities[capability]) for capability, _ in by_source}
    all_priorities, reached = sum(priorities.values(), Fraction(0)), sum(tokens_taken.values())
    weights = {name: Fraction((wanted.weights or {}).get(name[1], len(members))) for name, members in by_source.items()}
    parts = []
    for name, members in sorted(by_source.items()):
        capability, source = name
        siblings = sum((weights[other] for other in by_source if other[0] == capability), Fraction(0))
        aims = all_priorities and siblings
        target = priorities[capability] / all_priorities * weights[name] / siblings if aims else 0
        available = sum(row.tokens for row in members)
        parts.append(Part(
            capability, source, sum(row.origin in taken for row in members), len(members),
            tokens_taken[name], available,
            tokens_taken[name] / available if available else 0.0, float(target),
            tokens_taken[name] / reached if reached else 0.0))
    return parts


def written_order(rows: Iterable[Weighed], taken: Mapping[Origin, int], seed: int) -> list[tuple[int, Weighed]]:
    """The rows as they are written: (epoch from 0, row), epoch by epoch in hash order, whatever order they came in."""
    ordered = sorted(rows, key=lambda row: _order(row, seed))
    last = max(taken.values(), default=0)
    return [(epoch, row) for epoch in range(last) for row in ordered if taken.get(row.origin, 0) > epoch]
