"""Places that do not overlap, against a comparison with every other one."""

from bisect import insort

from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.pii.apart import is_apart

SPANS = st.builds(lambda start, length: (start, start + length), st.integers(0, 60), st.integers(1, 9))


@given(st.lists(SPANS, max_size=20))
def test_a_place_is_apart_as_a_comparison_with_every_other_says(spans: list[tuple[int, int]]) -> None:
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        apart = all(end <= begin or stop <= start for begin, stop in kept)
        assert is_apart((start, end), kept) == apart
        if apart:
            insort(kept, (start, end))
