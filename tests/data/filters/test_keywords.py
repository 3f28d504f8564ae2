import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filters.judging import found, reason
from data.filters.test_broken_turns import preference
from data.making import example, problem
from postgrad.data.filters import config_of
from postgrad.data.filters.keywords import cue_of, pattern_of
from postgrad.records.types import Message
from postgrad.support.errors import Mistake


@pytest.mark.parametrize(("keyword", "text"), [
    ("Acme", "We at ACME sell."), ("acme corp", "Acme\n  Corp."), ("C++", "I like C++."), ("don't", "Don’t!"),
    ("东京", "我在东京住"), ("Straße", "die STRASSE"), ("a.b", "see a.b"), (".env", "the .env file")])
def test_a_keyword_is_found(keyword: str, text: str) -> None:
    assert found(example("q", text), keywords=("zzz", keyword)) == ("keyword", "messages[1], assistant: keyword 2")


@pytest.mark.parametrize(("keyword", "text"), [
    ("acme", "acmeism"), ("acme", "an_acme"), ("a.b", "axb"), ("art", "party"), ("acme corp", "acme and corp"),
    ("1", "11")])
def test_part_of_a_word_is_no_keyword(keyword: str, text: str) -> None:
    assert reason(example("q", text), keywords=(keyword,)) == ""


@given(st.text(min_size=1).filter(str.strip), st.text())
def test_every_keyword_is_taken_literally_and_found_alone(keyword: str, other: str) -> None:
    pattern, text = re.compile(pattern_of(keyword)), f"{other}\n{keyword.strip()}\n".casefold()
    assert pattern.fullmatch(keyword.strip().casefold()) and pattern.search(text) and cue_of(keyword) in text
    assert reason(example("q", text), keywords=(keyword,), max_unreadable=None, markers="keep") == "keyword"


def test_only_the_roles_asked_for_are_searched() -> None:
    row = replace(example("acme", "b"), messages=(Message("system", "zeta"), *example("acme", "b").messages))
    assert reason(row, keywords=("acme", "zeta")) == ""
    assert reason(row, keywords=("acme",), keyword_roles=("user", "assistant")) == "keyword"
    assert reason(row, keywords=("zeta",), keyword_roles=("system",)) == "keyword"
    assert reason(problem("acme"), keywords=("acme",)) == ""


def test_what_a_preference_rejects_may_hold_them() -> None:
    assert reason(preference("q", chosen="a", rejected="acme"), keywords=("acme",)) == ""
    assert reason(preference("q", chosen="acme", rejected="a"), keywords=("acme",)) == "keyword"
    assert reason(preference("q", completion="acme", label=False), keywords=("acme",)) == ""
    assert reason(preference("q", completion="acme", label=True), keywords=("acme",)) == "keyword"


def test_a_file_of_keywords_counts_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# ours\nacme corp\n\n Zeta \n", "utf-8")
    (tmp_path / "b.txt").write_text("acme corp\nZeta", "utf-8-sig")
    a, b = (config_of({"keywords": ["x"], "keywords_file": str(tmp_path / f"{name}.txt")}) for name in "ab")
    assert a == b and a.keywords == ("x", "acme corp", "Zeta")


@pytest.mark.parametrize(("raw", "said"), [
    (b"\xff\xfe", "not UTF-8"), (b"# none\n", "holds no keywords"), (None, "cannot be read")])
def test_a_file_that_is_none_is_a_mistake(tmp_path: Path, raw: bytes | None, said: str) -> None:
    if raw is not None:
        (tmp_path / "k.txt").write_bytes(raw)
    with pytest.raises(Mistake, match=said):
        config_of({"keywords_file": str(tmp_path / "k.txt")})


def test_a_device_is_not_read() -> None:
    with pytest.raises(Mistake, match="is a pipe, socket or device"):
        config_of({"keywords_file": "/dev/zero"})


def test_a_blank_keyword_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="blank"):
        config_of({"keywords": [" "]})
