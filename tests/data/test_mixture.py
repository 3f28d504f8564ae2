"""The stated formula: caps, shares and sums, exactly, for any recipe and any rows."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.data.mixture import Wanted, Weighed, fill, mix, written_order
from postgrad.records.types import Origin
from postgrad.support.errors import Mistake

CAPABILITY_OF = {"a1": "a", "a2": "a", "b1": "b", "c1": "c"}


def rows_of(sizes: dict[str, list[int]]) -> list[Weighed]:
    return [
        Weighed(f"{source}{i}", Origin(source, "f", i), CAPABILITY_OF[source], source, tokens)
        for source, members in sizes.items()
        for i, tokens in enumerate(members)
    ]


SIZES = st.dictionaries(
    st.sampled_from(sorted(CAPABILITY_OF)), st.lists(st.integers(1, 60), min_size=1, max_size=12), min_size=1
)
PRIORITIES = st.fixed_dictionaries({name: st.sampled_from([0, 0.2, 1, 1.5, 3]) for name in "abc"})
WANTED = st.builds(
    Wanted,
    PRIORITIES,
    st.integers(0, 3),
    st.none() | st.integers(0, 2000),
    st.sampled_from([0, 0.5, 1, 1.5, 2, 3]),
    st.none() | st.dictionaries(st.sampled_from(sorted(CAPABILITY_OF)), st.sampled_from([0, 1, 2.5])),
)


@settings(max_examples=300)
@given(SIZES, WANTED)
def test_caps_sums_and_zeros_hold(sizes: dict[str, list[int]], wanted: Wanted) -> None:
    rows = rows_of(sizes)
    taken, parts = mix(rows, wanted)
    total = sum(map(sum, sizes.values())) if wanted.tokens is None else wanted.tokens
    tokens = {row.origin: row.tokens for row in rows}
    assert sum(times * tokens[origin] for origin, times in taken.items()) == sum(part.tokens for part in parts) <= total
    for part in parts:
        mine = [times for origin, times in taken.items() if origin.source == part.source]
        assert sum(mine) <= wanted.max_epochs * len(sizes[part.source]) and all(times >= 1 for times in mine)
        assert part.tokens <= wanted.max_epochs * sum(sizes[part.source])
        assert max(mine, default=0) - (min(mine, default=0) if len(mine) == len(sizes[part.source]) else 0) <= 1
        weightless = (wanted.weights or {}).get(part.source, 1) == 0
        if wanted.priorities[part.capability] == 0 or weightless:
            assert part.tokens == 0


@settings(max_examples=200)
@given(SIZES, WANTED, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_files_plays_no_part(
    sizes: dict[str, list[int]], wanted: Wanted, chance: random.Random
) -> None:
    rows = rows_of(sizes)
    shuffled = rows[:]
    chance.shuffle(shuffled)
    taken, parts = mix(rows, wanted)
    again, same_parts = mix(shuffled, wanted)
    assert taken == again and parts == same_parts
    assert written_order(rows, taken, wanted.seed) == written_order(shuffled, again, wanted.seed)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 9))
def test_feasible_shares_are_reached_to_within_a_row_a_source(first: int, second: int, seed: int) -> None:
    sizes = {"a1": [7] * 300, "b1": [5] * 300}
    wanted = Wanted({"a": first, "b": second}, seed, 1400, 2)
    _, parts = mix(rows_of(sizes), wanted)
    for part, priority, row in zip(parts, (first, second), (7, 5), strict=True):
        aim = 1400 * priority / (first + second)
        assert aim - row < part.tokens <= aim and part.target_share == pytest.approx(priority / (first + second))


def test_within_a_capability_rows_are_the_weights_unless_weights_are_given() -> None:
    sizes = {"a1": [1] * 100, "a2": [1] * 300}
    assert [part.tokens for part in mix(rows_of(sizes), Wanted({"a": 1}, 0, 80))[1]] == [20, 60]
    assert [part.tokens for part in mix(rows_of(sizes), Wanted({"a": 1}, 0, 80, weights={"a1": 3, "a2": 1}))[1]] == [
        60,
        20,
    ]


def test_what_a_source_cannot_give_goes_first_to_its_capability_then_to_the_others_by_priority() -> None:
    sizes = {"a1": [1] * 10, "a2": [1] * 100, "b1": [1] * 1000, "c1": [1] * 1000}
    wanted = Wanted({"a": 2, "b": 1, "c": 1}, 0, 200, 1, weights={"a1": 1, "a2": 1})
    assert {part.source: part.tokens for part in mix(rows_of(sizes), wanted)[1]} == {
        "a1": 10,
        "a2": 90,
        "b1": 50,
        "c1": 50,
    }
    wanted = Wanted({"a": 6, "b": 3, "c": 1}, 0, 400, 1)  # a aims at 240 and has 110: 130 left, 3 to 1
    tokens = {part.source: part.tokens for part in mix(rows_of(sizes), wanted)[1]}
    assert tokens == {"a1": 10, "a2": 100, "b1": 217, "c1": 72}  # 217.5 and 72.5, whole rows only


def test_without_tokens_all_there_is_is_the_aim() -> None:
    sizes = {"a1": [3] * 50, "b1": [3] * 150}
    taken, parts = mix(rows_of(sizes), Wanted({"a": 1, "b": 1}, 0, None, 2))
    assert [(part.tokens, part.epochs) for part in parts] == [(300, 2.0), (300, pytest.approx(2 / 3))]
    assert {times for origin, times in taken.items() if origin.source == "a1"} == {2}


def test_another_seed_takes_other_rows_and_epochs_follow_each_other() -> None:
    rows = rows_of({"a1": [1] * 100})
    first, second = (mix(rows, Wanted({"a": 1}, seed, 150))[0] for seed in (1, 2))
    assert first != second and sum(first.values()) == sum(second.values()) == 150
    order = written_order(rows, first, 1)
    assert [epoch for epoch, _ in order] == [0] * 100 + [1] * 50 and len({row.origin for _, row in order[100:]}) == 50


@given(
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(0, 9), st.integers(0, 50)), min_size=1),
    st.integers(0, 150),
)
def test_filling_is_the_fair_share_under_capacity(given_: dict[str, tuple[int, int]], total: int) -> None:
    """Water filling: one level L, such that each gets min(capacity, L × weight); found here by bisection."""
    weights = {name: Fraction(weight) for name, (weight, _) in given_.items()}
    capacity = {name: Fraction(room) for name, (_, room) in given_.items()}
    got = fill(Fraction(total), weights, capacity)
    room = sum(capacity[name] for name in weights if weights[name])
    assert sum(got.values()) == min(total, room)
    low, high = 0.0, 1000.0
    for _ in range(100):
        level = (low + high) / 2
        full = sum(min(capacity[name], level * float(weights[name])) for name in weights)
        low, high = (level, high) if full < min(total, room) else (low, level)
    for name in weights:
        assert float(got[name]) == pytest.approx(min(float(capacity[name]), high * float(weights[name])), abs=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"max_epochs": -1}, {"priorities": {"a": -1.0}}, {"tokens": -1}, {"weights": {"a1": float("nan")}}]
)
def test_negative_settings_are_mistakes(wrong: dict[str, object]) -> None:
    with pytest.raises(Mistake):
        Wanted(**{"priorities": {"a": 1.0}, "seed": 0, **wrong})  # type: ignore[arg-type]


def test_a_capability_without_priority_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="has no priority"):
        mix(rows_of({"a1": [1]}), Wanted({"b": 1.0}, 0))
