"""The judge's arithmetic against Python's own."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.preferences.sums import asked_value, equations, evaluate, final_number, stated_result

NUMBERS = st.lists(st.integers(0, 9999), min_size=2, max_size=6)


@given(NUMBERS, st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_sum_has_the_value_that_python_gives_it(numbers: list[int], data: st.DataObject) -> None:
    signs = [data.draw(st.sampled_from("+-*/" if following else "+-*")) for following in numbers[1:]]
    text = str(numbers[0]) + "".join(f" {sign} {n}" for sign, n in zip(signs, numbers[1:], strict=True))
    exact = eval(" ".join(f"Fraction({part})" if part.isdigit() else part for part in text.split()))
    assert evaluate(text) == exact
    if exact.denominator == 1 and exact >= 0:
        right, wrong = equations(f"So {text} = {exact}. And {text} = {exact + 1}.")
        assert right.true and not wrong.true
        assert right.operands == tuple(map(Fraction, numbers))


def test_ways_of_writing() -> None:
    assert [e.true for e in equations("3 × 4 = 12, 12 ÷ 5 = 2.4, 1,000 - 1 = 999, $5 + $6 = $11")] == [True] * 4
    assert [e.true for e in equations("10 / 3 = 3.33, 10 / 3 = 3.34, 10 / 3 = 3")] == [True, False, False]
    assert [e.true for e in equations("4 - 7 = -3, 4 - 7 = 3")] == [True, False]
    assert evaluate("4 / 0") is None
    assert equations("In 2024 - or 2025 - it rained; x = 3") == []


def test_what_a_text_answers() -> None:
    assert asked_value("What is 6 + 7 * 2?") == 20
    assert asked_value("Tam has 6 eggs and 7 pears.") is None
    assert final_number("6 + 7 = 13, 13 - 20 = -7.") == -7
    assert final_number("12-7") == 7
    assert final_number("none") is None
    assert stated_result("6 + 7 = 13, so the answer is 14.") == 14
    assert stated_result("6 + 7 = 13.") is None
