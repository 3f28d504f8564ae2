"""What rows give away, counted piece by piece: held to counting over all rows at once, in plain Python."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.overlaps import Given, Overlap
from postgrad.data.tally import Tally

PAIRS = [[("a", 0)], [("a", 0), ("a", 1)], [("a", 2), ("b", 0)], [("b", 0), ("b", 3)]]
GIVENS = [Given(number, tuple(Overlap(task, item, 1.0) for task, item in pairs), tuple(dict(pairs)))
          for number, pairs in enumerate(PAIRS)]
ROWS = st.lists(st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(GIVENS)), max_size=20)


@given(ROWS, st.lists(st.integers(0, 20), max_size=4), st.integers(0, 12))
def test_pieces_put_together_are_what_one_count_over_all_rows_gives(
    rows: list[tuple[str, Given]], cuts: list[int], most: int
) -> None:
    tally: Tally[int] = Tally(most)
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    for start, end in pairwise(edges):
        piece: Tally[int] = Tally(most)
        for row in range(start, end):
            piece.add(rows[row][0], row, rows[row][1])
        tally.extend(piece)
    every = [(source, row, overlap) for row, (source, given) in enumerate(rows) for overlap in given.overlaps]
    assert tally.rows == Counter(pair for pair, _ in {((source, o.task), row) for source, row, o in every})
    assert {(pair, item) for pair, items in tally.items.items() for item in items} == {
        ((source, o.task), o.item) for source, _, o in every}
    assert tally.listed == [(row, o) for _, row, o in every][:most]
    assert tally.beyond == max(0, len(every) - most)


class Gone(tuple[Overlap, ...]):
    """Counts how often it is gone through."""

    times = 0

    def __iter__(self) -> Iterator[Overlap]:
        Gone.times += 1
        return super().__iter__()


def test_equal_rows_are_gone_through_once_a_source() -> None:
    tally: Tally[int] = Tally(0)
    overlaps = Gone(Overlap("a", item, 1.0) for item in range(100))
    for row in range(1000):
        tally.add("xy"[row % 2], row, Given(7, overlaps, ("a",)))
    assert Gone.times == 2
    assert tally.rows == {("x", "a"): 500, ("y", "a"): 500} and tally.beyond == 100_000
