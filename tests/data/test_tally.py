"""What rows give away, counted piece by piece: held to counting over all rows at once, in plain Python."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.overlaps import Given, Overlap
from postgrad.data.tally import Tally

PAIRS = [[("a", 0)], [("a", 0), ("a", 1)], [("a", 2), ("b", 0)], [("b", 0), ("b", 3)]]
OVERLAPS = [tuple(Overlap(task, item, 1.0) for task, item in pairs) for pairs in PAIRS]
GIVENS = [Given(number, len(pairs), tuple(dict(pairs)), lambda number=number: OVERLAPS[number])  # type: ignore[misc]
          for number, pairs in enumerate(PAIRS)]
ROWS = st.lists(st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(GIVENS)), max_size=20)


@given(ROWS, st.lists(st.integers(0, 20), max_size=4), st.integers(0, 12))
def test_pieces_put_together_are_what_one_count_over_all_rows_gives(
    rows: list[tuple[str, Given]], cuts: list[int], most: int
) -> None:
    tally: Tally[int] = Tally(most)
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    workers: list[Tally[int]] = [Tally(most), Tally(most)]
    for piece, (start, end) in enumerate(pairwise(edges)):
        worker = workers[piece % 2]
        for row in range(start, end):
            worker.add(rows[row][0], row, rows[row][1])
        tally.extend(worker.handed_on())
    every = [(source, row, overlap) for row, (source, given) in enumerate(rows) for overlap in given.overlaps()]
    assert tally.rows == Counter(pair for pair, _ in {((source, o.task), row) for source, row, o in every})
    assert {(pair, item) for pair, items in tally.items.items() for item in items} == {
        ((source, o.task), o.item) for source, _, o in every}
    assert tally.listed == [(row, o) for _, row, o in every][:most]
    assert tally.beyond == max(0, len(every) - most)


def test_equal_rows_are_gone_through_once_a_source() -> None:
    asked: list[int] = []

    def overlaps() -> tuple[Overlap, ...]:
        asked.append(1)
        return tuple(Overlap("a", item, 1.0) for item in range(100))

    tally, given = Tally[int](0), Given(7, 100, ("a",), overlaps)
    for row in range(1000):
        tally.add("xy"[row % 2], row, given)
        if row % 100 == 0:
            tally.handed_on()
    assert len(asked) == 2 and tally.beyond == 99 * 100
