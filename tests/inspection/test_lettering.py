"""Words are as wide as Pillow says, and their lines fit and lose nothing."""

import pytest
from drawn_text import measured
from hypothesis import given
from hypothesis import strategies as st

from postgrad.inspection.lettering import broken, width


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("words", ["world_safety_new: accuracy", "−4\u202f315 over the aim", "Wärme"])
def test_widths_are_those_of_the_font(words: str, bold: bool) -> None:
    assert width(words, 10, bold) == pytest.approx(measured(words, 10, bold), rel=0.03)


@given(st.text("abW_/ :", max_size=60), st.floats(20, 200))
def test_lines_fit_and_lose_nothing(words: str, room: float) -> None:
    lines = broken(words, 10, room)
    assert all(width(line, 10) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


def test_breaks_are_after_underscores_and_at_spaces() -> None:
    assert broken("world_safety_new: accuracy", 10, 110) == ["world_safety_new:", "accuracy"]
    assert broken("world_safety_new", 10, 80) == ["world_safety_", "new"]
    assert broken("12\u00a0names replaced", 10, 60) == ["12\u00a0names", "replaced"]
    assert broken("standardised", 10, 40) == ["standar", "dised"]
