"""Expressions: what they say, what they refuse, and that they cannot do more than they say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filters.judging import found, reason
from data.making import example, problem
from postgrad.data.filters.expressions import FUNCTIONS, NAMES, SECONDS, check, compile_expression
from postgrad.support.errors import Mistake

ROW = example("Tell me of Foo.", "Foo is a bar.\nIt is 12.", source="web", capability="talk",
              meta={"score": 0.7, "lang": "en", "n": None, "tags": ["a", "b"], "odd key": 3, "big": 10**400})


def holds(text: str, row: Any = ROW) -> bool:
    return check([text], lambda messages: 42)(row) is None


@pytest.mark.parametrize("text", [
    "words == 11", "chars == 38", "turns == 2", "tokens == 42", "words(assistant) == 7", "chars(user) == 15",
    'contains(user, "Foo")', 'not contains(user, "foo")', 'contains(lower(user), "foo")', 'count(text, "o") == 5',
    'startswith(assistant, "Foo")', 'endswith(assistant, "12.")', r'not matches(assistant, r"\bbar\.\Z")',
    r'matches(assistant, r"(?m)bar\.$")', 'source == "web" and capability == "talk"',
    'licence in ["MIT", "Apache-2.0"]', '"Foo" in user', '"x" not in user', 'source not in ("a", "b")',
    "1 < words < 12", "meta.score > 0.5", 'meta.lang == "en"', "meta.n == None", 'meta["odd key"] == 3',
    "meta.missing == None", "meta.score != None", "not meta.n", '"a" in meta.tags', "words / turns >= 5.5",
    "words // 2 * 2 + words % 2 == words", "-words < 0", "True or words > 100", "not (words > 100 or turns != 2)",
    "words(assistant) > 3 and not contains(user, \"foo\")", 'system == ""', "meta.score + 1 == 1.7",
    'language("Das ist ein ganz gewöhnlicher deutscher Satz.") == "de"', "meta.big > 1", "true and not false",
    "words > 5\n  and words < 20"])
def test_what_is_true(text: str) -> None:
    assert holds(text) and not holds(f"not ({text})")


@pytest.mark.parametrize("text", [
    "meta.score > \"a\"", "meta.missing > 1", "meta.missing < 1", "meta.lang * 3 == 3", "words / 0 > 1",
    "words % 0 == 0", 'contains(meta.n, "a")', "meta.big * 1.5 > 1", "-meta.lang < 1", '"a" in meta.score', 'user > 3',
    'matches(meta.n, "a")'])
def test_what_cannot_be_computed_is_not_true(text: str) -> None:
    assert not holds(text)


REFUSED = (
    "__import__('os').system('true')", "().__class__", "user.__class__", "meta.__class__.__bases__", "meta.a.b",
    "user[0]", "meta[words]", "(lambda: 1)()", "[x for x in user]", "{1: 2}", "{1}", "f'{user}'", "words ** 9",
    "words << 9", "~words", "words if words else 1", "(x := 1)", "user is None", "contains(*meta)",
    "contains(user, part='a')", "eval('1')", "getattr(user, 'x')", "words(user)(user)", "b'a'", "1j", "...",
    "await user", "print(user)", "open('x')", "user @ user", "words & 1", "[1, 2]", "meta", "yield", "*user",
    "user; words", "import os", "words = 3", "", "words >", "(" * 300 + "1" + ")" * 300, "not " * 240 + "words >",
    "words\x00", "1 +" * 300, "'", "lower", "unknown", "unknown(user)", "contains(user)", "words(user, user)",
    "matches(user, user)", 'matches(user, "(")', 'matches(user, "(a{100}){100}")', 'matches(user, "' + "a" * 301 + '")',
    "words > 1 " + "and words > 1 " * 100, "user.lower()", "len(user)")


@pytest.mark.parametrize("text", REFUSED)
def test_what_expressions_do_not_have_is_a_mistake_in_one_line(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        compile_expression(text)
    assert str(caught.value).startswith("curate.filter.keep_if: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("pattern", [
    "(?R)", "(?:(?R))*", "(?0)a", "(?P<x>(?P>x))", "(?P<q>a(?&q)?)", "(a(?1)?)", "(a(?-1)?)", "\\\\\\\\(?R)"])
def test_a_pattern_may_not_call_itself(pattern: str) -> None:
    """It would take all memory long before it takes a second."""
    with pytest.raises(Mistake, match="calls a group or itself"):
        compile_expression(f'matches(text, "{pattern}")')
    assert holds(r'matches("(1", "^\\(?1$")')                       # an optional bracket and a digit


def test_mistakes_point_at_the_place_and_say_the_mend() -> None:
    for text, said in (
        ("turns > 3 and wrods < 9",
         "unknown name `wrods` (`turns > 3 and wrods < 9`, character 15); did you mean words?"),
        ("contain(user, 'a')",
         "unknown function `contain` (`contain(user, 'a')`, character 1); did you mean contains?"),
        ("words > and", "`words > and` is no expression at character 9 (invalid syntax)"),
        ("lower > 3", "`lower` is a function (`lower > 3`, character 1); write lower(…)"),
    ):
        with pytest.raises(Mistake) as caught:
            compile_expression(text)
        assert said in str(caught.value)


@given(st.text())
def test_any_text_is_an_expression_or_a_mistake(text: str) -> None:
    try:
        made = compile_expression(text)
    except Mistake:
        return
    check([text], lambda messages: 1)(ROW)
    assert callable(made)


OPERATORS = ("+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "and", "or", "in")
ATOMS = st.one_of(st.sampled_from([*NAMES, "meta.score", "meta.n", "meta.lang", "meta.tags", "meta.big"]),
                  st.integers(0, 99).map(str), st.sampled_from(['"a"', '""', "True", "0.5"]))
GROWN = st.recursive(ATOMS, lambda inner: st.one_of(
    st.tuples(inner, st.sampled_from(OPERATORS), inner).map(
        lambda parts: f"({' '.join(parts)})"),
    inner.map(lambda one: f"(not {one})"), inner.map(lambda one: f"(-{one})"),
    st.tuples(st.sampled_from(sorted(set(FUNCTIONS) - {"language"})), inner, inner).map(
        lambda call: f"{call[0]}({', '.join(call[1 : 1 + FUNCTIONS[call[0]][0]])})")), max_leaves=12)


@given(GROWN.filter(lambda text: len(text) <= 1000))
def test_every_expression_that_is_one_can_be_computed_for_every_row(text: str) -> None:
    odd = {"score": "x", "n": [], "lang": 3, "tags": {}, "big": True}
    for row in (ROW, problem("", "1"), example("a", "b", meta=odd)):
        assert check([text], lambda messages: 1)(row) in (None, ("an expression is not true", "expression 1"))


def test_rows_leave_by_the_first_expression_that_is_not_true() -> None:
    said = ("words > 1", "words > 99", "words > 999")
    assert found(ROW, keep_if=said) == ("an expression is not true", "expression 2")
    assert reason(ROW, keep_if=("words > 1",)) == ""


def test_counting_tokens_needs_a_tokenizer() -> None:
    with pytest.raises(Mistake, match="needs a tokenizer"):
        reason(ROW, keep_if=("tokens < 9",))
    assert reason(ROW, lambda messages: 8, keep_if=("tokens < 9",)) == ""


def test_a_pattern_that_does_not_end_stops_the_run_and_names_the_row() -> None:
    """To drop or keep the row would depend on how fast the machine is."""
    row = example("q", "a" * 5000 + "b", row=7, source="web")
    with pytest.raises(Mistake, match=f"takes more than {SECONDS:g} s on row 7 of web"):
        reason(row, keep_if=('matches(assistant, "(a+)+$")',))
