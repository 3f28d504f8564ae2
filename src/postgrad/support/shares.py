"""A budget shared out: by priority over capabilities, by weight over a capability's sources, between bounds. Exact.

One level is sought for every division, such that each party gets level × weight, but no less than it must have and no
more than it can hold. What one cannot hold goes to the others by their weights, because the level rises; what one must
have beyond its share is taken from the others, because it falls.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
ZERO, ONE = Fraction(0), Fraction(1)


def as_written(number: float) -> Fraction:
    """A number as a person wrote it: 0.1 is a tenth, and ten of them are one."""
    return Fraction(str(number))


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source may give, in the unit that is shared out: `least` to `most`, and at most `max_share` of the whole.
    Without a weight it gives nothing.
    """

    capability: str
    weight: Fraction
    most: Fraction
    least: Fraction = ZERO
    max_share: Fraction = ONE


def fill(total: Fraction, weights: Mapping[K, Fraction], capacity: Mapping[K, Fraction],
         least: Mapping[K, Fraction] | None = None) -> dict[K, Fraction]:
    """Share `total` out by `weights`, each between its `least` (default 0) and its `capacity`.

    Sums to `total`, or to the capacity of all with a weight where that is less, or to what they must have where that is
    more. `least` may not exceed `capacity`.
    """
    got = {name: ZERO for name in weights}
    open_names = {name for name, weight in weights.items() if weight > 0 and capacity[name] > 0}
    floor = {name: (least or {}).get(name, ZERO) for name in open_names}
    left = total
    while open_names:
        level = left / sum((weights[name] for name in open_names), ZERO)
        held = {name: min(max(level * weights[name], floor[name]), capacity[name]) for name in open_names}
        over = sum(held.values(), ZERO) - left
        if over == 0:
            return got | held
        # The true level lies lower if too much is held, so that who is raised to its least stays there; else higher.
        settled = {name for name in open_names
                   if (level * weights[name] < floor[name] if over > 0 else level * weights[name] > capacity[name])}
        for name in settled:
            got[name] = held[name]
            left -= held[name]
        open_names -= settled
    return got


def share_out(total: Fraction, offers: Mapping[K, Offer], priorities: Mapping[str, Fraction]) -> dict[K, Fraction]:
    """What each source is to give of `total`: by priority over the capabilities that have sources, then by weight.

    Where `max_share` keeps the whole from reaching `total`, it is the largest whole in which every share holds. A
    source's bounds win over its `least`.
    """
    giving = {name: offer for name, offer in offers.items() if offer.weight > 0 and priorities[offer.capability] > 0}
    whole = _whole(total, list(giving.values()))
    most = {name: min(offer.most, offer.max_share * whole) for name, offer in giving.items()}
    least = {name: min(offer.least, most[name]) for name, offer in giving.items()}
    members: dict[str, list[K]] = defaultdict(list)
    for name, offer in giving.items():
        members[offer.capability].append(name)
    shares = fill(whole, {key: priorities[key] for key in members},
                  {key: sum((most[name] for name in names), ZERO) for key, names in members.items()},
                  {key: sum((least[name] for name in names), ZERO) for key, names in members.items()})
    aims = {name: ZERO for name in offers}
    for key, names in members.items():
        aims |= fill(shares[key], {name: giving[name].weight for name in names},
                     {name: most[name] for name in names}, {name: least[name] for name in names})
    return aims


def _whole(total: Fraction, offers: list[Offer]) -> Fraction:
    """The largest whole up to `total` that sources with these bounds can make up.

    What they can give, as a function of the whole, is concave and made of straight pieces: going from the right along
    its tangents (Newton) ends at the largest whole that is given in full, after no more turns than there are pieces.
    """
    whole = min(total, sum((offer.most for offer in offers), ZERO))
    while True:
        slope = sum((offer.max_share for offer in offers if offer.max_share * whole < offer.most), ZERO)
        free = sum((offer.most for offer in offers if offer.max_share * whole >= offer.most), ZERO)
        if free + slope * whole >= whole:
            return whole
        whole = free / (1 - slope)
