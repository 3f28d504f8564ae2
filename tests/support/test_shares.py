"""Sharing out: one level for all, between bounds. Held to bisection in floats and to what the words say."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.support.shares import Offer, fill, share_out

PARTIES = st.dictionaries(
    st.sampled_from("abcde"), st.tuples(st.integers(0, 9), st.integers(0, 40), st.integers(0, 60)), min_size=1
)


@settings(max_examples=300)
@given(PARTIES, st.integers(0, 250))
def test_filling_is_one_level_between_bounds(parties: dict[str, tuple[int, int, int]], total: int) -> None:
    """Water filling: one level L, such that each gets L × weight within its bounds; found here by bisection."""
    weights = {name: Fraction(weight) for name, (weight, _, _) in parties.items()}
    capacity = {name: Fraction(most) for name, (_, _, most) in parties.items()}
    least = {name: Fraction(min(least, most)) for name, (_, least, most) in parties.items()}
    got = fill(Fraction(total), weights, capacity, least)
    there = [name for name in weights if weights[name] and capacity[name]]
    floor, room = sum(least[name] for name in there), sum(capacity[name] for name in there)
    assert sum(got.values()) == max(min(total, room), floor)
    low, high = 0.0, 1000.0
    for _ in range(100):
        level = (low + high) / 2
        full = sum(min(max(float(least[n]), level * float(weights[n])), float(capacity[n])) for n in there)
        low, high = (level, high) if full < min(total, room) else (low, level)
    for name in weights:
        wanted = min(max(float(least[name]), high * float(weights[name])), float(capacity[name]))
        assert float(got[name]) == pytest.approx(wanted if name in there else 0, abs=1e-6)


OFFERS = st.lists(
    st.builds(
        Offer,
        st.sampled_from("xyz"),
        st.integers(0, 5).map(Fraction),
        st.integers(0, 60).map(Fraction),
        st.integers(0, 30).map(Fraction),
        st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 5)]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=300)
@given(OFFERS, st.integers(0, 250))
def test_no_bound_and_no_share_is_passed_and_the_whole_is_the_largest(offers: list[Offer], total: int) -> None:
    named = dict(enumerate(offers))
    priorities = {"x": Fraction(2), "y": Fraction(1), "z": Fraction(0)}
    aims = share_out(Fraction(total), named, priorities)
    whole = sum(aims.values())
    for number, offer in named.items():
        assert 0 <= aims[number] <= offer.most and aims[number] <= offer.max_share * max(whole, Fraction(total))
        if not offer.weight or not priorities[offer.capability]:
            assert aims[number] == 0
    giving = [offer for offer in offers if offer.weight and priorities[offer.capability]]

    def can(size: float) -> bool:
        return sum(min(float(offer.most), float(offer.max_share) * size) for offer in giving) >= size - 1e-9

    if sum(min(offer.least, offer.most) for offer in giving) == 0:
        low, high = 0.0, float(total)  # what can be given is concave in the whole: all below the largest can be
        if not can(high):
            for _ in range(100):
                middle = (low + high) / 2
                low, high = (middle, high) if can(middle) else (low, middle)
            high = low
        assert float(whole) == pytest.approx(high, abs=1e-4)
        assert all(aims[n] <= offer.max_share * whole for n, offer in named.items())


def test_what_one_must_have_is_taken_from_the_others_by_their_weights() -> None:
    one = {name: Fraction(1) for name in "abc"}
    room = {name: Fraction(100) for name in "abc"}
    assert fill(Fraction(90), one, room, {"a": Fraction(60)}) == {"a": 60, "b": 15, "c": 15}
    assert fill(Fraction(90), one, room, {"a": Fraction(20)}) == {"a": 30, "b": 30, "c": 30}


def test_a_share_that_binds_makes_the_whole_smaller_where_the_others_have_no_more() -> None:
    """Half of the mixture at most, and the other has 30: 60 in all."""
    offers = {"a": Offer("x", Fraction(1), Fraction(1000), max_share=Fraction(1, 2)),
              "b": Offer("x", Fraction(1), Fraction(30))}
    assert share_out(Fraction(500), offers, {"x": Fraction(1)}) == {"a": 30, "b": 30}
