"""Exact duplicates against a brute-force comparison of every pair of rows."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from data.making import example, problem
from postgrad.data.deduplicate import deduplicate
from postgrad.data.rows import Handled, Record

PRIORITIES = {"high": 2.0, "low": 0.5}
SAID = st.sampled_from(["a b", "a  b", " a b\n", "A b", "é", "e\u0301", "a\u00a0b", "ab"])


def run(rows: list[Record]) -> list[Handled]:
    return list(deduplicate(lambda: iter(rows), PRIORITIES))


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
        example("a", "b"),
        example("a b"),
        example("ab"),
        example("A", "b"),
        example("a", "b", "c", "d"),
    ]
    assert all(h.record is not None for h in run(rows))
