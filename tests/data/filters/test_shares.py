"""URLs, letters, scripts, and words disguised by look-alikes."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filters.judging import found, reason
from data.making import example
from postgrad.data.filters.letters import non_letter_share
from postgrad.data.filters.lookalikes import is_disguised
from postgrad.data.filters.scripts import SCRIPTS, other_share
from postgrad.data.filters.urls import url_share
from postgrad.support.errors import Mistake


def test_addresses_are_measured_against_what_is_no_white_space() -> None:
    assert url_share("see https://example.org/a?b=c now") == pytest.approx(25 / 31)
    assert url_share("(http://a.b)") == pytest.approx(11 / 12) and url_share("HTTP://A.B WWW.C.D") == pytest.approx(1)
    assert url_share("no address: //a, http and wwwx") == 0 == url_share("")
    assert found(example("q", "https://example.org/"), max_urls=0.5) == ("mostly URLs", "95 %")
    assert reason(example("q", "Look at https://a.io for more on this"), max_urls=0.5) == ""


@given(st.text(st.characters(exclude_categories=["Cn", "Cs"])))
def test_letters_are_unicodes_letters_and_marks(text: str) -> None:
    visible = "".join(text.split())
    others = [char for char in visible if unicodedata.category(char)[0] not in "LM"]
    assert non_letter_share(text) == pytest.approx(len(others) / len(visible) if visible else 0)


@given(st.text(st.characters(codec="ascii")))
def test_ascii_goes_a_faster_way_to_the_same_share(text: str) -> None:
    visible = "".join(text.split())
    others = re.sub("[A-Za-z]", "", visible)
    assert non_letter_share(text) == pytest.approx(len(others) / len(visible) if visible else 0)


def test_too_few_letters() -> None:
    assert found(example("12 34", "5678 a"), max_non_letters=0.8) == ("too few letters", "89 % are none")
    assert reason(example("हिन्दी", "नमस्ते"), max_non_letters=0.1) == ""


@pytest.mark.parametrize(("text", "scripts", "share"), [
    ("abcд", ["latin"], 0.25), ("abcд", ["latin", "cyrillic"], 0), ("日本の", ["han"], 1 / 3), ("été", ["latin"], 0),
    ("12 + 3 = 15", ["greek"], 0), ("ab γδ", ["greek"], 0.5), ("مرحبا abc", ["arabic"], 3 / 8),
    ("가나 ab", ["latin"], 0.5)])
def test_letters_of_other_scripts(text: str, scripts: list[str], share: float) -> None:
    assert other_share(text, scripts) == pytest.approx(share)


@given(st.text(st.characters(categories=["L"])))
def test_the_name_of_a_letter_says_its_script(text: str) -> None:
    """Unicode names letters of these scripts by them; other letters may belong to several scripts."""
    named = {"LATIN": "latin", "CYRILLIC": "cyrillic", "ARABIC": "arabic", "CJK": "han", "HANGUL": "hangul"}
    letters = [char for char in text if unicodedata.name(char, "?").split()[0] in named and "MODIFIER" not in
               unicodedata.name(char) and not unicodedata.name(char).startswith("ARABIC TATWEEL")]
    kept = "".join(letters)
    latin = [char for char in kept if unicodedata.name(char).startswith("LATIN")]
    assert other_share(kept, ["latin"]) == pytest.approx(1 - len(latin) / len(kept) if kept else 0)


def test_a_row_in_another_script_leaves_and_the_detail_names_it() -> None:
    assert found(example("hi", "Привет"), scripts=("latin",)) == ("other script", "cyrillic, 75 %")
    row = example("what does привет mean", "It means hello there")
    assert reason(row, scripts=("latin",), max_other_scripts=0.2) == ""
    with pytest.raises(Mistake, match="did you mean latin"):
        reason(example("a", "b"), scripts=("latn",))
    assert all(other_share("a", [name]) in (0, 1) for name in SCRIPTS)       # every name is one that Unicode has


@pytest.mark.parametrize("word", [
    "pаypal", "Аpple", "аррlе", "gооgle", "Мicrosoft", "сoвет", "οxygen", "xеrox"])
def test_disguised_words(word: str) -> None:
    assert is_disguised(word)
    assert found(example("q", f"Go to {word} now"), lookalikes="drop") == (
        "look-alike letters of another script", "messages[1], words: 1")
    assert reason(example("q", word)) == ""


@pytest.mark.parametrize("word", [
    "paypal", "совет", "Δx", "smsка", "SMSка", "IPшник", "αTTP", "μmol", "λmax", "été", "Ωmega", "日本go", "ПК",
    "naïve"])
def test_words_that_mix_scripts_openly_are_none(word: str) -> None:
    assert not is_disguised(word) and reason(example("q", word), lookalikes="drop") == ""
