"""A labelled set: what must go, and what only looks like it. Numbers are made up (555, drama ranges)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.pii.phones import find_phones

PHONES = {
    "Call me at 631-555-4867": ["631-555-4867"],
    "(415) 555-2671 is my number": ["(415) 555-2671"],
    "Tel. 650.253.0000": ["650.253.0000"],
    "+44 20 7946 0958 or +1 (650) 253-0000": ["+44 20 7946 0958", "+1 (650) 253-0000"],
    "phone: 4155552671": ["4155552671"],
    "Text 415 555 2671 for help": ["415 555 2671"],
    "Büro: +49 30 901820.": ["+49 30 901820"],
    "fax 1-800-555-0199, ask for Jo": ["1-800-555-0199"],
    "You can reach us on 2025550143!": ["2025550143"],
    "phone=4155552671;": ["4155552671"],
    "<td>+1 650-253-0000</td>": ["+1 650-253-0000"],
    "650 253 0000 / +1 650 253 0001": ["650 253 0000", "+1 650 253 0001"],
    "write to wa.me/5511961234567": ["5511961234567"],
}
NO_PHONES = [
    "What is 4155552671 + 2?",
    "4155552671 * 3 = 12466658013",
    "415-555-2671 = ?",
    "What is 415-555-2671?",
    "Compute 650.253.0000",
    "3.14159265358979",
    "1,234,567,890 people",
    "12/05/2023 10:30",
    "ISBN 978-0-306-40615-7",
    "192.168.100.200",
    "order 4155552671 shipped",
    "4111 1111 1111 1111",
    "in 1999-2003-2004",
    "id_4155552671",
    "A4155552671",
    "$4155552671",
    "415 555 2671 17 19",
    "2025-11-23 21:10:53",
    "12 + 4155552671",
    "(12) - 415-555-2671",
    "6505550100 x 3",
    "0.4155552671",
    "add 415-555-2671 and 3",
    "100200300400",
    "v1.650.253.0000",
    "7*(650)253-0000",
    "x = 650-253-0000",
    "4155552671 - 17",
    "650-253-0000 divided by 3",
    "part no. 202-555-0100",
    "gasket 202-555-0100-A",
    "open 08.00-17.30",
    "How much is 606 - 263 - 22 - 44?",
    "606-263-22-44",
    "How much is 55 + 690 - 4 - 179?",
]


@pytest.mark.parametrize("text", PHONES)
def test_a_number_is_found_to_the_digit(text: str) -> None:
    assert [text[start:end] for start, end in find_phones(text)] == PHONES[text]


@pytest.mark.parametrize("text", NO_PHONES)
def test_what_looks_like_a_number_stays(text: str) -> None:
    assert find_phones(text) == []


def test_a_national_number_needs_its_region() -> None:
    text = "Call 030 901820 today"
    assert find_phones(text, ["US"]) == []
    assert [text[start:end] for start, end in find_phones(text, ["US", "DE"])] == ["030 901820"]


def test_a_national_number_in_groups_after_a_0_needs_no_word() -> None:
    assert find_phones("Home number 0113 496 0812.", ["GB"]) == [(12, 25)]
    assert find_phones("0113 496 0812 17 19", ["GB"]) == []


@given(st.integers(0, 10**11), st.integers(0, 10**11), st.sampled_from("+-*/×÷"), st.sampled_from(["", " "]))
def test_a_sum_is_never_a_phone_number(a: int, b: int, sign: str, blank: str) -> None:
    for text in (
        f"What is {a}{blank}{sign}{blank}{b}?",
        f"{a}{blank}{sign}{blank}{b}{blank}={blank}{a + b}",
        f"So {a}.",
    ):
        assert find_phones(text) == []


@given(st.lists(st.integers(0, 9999), min_size=2, max_size=6), st.sampled_from([" - ", " + ", " / ", " × ", "+", "*"]))
def test_a_chain_of_sums_is_never_a_phone_number(numbers: list[int], sign: str) -> None:
    chain = sign.join(map(str, numbers))
    for text in (f"How much is {chain}?", f"Find {chain}.", f"{chain} = 3, {chain} = 4."):
        assert find_phones(text) == []
