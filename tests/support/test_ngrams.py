import hashlib
import re
import time
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.support.ngrams import IGNORABLE, hashed, token_hashes, tokens, windows


def test_case_width_accents_and_punctuation_do_not_hide_a_word() -> None:
    assert tokens("The CAFÉ's **ﬁne**,\n№: ") == ["the", "café", "s", "fine", "no"]
    assert tokens("cafe\u0301 STRASSE straße") == ["café", "strasse", "strasse"]


def test_numbers_are_one_token_and_operators_none() -> None:
    assert tokens("12+7 = 1,019; foo_bar x2") == ["12", "7", "1", "019", "foo", "bar", "x", "2"]


def test_spaceless_scripts_give_a_token_a_character_and_marks_stay_with_their_word() -> None:
    assert tokens("你好world") == ["你", "好", "world"]
    assert tokens("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_what_cannot_be_seen_cuts_no_word() -> None:
    assert tokens("ques\u00adtion wo\u200brd e\u2060\u0301") == ["question", "word", "é"]
    assert tokens("می\u200cروم क्\u200dष \ufeffstart") == ["میروم", "क्ष", "start"]


def test_what_is_ignored_is_what_unicode_derives() -> None:
    """The derivation in DerivedCoreProperties.txt, by the properties that it is made of, over all of Unicode."""
    other = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9), 0xE0000,
             *range(0xE0002, 0xE0020), *range(0xE0080, 0xE0100), *range(0xE01F0, 0xE1000)}
    selectors = {0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
    prepended = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    annotations, hieroglyphs = {0xFFF9, 0xFFFA, 0xFFFB}, {*range(0x13430, 0x13441)}
    format_marks = {code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    derived = (other | format_marks | selectors) - annotations - hieroglyphs - prepended
    assert {code for code in range(0x110000) if re.fullmatch(f"[{IGNORABLE}]", chr(code))} == derived


def by_formula(window: list[str]) -> int:
    """The docstring's formula in whole numbers."""
    value = 0
    for token in window:
        value = value * 0x9E3779B97F4A7C15 + int.from_bytes(
            hashlib.blake2b(token.encode(), digest_size=8).digest(), "big")
    value %= 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


def test_the_hash_is_the_formula_of_the_window() -> None:
    assert hashed(["a", "b", "c"], 2) == [by_formula(["a", "b"]), by_formula(["b", "c"])]


@settings(deadline=None)
@given(st.lists(st.text("aé你 .3", max_size=12), max_size=6), st.integers(1, 5))
def test_a_batch_is_hashed_as_each_text_alone(texts: list[str], n: int) -> None:
    hashes, offsets = token_hashes(texts)
    found, starts = windows(hashes, offsets, n)
    for index, text in enumerate(texts):
        said = tokens(text)
        expected = [by_formula(said[at : at + n]) for at in range(len(said) - n + 1)]
        assert found[starts[index] : starts[index + 1]].tolist() == expected


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_is_cut_like_any_other(text: str) -> None:
    assert tokens(text) == tokens(text + " é")[:-1]


def test_windows_are_counted_and_short_texts_give_none() -> None:
    assert [len(hashed(["a"] * k, 3)) for k in range(6)] == [0, 0, 0, 1, 2, 3]


@settings(deadline=None)
@given(st.text(), st.integers(1, 9))
def test_any_text_has_tokens_and_one_hash_a_window(text: str, n: int) -> None:
    found = tokens(text)
    assert tokens(" ".join(found)) == found
    assert len(hashed(found, n)) == max(0, len(found) - n + 1)


def test_a_lone_surrogate_is_hashed() -> None:
    assert hashed(["a\ud800"], 1)


def test_long_text_is_cut_in_linear_time() -> None:
    start = time.perf_counter()
    tokens("a" * 1_000_000 + "\u0301" * 1_000_000)
    assert time.perf_counter() - start < 5
