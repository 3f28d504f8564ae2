"""Empty and unreadable turns, and mojibake."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filters.judging import found, reason
from data.making import example, problem
from postgrad.data.filters.unreadable import mojibake_share, unreadable_share
from postgrad.records.types import Message, Origin, Preference


def preference(prompt: str, **answers: object) -> Preference:
    return Preference("id", (Origin("s", "f" * 64, 0),), (Message("user", prompt),), "s", "MIT", "c", **answers)


def test_empty_and_blank_turns_leave() -> None:
    rows = [
        example("a", ""), example("a", " \n\u00a0"), example("", "b"), problem("  "), problem("1"), example("a", "b")]
    assert [reason(row) for row in rows] == ["empty turn", "blank turn", "empty turn", "blank turn", "", ""]
    assert found(example("a", "")) == ("empty turn", "messages[1], assistant")


def test_both_answers_of_a_preference_must_say_something() -> None:
    assert reason(preference("q", chosen="a", rejected="b")) == ""
    assert reason(preference("q", chosen="a", rejected="")) == "empty turn"
    assert reason(preference("q", completion=" ", label=False)) == "blank turn"


@given(st.text())
def test_unreadable_is_what_no_text_holds(text: str) -> None:
    def is_unreadable(char: str) -> bool:
        code = ord(char)
        nothing = code in range(0xFDD0, 0xFDF0) or code in (0xFFFE, 0xFFFF)
        control = unicodedata.category(char) == "Cc" and char not in "\t\n\v\f\r\x85"
        return control or nothing or unicodedata.category(char) == "Cs" or char == "\ufffd"

    wanted = sum(map(is_unreadable, text)) / len(text) if text else 0
    assert unreadable_share(text) == pytest.approx(wanted)


def test_a_turn_may_hold_a_tenth_of_what_is_unreadable_and_no_more() -> None:
    assert reason(example("q", "abcdefghi\ufffd")) == ""
    assert found(example("q", "abcdefgh\ufffd\x00")) == ("unreadable characters", "messages[1]: 20 %")
    assert reason(example("q", "a\x00"), max_unreadable=None) == ""
    assert reason(example("q", "tab\tnew line\r\nform feed\f")) == ""


@given(st.text(st.characters(min_codepoint=0xA0, exclude_categories=("Cs",)), min_size=1),
       st.sampled_from(["cp1252", "latin-1"]))
def test_whatever_was_read_in_the_wrong_encoding_is_found_whole(text: str, encoding: str) -> None:
    try:
        wrong = text.encode("utf-8").decode(encoding)
    except UnicodeDecodeError:  # five bytes mean nothing in Windows-1252
        return
    assert mojibake_share(wrong) >= 1.0  # more where a part of it is white space by itself


@pytest.mark.parametrize("text", [
    "Déjà vu à l'été, où le cœur naïf dîne", "Größe, Maß, Übung", "São João não é lá", "Žluťoučký kůň", "Привет, мир",
    "你好，世界", "«CAFÉ» et «RÉSUMÉ» sont là, et beaucoup d'autres mots encore"])
def test_good_text_is_no_mojibake(text: str) -> None:
    assert reason(example("q", text), max_mojibake=0.1) == ""


def test_mojibake_is_a_filter_of_its_own() -> None:
    wrong = "Schöne Grüße".encode().decode("cp1252")
    assert wrong == "SchÃ¶ne GrÃ¼ÃŸe"
    assert found(example("q", wrong), max_mojibake=0.05) == ("mojibake", "messages[1]: 43 %")
    assert reason(example("q", wrong)) == ""
