"""Repetition against counting by hand, and against a second, naive way of counting."""

from collections.abc import Sequence
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filters.judging import found, reason
from data.filters.test_broken_turns import preference
from data.making import example
from postgrad.data.filters.repetition import (
    MOST_FREQUENT,
    REPEATED,
    loop_at_end,
    most_frequent_share,
    repeated_share,
    times_at_end,
)

WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "d"]), max_size=40)


def test_the_values_are_those_of_the_published_table() -> None:
    """Rae et al. 2021, table A1."""
    assert MOST_FREQUENT == {2: 0.20, 3: 0.18, 4: 0.16}
    assert REPEATED == {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}


def covered_by(words: Sequence[str], starts: Sequence[int], n: int) -> float:
    """Character by character: which characters of the words lie in one of the n-grams."""
    marks = ["".join("x" if any(s <= i < s + n for s in starts) else "." for _ in word) for i, word in enumerate(words)]
    return "".join(marks).count("x") / sum(map(len, words))


@given(WORDS, st.integers(2, 6))
def test_shares_are_those_of_naive_counting(words: list[str], n: int) -> None:
    grams = [words[start : start + n] for start in range(len(words) - n + 1)]
    most = max((grams.count(gram) for gram in grams), default=0)
    frequent = max((covered_by(words, [i for i, other in enumerate(grams) if other == gram], n)
                    for gram in grams if grams.count(gram) == most), default=0) if most > 1 else 0
    assert most_frequent_share(words, n) == pytest.approx(frequent)
    again = [start for start, gram in enumerate(grams) if gram in grams[:start]]
    assert repeated_share(words, n) == pytest.approx(covered_by(words, again, n) if again else 0)


def test_by_hand() -> None:
    words = ["to", "be", "or", "not", "to", "be"]  # "to be" twice: 8 of 13 characters
    assert most_frequent_share(words, 2) == pytest.approx(8 / 13) and most_frequent_share(words, 3) == 0
    assert repeated_share(words, 2) == pytest.approx(4 / 13)  # the second time alone


def naive_loop(items: Sequence[str]) -> int:
    """The most times that one of the ends is repeated, by trying every period and cutting off its copies one by one.

    The last time may be cut short: then its beginning is what is left over.
    """
    best = 1
    for period in range(1, len(items)):
        for left in range(period):
            whole, rest = items[: len(items) - left], items[len(items) - left :]
            unit = whole[len(whole) - period :]
            if list(rest) != list(unit[:left]) or len(unit) < period:
                continue
            times = 0
            while len(whole) >= period and whole[len(whole) - period :] == unit:
                whole, times = whole[: len(whole) - period], times + 1
            best = max(best, times)
    return best


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=24))
def test_loops_are_those_of_naive_search(items: list[str]) -> None:
    assert times_at_end(items)[0] == naive_loop(items)


def test_a_loop_is_found_wherever_it_was_cut() -> None:
    loop = "I see the sea. " * 6
    for cut in range(0, 15):
        text = "Here is what I think. " + loop[: len(loop) - cut]
        assert reason(example("q", text), max_loop=4) == "ends in a loop"
        assert reason(example("q", text), max_loop=6) == ""
    assert found(example("q", "ha " * 9), max_loop=4) == ("ends in a loop", "messages[1]: 9 times")
    assert reason(example("q", f"{loop} And then it ended."), max_loop=4) == ""


def test_a_long_run_of_characters_is_a_loop_and_a_ruled_line_is_none() -> None:
    assert loop_at_end("well " + "ab" * 40, 8) == 40 and loop_at_end("！" * 300, 8) == 300
    assert loop_at_end("title\n" + "-" * 40, 8) is None and loop_at_end("noooooooo", 8) is None
    assert loop_at_end("你好" * 30, 8) == 30 and loop_at_end("", 8) is None


def prose(words: int) -> str:
    """Words that are all different."""
    return " ".join(a + b + c for a in ascii_lowercase for b in ascii_lowercase for c in "xyz")[: words * 4 - 1]


def test_the_published_rules_hold_from_fifty_words_on() -> None:
    assert reason(example("q", prose(200)), repetition=True) == ""
    twice = " ".join([prose(25)] * 2)
    assert found(example("q", twice), repetition=True) == ("repeats itself", "messages[1]: 5-grams, 50 %")
    assert reason(example("q", " ".join([prose(24)] * 2)), repetition=True) == ""
    often = " ".join(f"of the {word}" for word in prose(40).split())        # a 2-gram with 45 % of the characters
    assert found(example("q", often), repetition=True) == ("repeats itself", "messages[1]: 2-grams, 62 %")


def test_only_answers_that_are_taught_are_judged() -> None:
    twice = " ".join([prose(30)] * 2)
    assert reason(example(twice, "Fine."), repetition=True) == ""
    assert reason(preference("q", chosen="Fine.", rejected=twice), repetition=True) == ""
    assert reason(preference("q", chosen=twice, rejected="Fine."), repetition=True) == "repeats itself"


@pytest.mark.parametrize("text", ["a " * 100_000, "ab" * 100_000, "a b " * 50_000 + "c", prose(2000)])
def test_work_stays_in_proportion_to_the_text(text: str) -> None:
    assert reason(example("q", text), repetition=True, max_loop=10) in ("", "repeats itself", "ends in a loop")
