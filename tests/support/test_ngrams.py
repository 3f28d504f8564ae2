import hashlib
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.support.ngrams import hashed, tokens


def test_case_width_accents_and_punctuation_do_not_hide_a_word() -> None:
    assert tokens("The CAFÉ's **ﬁne**,\n№: ") == ["the", "café", "s", "fine", "no"]
    assert tokens("cafe\u0301 STRASSE straße") == ["café", "strasse", "strasse"]


def test_numbers_are_one_token_and_operators_none() -> None:
    assert tokens("12+7 = 1,019; foo_bar x2") == ["12", "7", "1", "019", "foo", "bar", "x", "2"]


def test_spaceless_scripts_give_a_token_a_character_and_marks_stay_with_their_word() -> None:
    assert tokens("你好world") == ["你", "好", "world"]
    assert tokens("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_the_hash_is_blake2b_of_the_window() -> None:
    expected = int.from_bytes(hashlib.blake2b(b"b c", digest_size=8).digest(), "big")
    assert hashed(["a", "b", "c"], 2)[1] == expected


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
