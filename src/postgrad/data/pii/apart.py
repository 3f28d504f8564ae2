"""Places of a text that do not overlap: kept in order, so that one look to the left and one to the right tell."""

from bisect import bisect
from collections.abc import Sequence

Span = tuple[int, int]


def is_apart(span: Span, others: Sequence[Span]) -> bool:
    """Whether a place overlaps none of the others, which lie in order and do not overlap each other."""
    return all(span[1] <= start or end <= span[0] for start, end in neighbours(span, others))


def neighbours(span: Span, others: Sequence[Span]) -> Sequence[Span]:
    """The last of the places in order that begins no later than `span`, and the first that begins later."""
    place = bisect(others, span)
    return others[max(0, place - 1) : place + 1]
