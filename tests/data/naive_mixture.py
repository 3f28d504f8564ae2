"""The mixture's rule, row by row and source by source, written apart from the code that ships and slow on purpose."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from postgrad.data.mixture import Wanted
from postgrad.records.types import Origin


@dataclass(frozen=True)
class Row:
    content_id: str
    origin: Origin
    capability: str
    tokens: int


def mixture(rows: list[Row], wanted: Wanted) -> list[Row]:
    """The rows in the order of writing, as often as they are written."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: key(row, wanted.seed)):
        if row.tokens:
            groups.setdefault(row.origin.source, []).append(row)
    aims = aims_of(groups, wanted)
    given = {name: walk(own, lambda n, t, name=name: amount(n, t, wanted) <= aims[name])
             for name, own in groups.items()}
    times: dict[Origin, int] = {}
    for name, own in given.items():
        for row in own:
            if name not in wanted.left_out:
                times[row.origin] = times.get(row.origin, 0) + 1
    ordered = sorted(rows, key=lambda row: key(row, wanted.seed))
    return [row for epoch in range(max(times.values(), default=0)) for row in ordered
            if times.get(row.origin, 0) > epoch]


def key(row: Row, seed: int) -> tuple[str, str, str, int]:
    origin = row.origin
    return hashlib.sha256(f"{seed}/{row.content_id}".encode()).hexdigest(), origin.source, origin.file, origin.row


def amount(rows: int, tokens: int, wanted: Wanted) -> int:
    return rows if wanted.unit == "rows" else tokens


def size(rows: list[Row], wanted: Wanted) -> int:
    return amount(len(rows), sum(row.tokens for row in rows), wanted)


def walk(own: list[Row], fits) -> list[Row]:  # type: ignore[no-untyped-def]
    """Row after row of the endless sequence, as long as (rows, tokens) fit."""
    got: list[Row] = []
    tokens = 0
    while True:
        following = own[len(got) % len(own)]
        if not fits(len(got) + 1, tokens + following.tokens):
            return got
        got.append(following)
        tokens += following.tokens


def aims_of(groups: dict[str, list[Row]], wanted: Wanted) -> dict[str, Fraction]:
    most, least, weight, there = {}, {}, {}, Fraction(0)
    capability = {name: own[0].capability for name, own in groups.items()}
    for name, own in groups.items():
        wish = wanted.wish(name)
        tokens = sum(row.tokens for row in own)
        epochs = decimal(wanted.max_epochs) if wish.repeat == 1 else max(decimal(wanted.max_epochs), wish.repeat)

        def fits(n: int, t: int, own=own, wish=wish, tokens=tokens, epochs=epochs) -> bool:  # type: ignore[no-untyped-def]
            return bool(n <= epochs * len(own) and t <= epochs * tokens
                        and (wish.max_rows is None or n <= wish.max_rows)
                        and (wish.max_tokens is None or t <= wish.max_tokens))

        most[name] = Fraction(size(walk(own, fits), wanted))
        least[name] = Fraction(wish.repeat * size(own, wanted)) if wish.repeat > 1 else Fraction(0)
        weight[name] = Fraction(len(own) * wish.repeat) if wish.weight is None else decimal(wish.weight)
        if weight[name] > 0 and wanted.priorities[capability[name]] > 0:
            there += wish.repeat * size(own, wanted)
    total = decimal(wanted.share) * there if wanted.amount is None else Fraction(wanted.amount)
    names = [name for name in groups if weight[name] > 0 and wanted.priorities[capability[name]] > 0]
    share = {name: decimal(wanted.wish(name).max_share) for name in names}
    whole = largest_whole(total, {name: most[name] for name in names}, share)
    most = {name: min(most[name], share[name] * whole) for name in names}
    least = {name: min(least[name], most[name]) for name in names}
    keys = sorted({capability[name] for name in names})
    own_names = {key: [name for name in names if capability[name] == key] for key in keys}
    above = level({key: (decimal(wanted.priorities[key]), sum(least[n] for n in own_names[key]),
                         sum(most[n] for n in own_names[key])) for key in keys}, whole)
    aims = dict.fromkeys(groups, Fraction(0))
    for key in keys:
        aims |= level({name: (weight[name], least[name], most[name]) for name in own_names[key]}, above[key])
    return aims


def decimal(number: float) -> Fraction:
    """The decimal that a float is shown as."""
    return Fraction(Decimal(repr(number)))


def largest_whole(total: Fraction, most: dict[str, Fraction], share: dict[str, Fraction]) -> Fraction:
    """By trying every set of sources that their share could bind."""
    def given(whole: Fraction) -> Fraction:
        return sum((min(most[name], share[name] * whole) for name in most), Fraction(0))

    candidates = [total, Fraction(0)]
    for count in range(len(most) + 1):
        for bound in combinations(most, count):
            slope = sum((share[name] for name in bound), Fraction(0))
            if slope != 1:
                candidates.append(sum((most[name] for name in most if name not in bound), Fraction(0)) / (1 - slope))
    return max(whole for whole in candidates if 0 <= whole <= total and given(whole) >= whole)


def level(parties: dict[str, tuple[Fraction, Fraction, Fraction]], total: Fraction) -> dict[str, Fraction]:
    """(weight, least, most) → what each gets, by walking up the levels at which somebody joins in or is full."""
    def at(height: Fraction) -> dict[str, Fraction]:
        return {name: min(max(height * weight, least), most) for name, (weight, least, most) in parties.items()}

    heights = sorted({Fraction(0)} | {bound / weight for weight, least, most in parties.values()
                                      for bound in (least, most)})
    below = heights[0]
    for height in heights:
        if sum(at(height).values()) >= total:
            low, high = sum(at(below).values()), sum(at(height).values())
            part = (total - low) / (high - low) if high > low else Fraction(0)
            return at(below + (height - below) * max(part, Fraction(0)))
        below = height
    return at(heights[-1])
