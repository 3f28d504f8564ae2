"""A message is one line that a terminal shows as it is."""

import pytest

from postgrad.support.errors import Failure, Mistake


@pytest.mark.parametrize("what", ["two\nlines", "\x1b[2Jcleared", "a\rb", "c\u202ed", "e" * 5000])
def test_a_message_is_one_printable_line(what: str) -> None:
    for said in (str(Mistake(what, where=what, mend="the mend")), str(Failure(what).within(what))):
        assert said.isprintable() and len(said) < 1010
    assert str(Mistake(what, mend="the mend")).endswith("the mend")
