"""Exact and near duplicates of records against the stated rule carried out on every pair of rows."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.making import deduplicated, example, problem
from data.naive_duplicates import Pair, kept, kept_pairs, likeness, likeness_of_pairs
from postgrad.data.deduplicate import EXACT, Rule
from postgrad.data.deduplicate_tables import compare, hand_on
from postgrad.data.rows import Handled, Record
from postgrad.records.tables import table_of
from postgrad.records.types import Example, LedgerEntry, Preference
from postgrad.support.errors import Mistake
from postgrad.support.parallel import Workers

PRIORITIES = {"high": 2.0, "low": 0.5}
LICENCES = ["CC0-1.0", "MIT", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "no such licence"]  # the freer first
SAID = st.sampled_from(["a b", "a  b", " a b\n", "A b", "é", "e\u0301", "a\u00a0b", "ab"])


def run(rows: Sequence[Record], rule: Rule = EXACT) -> list[Handled]:
    return deduplicated(rows, PRIORITIES, rule)


def same(one: Record, other: Record) -> bool:
    """Equal after NFC with white space collapsed, turn by turn; said in other words than the code's."""

    def plain(text: str) -> str:
        return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip(" ")

    return [(m.role, plain(m.content)) for m in one.messages] == [(m.role, plain(m.content)) for m in other.messages]


def better(one: Record, other: Record) -> bool:
    """One before the other in the stated order: priority, length as written (later ones lose at equal rank)."""

    def rank(row: Record) -> tuple[float, int]:
        return PRIORITIES[row.capability], sum(len(m.content) for m in row.messages)

    return rank(one) >= rank(other) if rows_before(one, other) else rank(one) > rank(other)


def rows_before(one: Record, other: Record) -> bool:
    return one.parents[0].row < other.parents[0].row


@given(st.lists(st.tuples(SAID, SAID, st.sampled_from(["high", "low"])), max_size=12))
def test_of_each_set_of_equal_rows_the_best_one_stays(said: list[tuple[str, str, str]]) -> None:
    rows: list[Record] = [example(prompt, answer, row=i, capability=c) for i, (prompt, answer, c) in enumerate(said)]
    for row, handled in zip(rows, run(rows), strict=True):
        equal = [other for other in rows if other is not row and same(row, other)]
        best = all(better(row, other) for other in equal)
        assert (handled.record is not None) == best
        if handled.record is not None:
            assert handled.record.parents[0] == row.parents[0]
            assert set(handled.record.parents) == {o.parents[0] for o in [row, *equal]}
            assert handled.record.messages == row.messages


def test_every_line_is_accounted_for_once() -> None:
    rows: list[Record] = [example("a", "b", row=i) for i in range(3)] + [example("c", "d", row=3)]
    handled = run(rows)
    assert [[(e.action, e.reason, e.detail) for e in h.entries] for h in handled] == [
        [("keep", "best of its duplicates", "of 3")],
        [("drop", "duplicate", f"of s, file {'f' * 12}, row 0")],
        [("drop", "duplicate", f"of s, file {'f' * 12}, row 0")],
        [],
    ]


def test_two_processes_decide_the_same(tmp_path: Path) -> None:
    rows = [example(f"what is {number % 7} and {number % 3}?", "this", row=number) for number in range(60)]
    batches = table_of(Example, rows).to_batches(max_chunksize=20)
    found = []
    for workers in (Workers(1), Workers(2)):
        entries: list[LedgerEntry] = []
        compared = compare("examples", batches, {}, tmp_path, Rule(near=0.8), workers)
        found.append((pa.concat_tables(hand_on(batches, compared, entries.append)).to_pylist(), entries))
    assert found[0] == found[1] and 0 < len(found[0][0]) < 60


def test_parents_of_an_earlier_merge_are_kept() -> None:
    first = run([example("a", "b", row=0), example("a", "b", row=1)])[0].record
    assert first is not None
    merged = run([first, example("a ", "b", row=2)])
    assert [h.record is None for h in merged] == [True, False]
    assert merged[1].record is not None and [o.row for o in merged[1].record.parents] == [2, 0, 1]


def test_a_prompt_has_one_ground_truth() -> None:
    rows: list[Record] = [problem("1+1?", "2", row=0), problem("1+1?", "3", row=1), problem("1+1? ", "2", row=2)]
    handled = run(rows)
    assert [h.entries[0].reason for h in handled] == [
        "duplicate",
        "same prompt, another ground truth",
        "best of its duplicates",
    ]
    assert handled[2].record is not None and handled[2].record.ground_truth == "2"  # the longest as written


def test_other_roles_other_turns_and_other_case_are_not_duplicates() -> None:
    rows: list[Record] = [
        example(*turns, row=row)
        for row, turns in enumerate([("a", "b"), ("a b",), ("ab",), ("A", "b"), ("a", "b", "c", "d")])
    ]
    assert all(h.record is not None for h in run(rows))


FEW_WORDS = st.lists(st.sampled_from(["red", "Red", "fox", "7"]), max_size=4).map(" ".join)
"""With their answers at most six shingles: near at 0.9 is then the same set, which no signature misses."""


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(FEW_WORDS, FEW_WORDS, st.sampled_from(["high", "low"]), st.sampled_from(LICENCES)), max_size=12
    ),
    st.booleans(),
    st.sampled_from([None, 0.9]),
    st.sampled_from(["all", "user"]),
)
def test_the_stated_rule_pair_by_pair(
    said: list[tuple[str, str, str, str]], exact: bool, near: float | None, turns: str
) -> None:
    if not exact and near is None:
        return
    rows: list[Record] = [
        replace(example(prompt, answer, row=number, capability=capability), licence=licence)
        for number, (prompt, answer, capability, licence) in enumerate(said)
    ]
    # a turn's end stands for itself: exact duplicates agree turn by turn
    compared = [f"{prompt} \uf8ff {answer}" if turns == "all" else prompt for prompt, answer, *_ in said]
    ranks = [
        (PRIORITIES[capability], -LICENCES.index(licence), len(prompt) + len(answer))
        for prompt, answer, capability, licence in said
    ]
    handled = run(rows, Rule(exact, near, turns))  # type: ignore[arg-type]
    stays = {number for number, row in enumerate(handled) if row.record is not None}
    assert stays == kept(compared, ranks, exact, near)
    stood_for = sorted(origin.row for row in handled if row.record is not None for origin in row.record.parents)
    assert stood_for == list(range(len(rows)))  # every line is a parent of exactly one row that stays


def test_a_near_duplicate_names_its_keeper_and_how_near_it_is() -> None:
    words = [f"w{'abcdefghij'[at // 10]}{'abcdefghij'[at % 10]}" for at in range(60)]
    texts = [" ".join(words), " ".join([*words[:30], "other", *words[31:]]), " ".join(reversed(words))]
    handled = run([example(text, "yes", row=row) for row, text in enumerate(texts)], Rule(near=0.8))
    expected = likeness(f"{texts[0]} yes", f"{texts[1]} yes")
    left = next(row for row in handled[:2] if row.record is None).entries[0]
    stayed = next(row for row in handled[:2] if row.record is not None)
    assert stayed.record is not None and handled[2].record is not None and not handled[2].entries
    assert left.reason == "near duplicate"
    assert left.detail == f"{expected:.3f} of s, file {'f' * 12}, row {stayed.record.parents[0].row}"
    assert [(e.reason, e.detail) for e in stayed.entries] == [("best of its duplicates", "of 2")]


def test_an_exact_duplicate_of_a_row_that_leaves_goes_where_that_goes() -> None:
    long = " ".join(f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh")
    rows: list[Record] = [example(f"{long} end"), example(long, row=1), example(f" {long}", row=2)]
    handled = run(rows, Rule(near=0.8))
    assert [row.record is None for row in handled] == [False, True, True]
    assert [row.entries[0].reason for row in handled[1:]] == ["near duplicate"] * 2
    assert handled[0].record is not None and [o.row for o in handled[0].record.parents] == [0, 1, 2]


def test_rows_without_words_are_near_nothing() -> None:
    rows: list[Record] = [example("?!", row=0), example("!?", row=1), example("?!", row=2)]
    assert [row.record is None for row in run(rows, Rule(near=0.8))] == [False, False, True]


def test_near_prompts_with_other_answers_are_said_apart() -> None:
    asked = "what is the sum of these two numbers please tell me now and show how you did it"
    asked_so = (f"{asked} thanks", "1"), (asked, "2"), (asked.upper(), "1")
    handled = run([problem(prompt, truth, row=row) for row, (prompt, truth) in enumerate(asked_so)], Rule(near=0.8))
    assert [row.entries[0].reason for row in handled] == [
        "best of its duplicates", "near prompt, another ground truth", "near duplicate"]


def preference(pair: Pair, row: int) -> Preference:
    """A pair, or a completion with a label where one answer is None."""
    prompt, chosen, rejected = pair
    asked = example(prompt, row=row)
    made = Preference("c", asked.parents, asked.messages, "s", "MIT", "high")
    if chosen is not None and rejected is not None:
        return replace(made, chosen=chosen, rejected=rejected)
    return replace(made, completion=chosen if rejected is None else rejected, label=rejected is None)


def stays(pairs: list[Pair], rule: Rule) -> set[int]:
    handled = run([preference(pair, row) for row, pair in enumerate(pairs)], rule)
    return {row for row, one in enumerate(handled) if one.record is not None}


def test_what_is_chosen_and_what_is_rejected_is_told_apart() -> None:
    pairs: list[Pair] = [("which one?", "this", "that"), ("which one?", "that", "this"), ("which one?", "this", "that")]
    assert stays(pairs, EXACT) == {0, 1}


LONG = " ".join(f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh")


@pytest.mark.parametrize("pairs", [
    [(LONG, "yes it is", None), (LONG, None, "yes it is")],  # one completion, called good and bad
    [(LONG, "yes it is", "no it is not"), (LONG, "no it is not", "yes it is")],
    [(LONG, f"{LONG} first", f"{LONG} other"), (LONG, f"{LONG} other", f"{LONG} first")],  # each near the other
    [(LONG, "2 + 2", "2 - 2"), (LONG, "2 - 2", "2 + 2")],  # nothing that tokens tell apart
    [(LONG, "\U0001f44d", "\U0001f44e"), (LONG, "\U0001f44e", "\U0001f44d")],
])
def test_rows_that_contradict_each_other_both_stay(pairs: list[Pair]) -> None:
    assert stays(pairs, Rule(near=0.8)) == {0, 1}
    assert stays([*pairs, *pairs], Rule(near=0.8)) == {0, 1}
    assert stays(pairs, Rule(near=0.8, turns="user")) == {0}  # prompts alone were asked for


def test_a_near_preference_leaves_with_the_likeness_of_its_least_like_part() -> None:
    pairs: list[Pair] = [(f"{LONG} please", f"{LONG} zz first", LONG), (LONG, f"{LONG} first", LONG[3:])]
    pairs.append((LONG, f"{LONG} zz first", LONG[:-3]))
    rule = Rule(near=0.5)
    handled = run([preference(pair, row) for row, pair in enumerate(pairs)], rule)
    assert {row for row, one in enumerate(handled) if one.record is not None} == kept_pairs(
        pairs, [(sum(len(text or "") for text in pair),) for pair in pairs], 0.5) == {0, 1}
    assert handled[2].entries[0].detail.startswith(f"{likeness_of_pairs(pairs[0], pairs[2]):.3f} of s,")


ANSWER = st.lists(st.sampled_from(["red", "Red", "fox"]), max_size=3).map(" ".join)


@settings(deadline=None)
@given(st.lists(st.tuples(ANSWER, st.none() | ANSWER, st.none() | ANSWER).filter(lambda pair: pair[1:] != (None, None)),
                max_size=14))
def test_preferences_pair_by_pair(pairs: list[Pair]) -> None:
    """At 0.9 parts so short are near only where they are the same, which no signature misses."""
    ranks = [(sum(len(text or "") for text in pair),) for pair in pairs]
    assert stays(pairs, Rule(near=0.9)) == kept_pairs(pairs, ranks, 0.9)


@pytest.mark.parametrize("rule", [dict(exact=False), dict(near=0.3), dict(near=2.0), dict(turns="answers")])
def test_a_rule_that_cannot_be_is_a_mistake(rule: dict[str, object]) -> None:
    with pytest.raises(Mistake):
        Rule(**rule)  # type: ignore[arg-type]
