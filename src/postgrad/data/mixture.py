"""The mixture: which rows are trained on, and how often, so that capabilities get the tokens that their priority says.

The unit is trained tokens, or rows. The budget T is an amount, or a share of what all sources with a weight have. A
capability aims at T × priority / (sum of priorities), a source at the part of that which its weight says (without one:
its number of rows). A source's rows stand in the order of a hash of (seed, content_id), over and over again; what it
gives is a beginning of that sequence: at most the longest within its bounds (`max_epochs` times its rows and tokens,
`max_rows`, `max_tokens`), at least `repeat` times all of it, and else the longest within its aim. What it cannot give
goes to the other sources of its capability by their weights, then to the other capabilities by their priorities
(support/shares.py). So a source stays less than a row below its aim, the sum never exceeds T, and neither the order of
files nor the number of workers plays a part. `max_share` bounds the aims: it is of T, or of the largest whole below it
in which all such shares hold.

Sources that are left out take part in this and are then not written: the others give the same rows as with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from postgrad.support.errors import Mistake
from postgrad.support.shares import Offer, as_written, share_out

Unit = Literal["tokens", "rows"]
WHERE = "curate.mixture"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a recipe says of one source. No weight: its rows. `repeat`: it is there at least so many times, whole."""

    weight: float | None = None
    max_rows: int | None = None
    max_tokens: int | None = None
    max_share: float = 1.0
    repeat: int = 1

    def __post_init__(self) -> None:
        _not_negative({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a recipe asks for. The budget is `amount`, or `share` of what there is of sources with a weight (repeats
    counted).
    """

    priorities: Mapping[str, float]
    seed: int
    amount: int | None = None
    share: float = 1.0
    unit: Unit = "tokens"
    max_epochs: float = 2.0
    sources: Mapping[str, Wish] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _not_negative(self.priorities)
        _not_negative({"amount": self.amount, "share": self.share, "max_epochs": self.max_epochs})

    def wish(self, source: str) -> Wish:
        return self.sources.get(source, Wish())


def _not_negative(numbers: Mapping[str, float | None]) -> None:
    for name, value in numbers.items():
        if value is not None and not 0 <= value < float("inf"):
            raise Mistake(f"{name} is {value}", where=WHERE, mend="wanted a number from 0 on")


@dataclass(frozen=True, slots=True)
class Taken:
    """A beginning of a source's endless sequence: `passes` over all its rows, then its first `part` ones."""

    passes: int
    part: int
    rows: int
    tokens: int

    def amount(self, unit: Unit) -> int:
        return self.rows if unit == "rows" else self.tokens


class Supply:
    """The rows of one source, in their order. `tokens_N`: the trained tokens of each, above 0 (1 if they have none)."""

    def __init__(self, capability: str, source: str, tokens_N: npt.NDArray[np.int64]) -> None:
        self.capability, self.source = capability, source
        self._sums_N = np.cumsum(tokens_N, dtype=np.int64)
        self.rows = len(tokens_N)
        self.tokens = int(self._sums_N[-1]) if self.rows else 0

    def within(self, rows: Fraction | int | None, tokens: Fraction | int | None) -> Taken:
        """The longest beginning with at most so many rows and tokens (None: any number, of one of the two)."""
        if not self.rows:
            return Taken(0, 0, 0, 0)
        bounds = ((rows, self.rows), (tokens, self.tokens))
        passes = min(int(bound // whole) for bound, whole in bounds if bound is not None)
        part = self.rows
        if rows is not None:
            part = min(part, int(rows) - passes * self.rows)
        if tokens is not None:
            room = min(int(tokens) - passes * self.tokens, self.tokens)
            part = min(part, int(np.searchsorted(self._sums_N, room, "right")))
        return Taken(passes, part, passes * self.rows + part,
                     passes * self.tokens + (int(self._sums_N[part - 1]) if part else 0))


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the mixture's table. `rows` counts a row once, `copies` as often as it is taken; `epochs` is what is
    taken over what there is, `target_share` what priorities and weights alone would give, `reached_share` what was
    given, both of the mixture's unit.
    """

    capability: str
    source: str
    rows: int
    copies: int
    available_rows: int
    tokens: int
    available_tokens: int
    epochs: float
    target_share: float
    reached_share: float
    left_out: bool = False


def share_rows(supplies: Sequence[Supply], wanted: Wanted) -> list[Taken]:
    """What each source gives, before any is left out.

    Mistake if a capability has no priority, or `repeat` asks for more than the budget.
    """
    for supply in supplies:
        if supply.capability not in wanted.priorities:
            raise Mistake(f"capability {supply.capability!r} has no priority", where=f"sources.{supply.source}",
                          mend=f"known: {', '.join(sorted(wanted.priorities)) or '(none)'}")
    offers = {number: _offer(supply, wanted) for number, supply in enumerate(supplies)}
    priorities = {name: as_written(priority) for name, priority in wanted.priorities.items()}
    giving = [number for number, offer in offers.items() if offer.weight > 0 and priorities[offer.capability] > 0]
    there = sum(_whole(supplies[number], wanted) * wanted.wish(supplies[number].source).repeat for number in giving)
    total = Fraction(wanted.amount) if wanted.amount is not None else as_written(wanted.share) * there
    _check_repeats(total, [offers[number] for number in giving], wanted)
    aims = share_out(total, offers, priorities)
    by_rows = wanted.unit == "rows"
    return [supply.within(aims[number], None) if by_rows else supply.within(None, aims[number])
            for number, supply in enumerate(supplies)]


def _whole(supply: Supply, wanted: Wanted) -> int:
    """All that a source has, once."""
    return supply.rows if wanted.unit == "rows" else supply.tokens


def _weight(supply: Supply, wanted: Wanted) -> Fraction:
    wish = wanted.wish(supply.source)
    return Fraction(supply.rows * wish.repeat) if wish.weight is None else as_written(wish.weight)


def _offer(supply: Supply, wanted: Wanted) -> Offer:
    wish = wanted.wish(supply.source)
    repeats = Fraction(wish.repeat if wish.repeat > 1 else 0)
    epochs = max(as_written(wanted.max_epochs), repeats)
    most = supply.within(_smaller(epochs * supply.rows, wish.max_rows),
                         _smaller(epochs * supply.tokens, wish.max_tokens)).amount(wanted.unit)
    least = min(repeats * _whole(supply, wanted), Fraction(most))
    return Offer(supply.capability, _weight(supply, wanted), Fraction(most), least, as_written(wish.max_share))


def _smaller(one: Fraction, other: int | None) -> Fraction:
    return one if other is None else min(one, Fraction(other))


def _check_repeats(total: Fraction, offers: Sequence[Offer], wanted: Wanted) -> None:
    """What sources must give is the one thing that could go over the budget."""
    asked = sum((offer.least if offer.max_share == 1 else min(offer.least, offer.max_share * total)
                 for offer in offers), Fraction(0))
    if asked > total:
        asking = sorted(name for name, wish in wanted.sources.items() if wish.repeat > 1)
        raise Mistake(f"`repeat` of {', '.join(asking)} asks for {int(asked):,} {wanted.unit}, more than the "
                      f"{int(total):,} of the mixture", where=WHERE, mend=f"raise `{wanted.unit}` or lower `repeat`")


def table(supplies: Sequence[Supply], taken: Sequence[Taken], wanted: Wanted) -> list[Part]:
    """The table, capabilities and sources by name. Shares are of what is written: sources left out have none."""
    kept = [supply.source not in wanted.left_out for supply in supplies]
    priorities = {supply.capability: as_written(wanted.priorities[supply.capability]) for supply in supplies}
    weights: dict[str, Fraction] = dict.fromkeys(priorities, Fraction(0))
    for supply in supplies:
        weights[supply.capability] += _weight(supply, wanted)
    targets = [priorities[supply.capability] * _weight(supply, wanted) / weights[supply.capability]
               if keeps and weights[supply.capability] else Fraction(0)
               for supply, keeps in zip(supplies, kept, strict=True)]
    all_targets = sum(targets, Fraction(0))
    reached = sum(one.amount(wanted.unit) for one, keeps in zip(taken, kept, strict=True) if keeps)
    parts = []
    for supply, one, keeps, target in zip(supplies, taken, kept, targets, strict=True):
        given = one if keeps else Taken(0, 0, 0, 0)
        amount, there = given.amount(wanted.unit), _whole(supply, wanted)
        parts.append(Part(
            supply.capability, supply.source, supply.rows if given.passes else given.part, given.rows, supply.rows,
            given.tokens, supply.tokens, amount / there if there else 0.0,
            float(target / all_targets) if all_targets else 0.0, amount / reached if reached else 0.0, not keeps))
    return sorted(parts, key=lambda part: (part.capability, part.source))


def as_config(wanted: Wanted) -> dict[str, Any]:
    """What was asked for, as JSON; `from_config` reads it."""
    wishes = {name: {key: getattr(wish, key) for key in wish.__slots__ if getattr(wish, key) != getattr(Wish(), key)}
              for name, wish in sorted(wanted.sources.items())}
    return {"priorities": dict(wanted.priorities), "seed": wanted.seed, "amount": wanted.amount, "share": wanted.share,
            "unit": wanted.unit, "max_epochs": wanted.max_epochs,
            "sources": {name: wish for name, wish in wishes.items() if wish}, "left_out": sorted(wanted.left_out)}


def from_config(config: Mapping[str, Any]) -> Wanted:
    """The keys that `as_config` writes; others are somebody else's. Unknown ones of a source are a TypeError."""
    return Wanted(config["priorities"], config["seed"], config["amount"], config["share"], config["unit"],
                  config["max_epochs"], {name: Wish(**wish) for name, wish in config["sources"].items()},
                  frozenset(config["left_out"]))
