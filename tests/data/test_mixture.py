"""The stated rule, exactly, for any recipe and any rows; and what the words of the docs say of it."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data import naive_mixture
from data.naive_mixture import Row
from postgrad.data.mixture import Part, Unit, Wanted, Wish, as_config, from_config
from postgrad.data.weighed import Weighed, mix
from postgrad.records.types import Origin
from postgrad.support.errors import Mistake

CAPABILITY_OF = {"a1": "a", "a2": "a", "b1": "b", "c1": "c"}


def rows_of(sizes: dict[str, list[int]]) -> list[Row]:
    return [Row(f"{source}{i}", Origin(source, "f", i), CAPABILITY_OF[source], tokens)
            for source, members in sizes.items() for i, tokens in enumerate(members)]


def mixed(rows: list[Row], wanted: Wanted) -> tuple[list[Row], list[Part]]:
    """The rows in the order of writing, and the table."""
    weighed = Weighed(wanted.seed)
    for row in rows:
        weighed.add(row.content_id, row.origin, row.capability, row.tokens)
    made = mix(weighed, wanted)
    return [rows[position] for position in made.written()], list(made.parts)


def tokens_of(sizes: dict[str, list[int]], wanted: Wanted) -> dict[str, int]:
    return {part.source: part.tokens for part in mixed(rows_of(sizes), wanted)[1]}


NAMES = st.sampled_from(sorted(CAPABILITY_OF))
SIZES = st.dictionaries(NAMES, st.lists(st.integers(0, 60), min_size=1, max_size=12), min_size=1)
PRIORITIES = st.fixed_dictionaries({name: st.sampled_from([0, 0.2, 1, 1.5, 3]) for name in "abc"})
WISHES = st.builds(
    Wish, st.sampled_from([None, None, 0, 1, 2.5]), st.none() | st.integers(0, 30), st.none() | st.integers(0, 400),
    st.sampled_from([1, 1, 0.5, 0.2]), st.sampled_from([1, 1, 1, 2, 5]))
WANTED = st.builds(
    Wanted, PRIORITIES, st.integers(0, 3), st.none() | st.integers(0, 2000), st.sampled_from([1, 0.5, 0.1]),
    st.sampled_from(["tokens", "rows"]), st.sampled_from([0, 0.5, 1, 1.5, 2, 3]), st.dictionaries(NAMES, WISHES),
    st.frozensets(NAMES, max_size=2))


@settings(max_examples=500)
@given(SIZES, WANTED)
def test_the_same_rows_in_the_same_order_as_a_plain_implementation(
    sizes: dict[str, list[int]], wanted: Wanted
) -> None:
    try:
        written, _ = mixed(rows_of(sizes), wanted)
    except Mistake:
        assume(False)
    assert written == naive_mixture.mixture(rows_of(sizes), wanted)


@settings(max_examples=300)
@given(SIZES, WANTED)
def test_budget_bounds_and_table_hold(sizes: dict[str, list[int]], wanted: Wanted) -> None:
    try:
        written, parts = mixed(rows_of(sizes), wanted)
        whole, _ = mixed(rows_of(sizes), replace(wanted, left_out=frozenset()))
    except Mistake:
        assume(False)
    amount = naive_mixture.size
    giving = {name: [row for row in rows_of({name: own}) if row.tokens] for name, own in sizes.items()
              if wanted.wish(name).weight != 0 and wanted.priorities[CAPABILITY_OF[name]] > 0}
    there = sum(wanted.wish(name).repeat * amount(own, wanted) for name, own in giving.items())
    assert amount(whole, wanted) <= (wanted.share * there if wanted.amount is None else wanted.amount)
    a_row_each = sum(max((amount([row], wanted) for row in own), default=0) for own in giving.values())
    assert sum(part.tokens for part in parts) == sum(row.tokens for row in written)
    assert sum(part.copies for part in parts) == len(written)
    assert sum(part.rows for part in parts) == len({row.origin for row in written})
    for part in parts:
        wish, own = wanted.wish(part.source), [row for row in whole if row.origin.source == part.source]
        epochs = max(wanted.max_epochs, wish.repeat if wish.repeat > 1 else 0)
        assert len(own) <= epochs * part.available_rows
        assert sum(row.tokens for row in own) <= epochs * part.available_tokens
        assert wish.max_rows is None or len(own) <= wish.max_rows
        assert wish.max_tokens is None or sum(row.tokens for row in own) <= wish.max_tokens
        assert wish.max_share == 1 or (
            amount(own, wanted) <= wish.max_share * (amount(whole, wanted) + a_row_each) + 1e-9)
        often = [own.count(row) for row in rows_of({part.source: sizes[part.source]}) if row.tokens]
        assert max(often) - min(often) <= 1
        if wish.weight == 0 or wanted.priorities[part.capability] == 0 or part.left_out:
            assert part.tokens == part.copies == 0
        bound = wish.max_rows is not None or wish.max_tokens is not None or wish.max_share < 1 or wish.weight == 0
        if wish.repeat > 1 and not bound and wanted.priorities[part.capability] > 0:
            all_capped = any(one.max_share < 1 for one in wanted.sources.values())
            assert all_capped or min(often) >= wish.repeat


@settings(max_examples=200)
@given(SIZES, WANTED, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_files_plays_no_part(
    sizes: dict[str, list[int]], wanted: Wanted, chance: random.Random
) -> None:
    rows = rows_of(sizes)
    shuffled = rows[:]
    chance.shuffle(shuffled)
    try:
        first = mixed(rows, wanted)
    except Mistake:
        assume(False)
    assert first == mixed(shuffled, wanted)


@settings(max_examples=200)
@given(SIZES, WANTED)
def test_leaving_out_takes_rows_away_and_changes_no_other(sizes: dict[str, list[int]], wanted: Wanted) -> None:
    try:
        whole, _ = mixed(rows_of(sizes), replace(wanted, left_out=frozenset()))
        without, parts = mixed(rows_of(sizes), wanted)
    except Mistake:
        assume(False)
    # Copies of an epoch stand together, so that epochs that only the left-out have move nothing among the others.
    assert without == [row for row in whole if row.origin.source not in wanted.left_out]
    assert {part.source for part in parts if part.left_out} == {part.source for part in parts} & wanted.left_out
    assert sum(part.target_share for part in parts) == pytest.approx(1) or not any(part.target_share for part in parts)


def test_equal_texts_stand_by_source_file_and_row() -> None:
    rows = [Row("same", Origin(source, file, row), CAPABILITY_OF[source], 1)
            for source in ("b1", "a1") for file in ("g", "f") for row in (2, 11, 1)]
    written, _ = mixed([*rows, *rows_of({"c1": [1] * 20})], Wanted({"a": 1, "b": 1, "c": 1}, 0, max_epochs=1))
    same = [(row.origin.source, row.origin.file, row.origin.row) for row in written if row.content_id == "same"]
    assert same == sorted(same) and len(same) == 12


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 9))
def test_feasible_shares_are_reached_to_within_a_row_a_source(first: int, second: int, seed: int) -> None:
    sizes = {"a1": [7] * 300, "b1": [5] * 300}
    wanted = Wanted({"a": first, "b": second}, seed, 1400, max_epochs=2)
    _, parts = mixed(rows_of(sizes), wanted)
    for part, priority, row in zip(parts, (first, second), (7, 5), strict=True):
        aim = 1400 * priority / (first + second)
        assert aim - row < part.tokens <= aim and part.target_share == pytest.approx(priority / (first + second))


def test_within_a_capability_rows_are_the_weights_unless_weights_are_given() -> None:
    sizes = {"a1": [1] * 100, "a2": [1] * 300}
    assert tokens_of(sizes, Wanted({"a": 1}, 0, 80)) == {"a1": 20, "a2": 60}
    weighted = {"a1": Wish(weight=3), "a2": Wish(weight=1)}
    assert tokens_of(sizes, Wanted({"a": 1}, 0, 80, sources=weighted)) == {"a1": 60, "a2": 20}


def test_what_a_source_cannot_give_goes_first_to_its_capability_then_to_the_others_by_priority() -> None:
    sizes = {"a1": [1] * 10, "a2": [1] * 100, "b1": [1] * 1000, "c1": [1] * 1000}
    even = {"a1": Wish(weight=1), "a2": Wish(weight=1)}
    wanted = Wanted({"a": 2, "b": 1, "c": 1}, 0, 200, max_epochs=1, sources=even)
    assert tokens_of(sizes, wanted) == {"a1": 10, "a2": 90, "b1": 50, "c1": 50}
    wanted = Wanted({"a": 6, "b": 3, "c": 1}, 0, 400, max_epochs=1)  # a aims at 240 and has 110: 130 left, 3 to 1
    assert tokens_of(sizes, wanted) == {"a1": 10, "a2": 100, "b1": 217, "c1": 72}  # 217.5 and 72.5, whole rows only
    capped = {"a1": Wish(max_tokens=5), "a2": Wish(max_rows=20), "b1": Wish(max_share=0.25)}
    wanted = Wanted({"a": 6, "b": 3, "c": 1}, 0, 400, max_epochs=1, sources=capped)
    assert tokens_of(sizes, wanted) == {"a1": 5, "a2": 20, "b1": 100, "c1": 275}


@pytest.mark.parametrize("shares", [
    [0.7, 0.3], [0.6, 0.4], [0.25] * 4, [0.5, 0.3, 0.2], [0.34, 0.33, 0.33], [0.5, 0.5], [0.1] * 10, [0.5, 0.3, 0.3],
    [1, 0.2]])
@pytest.mark.parametrize("unit", ["tokens", "rows"])
def test_shares_that_reach_one_do_not_make_the_mixture_smaller(shares: list[float], unit: Unit) -> None:
    """Where there are rows enough, it ends less than a row a source below T, and no source has more than its share of
    T: of what was reached, it has more by no more than its share of those rows."""
    chance, budget = random.Random(len(shares)), 20_000 if unit == "tokens" else 500
    weighed = Weighed(0)
    for source in range(len(shares)):
        for row in range(2000):
            weighed.add(f"{source}/{row}", Origin(f"s{source}", "f", row), "a", chance.randrange(20, 201))
    wishes = {f"s{number}": Wish(max_share=share) for number, share in enumerate(shares)}
    parts = mix(weighed, Wanted({"a": 1}, 0, budget, unit=unit, sources=wishes)).parts
    got = {part.source: part.tokens if unit == "tokens" else part.copies for part in parts}
    a_row_each = len(shares) * (200 if unit == "tokens" else 1)
    assert budget - a_row_each < sum(got.values()) <= budget
    for source, wish in wishes.items():
        assert got[source] <= Decimal(repr(wish.max_share)) * budget
        assert got[source] <= wish.max_share * (sum(got.values()) + a_row_each)


def test_a_source_without_a_weight_is_no_part_of_the_budget_that_nobody_named() -> None:
    sizes = {"a1": [10] * 100, "b1": [10] * 100}
    for wanted in (Wanted({"a": 1, "b": 1}, 0, sources={"a1": Wish(weight=0)}), Wanted({"a": 0, "b": 1}, 0)):
        written, parts = mixed(rows_of(sizes), wanted)
        assert {part.source: (part.tokens, part.epochs) for part in parts} == {"a1": (0, 0.0), "b1": (1000, 1.0)}
        assert len(written) == len(set(written)) == 100
        assert sum(part.tokens for part in mixed(rows_of(sizes), replace(wanted, share=0.3))[1]) == 300


def test_numbers_are_what_they_are_written_as() -> None:
    """0.3 as a float is a little less than three tenths, which would lose a row of ten."""
    _, parts = mixed(rows_of({"a1": [1] * 10}), Wanted({"a": 1}, 0, share=0.3))
    assert parts[0].rows == 3
    _, parts = mixed(rows_of({"a1": [1] * 100, "b1": [1] * 100}), Wanted({"a": 0.1, "b": 0.2}, 0, 30))
    assert [part.rows for part in parts] == [10, 20]


def test_without_a_budget_all_there_is_is_the_aim() -> None:
    sizes = {"a1": [3] * 50, "b1": [3] * 150}
    written, parts = mixed(rows_of(sizes), Wanted({"a": 1, "b": 1}, 0))
    assert [(part.tokens, part.epochs) for part in parts] == [(300, 2.0), (300, pytest.approx(2 / 3))]
    assert {written.count(row) for row in written if row.origin.source == "a1"} == {2}
    assert sum(part.tokens for part in mixed(rows_of(sizes), Wanted({"a": 1, "b": 1}, 0, share=0.25))[1]) == 150


def test_rows_are_shared_out_where_rows_are_the_unit() -> None:
    sizes = {"a1": [100] * 50, "b1": [1] * 150}
    _, parts = mixed(rows_of(sizes), Wanted({"a": 1, "b": 3}, 0, 40, unit="rows"))
    assert [(part.copies, part.tokens, part.reached_share) for part in parts] == [(10, 1000, 0.25), (30, 30, 0.75)]


def test_repeated_rows_are_there_so_often_and_the_others_make_room() -> None:
    sizes = {"a1": [1] * 24, "a2": [1] * 1000}
    written, parts = mixed(rows_of(sizes), Wanted({"a": 1}, 0, 500, max_epochs=1, sources={"a1": Wish(repeat=10)}))
    assert [(part.copies, part.rows, part.epochs) for part in parts] == [(240, 24, 10.0), (260, 260, 0.26)]
    assert {written.count(row) for row in written if row.origin.source == "a1"} == {10}


def test_repeating_more_than_the_budget_is_a_mistake_that_says_so() -> None:
    with pytest.raises(Mistake, match="`repeat` of a1 asks for 240 tokens, more than the 200 of the mixture"):
        mixed(rows_of({"a1": [1] * 24}), Wanted({"a": 1}, 0, 200, sources={"a1": Wish(repeat=10)}))


def test_another_seed_takes_other_rows_and_epochs_follow_each_other() -> None:
    rows = rows_of({"a1": [1] * 100})
    first, second = (mixed(rows, Wanted({"a": 1}, seed, 150))[0] for seed in (1, 2))
    assert set(first[100:]) != set(second[100:]) and len(first) == len(second) == 150
    assert first[:100] != rows and set(first[:100]) == set(rows) and first[100:] == first[:50]


# Tülu 3's SFT mixture, arXiv 2411.15124 Table 7: rows by source and skill; "hardcoded" is 24 rows ten times.
TULU_3 = {
    "hardcoded": ("general", 240), "open_assistant": ("general", 7_132), "no_robots": ("general", 9_500),
    "wildchat": ("general", 100_000), "flan": ("knowledge", 89_982), "sciriff": ("knowledge", 10_000),
    "table_gpt": ("knowledge", 5_000), "persona_math": ("math", 149_960), "persona_gsm": ("math", 49_980),
    "persona_algebra": ("math", 20_000), "open_math_instruct": ("math", 50_000), "numina_tir": ("math", 64_312),
    "persona_python": ("code", 34_999), "evol_code": ("code", 107_276), "coconot": ("safety", 10_983),
    "wildjailbreak": ("safety", 50_000), "wildguard": ("safety", 50_000), "aya": ("multilingual", 100_000),
    "persona_if": ("instructions", 29_980)}


@pytest.mark.parametrize(("unit", "epochs"), [("tokens", 1.0), ("rows", 1.0), ("rows", 2.0)])
def test_without_a_budget_the_published_mixture_comes_out_to_the_row(unit: str, epochs: float) -> None:
    """For one epoch whatever the priorities, as all is full; for more where priorities are the capabilities' rows."""
    assert sum(rows for _, rows in TULU_3.values()) == 939_344  # as the paper adds them up
    weighed, chance = Weighed(8), random.Random(8)
    priorities: dict[str, float] = {}
    for source, (capability, rows) in TULU_3.items():
        priorities[capability] = priorities.get(capability, 0) + rows
        for row in range(24 if source == "hardcoded" else rows):
            weighed.add(f"{source}{row}", Origin(source, source, row), capability, chance.randrange(1, 900))
    if epochs == 1:
        priorities = {name: chance.choice([0.2, 1.0, 5.0]) for name in priorities}
    repeated = {"hardcoded": Wish(repeat=10)}
    made = mix(weighed, Wanted(priorities, 8, unit=unit, max_epochs=epochs, sources=repeated))  # type: ignore[arg-type]
    assert {part.source: part.copies for part in made.parts} == {name: rows for name, (_, rows) in TULU_3.items()}


@given(WANTED)
def test_what_is_wanted_survives_being_written_as_json(wanted: Wanted) -> None:
    assert from_config(as_config(wanted)) == replace(
        wanted, sources={name: wish for name, wish in wanted.sources.items() if wish != Wish()})


@pytest.mark.parametrize("wrong", [{"max_epochs": -1}, {"priorities": {"a": -1.0}}, {"amount": -1}, {"share": -0.1}])
def test_negative_settings_are_mistakes(wrong: dict[str, object]) -> None:
    with pytest.raises(Mistake):
        Wanted(**{"priorities": {"a": 1.0}, "seed": 0, **wrong})  # type: ignore[arg-type]
    with pytest.raises(Mistake):
        Wish(weight=float("nan"))


def test_a_capability_without_priority_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="has no priority"):
        mixed(rows_of({"a1": [1]}), Wanted({"b": 1.0}, 0))
