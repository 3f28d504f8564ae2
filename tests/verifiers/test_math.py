import json
import os
import threading
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.verifiers import latex
from postgrad.verifiers.math import last_number
from postgrad.verifiers.verify import verify


def reward(text: str, answer: object) -> float | None:
    verdict = verify("math", text, {"answer": answer})
    assert verdict.status == "ok", verdict.reason
    return verdict.reward


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("12 + 7 = 19, 19 - 5 = 14.", "14"),
        ("She has $1,234,567.00 left.", "1234567"),
        ("That makes **$14**", "14"),
        ("#### 1,000", "#### 1000"),
        ("so x = -3", "-3"),
        ("it fell to -$5.50.", "-5.5"),
        ("a quarter, 1/4", "0.25"),
        ("\\boxed{\\frac{3}{4}}", "3/4"),
        ("1 1/2 hours", "1.5"),
        ("about .5", "0.50"),
        ("the answer: 5e-1", "1/2"),
        ("50%", "50"),
        ("10 − 12 = −2", "-2"),
        ("3-5", "5"),  # subtracts: the last number is 5
        ("is 8 - 5", "5"),
        ("8 -5", "5"),
        ("The answer - 14", "14"),  # a dash
        ("- 14 plums\n", "14"),  # a list's mark
        ("5 - 8 = - 3", "-3"),
        ("5 - 8 = -3", "-3"),
        ("one of them: 1. -3", "-3"),
        ("it takes 1 1/2.", "1.5"),
        ("\\boxed{\\frac34}", "0.75"),
        ("\\frac{-3}{4}", "-3/4"),
        ("$-\\frac{3}{4}$", "-0.75"),
        ("so 1\\frac{1}{2}", "3/2"),
        ("2-\\frac{3}{4}", "0.75"),
        ("It is 14.\n\n", 14),
        ("1{,}000", "1000"),
        ("in 2019, 7", "7"),
    ],
)
def test_equal_in_value_is_right(text: str, answer: object) -> None:
    assert reward(text, answer) == 1.0


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("14, no, 15", "14"),
        ("", "14"),
        ("fourteen", "14"),
        ("14.1", "14"),
        ("-14", "14"),
        ("1,4", "14"),
        ("114", "14"),
        ("3/4", "4"),
        ("4/3", "0.75"),
        ("8 - 5", "-5"),
        ("1 1/2.", "1/2"),
        ("\\frac34", "34"),
        ("14 of 20", "14"),
        ("1/0", "1"),
        ("9" * 5000, "9"),
        ("The answer is any number.", "0"),
    ],
)
def test_another_value_is_wrong(text: str, answer: str) -> None:
    assert reward(text, answer) == 0.0


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.text(alphabet=st.characters(categories=["L", "Z"]), max_size=30))
def test_a_number_is_found_however_it_is_written(number: int, before: str) -> None:
    for written in (str(number), f"{number:,}", f"{number}.0", f"{number}."):
        assert last_number(f"{before} {written}")[0] == number


@settings(deadline=None)
@given(st.fractions(min_value=0, max_denominator=10**6))
def test_a_fraction_keeps_its_value(value: Fraction) -> None:
    assert last_number(f"it is {value.numerator}/{value.denominator}")[0] == value


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=20))
def test_no_text_trips_it(text: str, answer: str) -> None:
    answer = "7" if not any(c.isdigit() for c in answer) else f"1{answer.count('1')}"
    verdict = verify("math", text, {"answer": answer})
    assert verdict.status == "ok" and verdict == verify("math", text, {"answer": answer})


@pytest.mark.parametrize(
    "truth", [None, {}, {"answer": ""}, {"answer": None}, {"answer": True}, "14", {"answer": "####"}]
)
def test_a_ground_truth_that_cannot_be_read_is_said(truth: object) -> None:
    verdict = verify("math", "14", truth)
    assert verdict.status == "error" and verdict.reward is None and "ground truth" in verdict.reason


def test_latex_answers_are_compared_by_meaning_in_any_thread() -> None:
    found: list[float | None] = []
    thread = threading.Thread(target=lambda: found.append(reward("So it is $\\frac{\\pi}{3}$.", "\\frac{2\\pi}{6}")))
    thread.start()
    thread.join()
    assert found == [1.0]
    assert reward("$(x+1)^2$", "x^2 + 2x + 1") == 1.0
    assert reward("$\\boxed{(1, 3]}$", "(1, 2]") == 0.0
    assert reward("I do not know.", "\\sqrt{2}") == 0.0


def test_a_formula_that_takes_for_ever_is_stopped_and_the_next_one_is_judged() -> None:
    with pytest.raises(latex.TooLong):
        latex.equal("\\sqrt{2}", "$" + "9^{9^{9^{9^{9}}}}" + "$", seconds=1)
    assert latex.equal("\\sqrt{2}", "$2^{1/2}$")[0]


def test_gsm8k_gold_answers_are_right_and_altered_ones_wrong() -> None:
    folder = os.environ.get("POSTGRAD_TEST_DATA")
    if not folder:
        pytest.skip("POSTGRAD_TEST_DATA does not name a folder with gsm8k/test.jsonl")
    rows = [json.loads(line) for line in Path(folder, "gsm8k/test.jsonl").read_text().splitlines()]
    assert len(rows) > 1000
    for row in rows:
        answer = row["answer"].rpartition("####")[2].strip()
        said = row["answer"].replace("####", "The answer is")
        assert reward(said, row["answer"]) == 1.0 and reward(said, answer) == 1.0
        assert reward(f"{said}1", answer) == 0.0
