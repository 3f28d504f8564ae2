import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filters.judging import found, reason
from data.filters.test_broken_turns import preference
from data.making import example
from postgrad.data.filters import FilterConfig, make
from postgrad.data.filters.splitting import words_of
from postgrad.records.types import Message
from postgrad.support.errors import Mistake

WORD = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1)


def test_bounds_are_inclusive() -> None:
    row = example("ab c", " d e ")                 # 4 + 3 characters, 2 + 2 words, 2 turns
    for unit, length in (("chars", 7), ("words", 4), ("turns", 2), ("tokens", 9)):
        count = lambda messages: 9
        assert reason(row, count, **{f"min_{unit}": length, f"max_{unit}": length}) == ""
        assert reason(row, count, **{f"min_{unit}": length + 1}) == "too short"
        assert reason(row, count, **{f"max_{unit}": length - 1}) == "too long"
    assert found(row, max_chars=6) == ("too long", "7 characters, at most 6")


def test_each_answer_of_a_preference_is_measured_with_its_prompt() -> None:
    row = preference("one two", chosen="three", rejected="three four five")
    assert reason(row, max_words=5) == "" and reason(row, max_words=4) == "too long"
    assert reason(row, min_words=3) == "" and reason(row, min_words=4) == "too short"


def test_the_system_prompt_is_no_turn() -> None:
    from dataclasses import replace

    row = example("a", "b")
    row = replace(row, messages=(Message("system", "s"), *row.messages))
    assert reason(row, max_turns=2) == ""


@given(st.lists(WORD), st.text("你好世界", max_size=8))
def test_words_stand_between_blanks_and_han_characters_alone(words: list[str], han: str) -> None:
    assert words_of(" \n".join(words)) == words
    assert words_of(han) == list(han)
    assert len(words_of("你好世界")) == 4 and words_of("Tokyo東京 tower") == ["Tokyo", "東", "京", "tower"]


def test_bounds_that_nothing_can_meet_and_tokens_without_a_tokenizer_are_mistakes() -> None:
    with pytest.raises(Mistake, match="no row can be so"):
        make(FilterConfig(min_words=3, max_words=2))
    with pytest.raises(Mistake, match="needs a tokenizer"):
        make(FilterConfig(max_tokens=3))
