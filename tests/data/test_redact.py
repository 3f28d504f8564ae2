"""A labelled set: what must go, and what only looks like it. Addresses and numbers are made up (555, example hosts)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.making import example, problem
from postgrad.data.redact import Redaction, find_emails, find_phones, redact_rows
from postgrad.data.rows import Handled
from postgrad.records.types import Problem

EMAILS = {
    "Write to jane.doe@example.com, please.": ["jane.doe@example.com"],
    "<j_d+news@mail.example.co.uk>": ["j_d+news@mail.example.co.uk"],
    "a@b.io;c@d.org": ["a@b.io", "c@d.org"],
    "mailto:x%y@example.museum.": ["x%y@example.museum"],
    "(Bob.O-Neil@sub-domain.example.com)": ["Bob.O-Neil@sub-domain.example.com"],
    "Mail: BOB@EXAMPLE.COM!": ["BOB@EXAMPLE.COM"],
    "name: me@example.com\nnext": ["me@example.com"],
    "write me@example.com: now": ["me@example.com"],
}
NO_EMAILS = [
    "@app.route('/')",
    "meet @ 5.pm",
    "user@host",
    "python@3.11.2",
    "icon@2x.png",
    "git@github.com:org/repo.git",
    "https://user@example.com/path",
    "y = x@w.transpose()",
    "X@np.array",
    "a@@b.com",
    "@handle.bsky.social",
    "p@$$w0rd.com",
    "npm i left-pad@1.3.0",
    "me@.com",
    "foo@bar..com",
    "2@3",
    "ssh root@10.0.0.1",
]
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
    "How much is 606 - 263 - 22 - 44?",
    "606-263-22-44",
    "How much is 55 + 690 - 4 - 179?",
]


@pytest.mark.parametrize("text", EMAILS)
def test_an_address_is_found_to_the_letter(text: str) -> None:
    assert [text[start:end] for start, end in find_emails(text)] == EMAILS[text]


@pytest.mark.parametrize("text", NO_EMAILS)
def test_what_looks_like_an_address_stays(text: str) -> None:
    assert find_emails(text) == []


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


SECRET_MAIL, SECRET_PHONE = "jane@example.com", "631-555-4867"
PROMPT = f"Mail {SECRET_MAIL} or {SECRET_MAIL}, call {SECRET_PHONE}."


def one(row: object, **treatment: str) -> Handled:
    (handled,) = redact_rows([row], Redaction(**treatment))  # type: ignore[list-item, arg-type]
    return handled


def test_what_is_found_is_replaced_and_the_ledger_never_holds_it() -> None:
    row = example(PROMPT, "Done.", meta={"by": SECRET_MAIL, "n": [1, {"tel": f"call {SECRET_PHONE}"}]})
    handled = one(row)
    assert handled.record is not None
    assert handled.record.messages[0].content == "Mail <email> or <email>, call <phone>."
    assert handled.record.meta == {"by": "<email>", "n": [1, {"tel": "call <phone>"}]}
    assert handled.record.parents == row.parents and handled.record.content_id != row.content_id
    assert [(e.action, e.reason, e.detail) for e in handled.entries] == [
        ("change", "email replaced", "email: 3"),
        ("change", "phone replaced", "phone: 2"),
    ]
    assert SECRET_MAIL not in repr(handled) and SECRET_PHONE not in repr(handled)


def test_keep_and_drop() -> None:
    row = example(PROMPT, "Done.")
    assert one(row, email="keep", phone="keep") == Handled(row)
    dropped = one(row, email="drop", phone="keep")
    assert dropped.record is None and [(e.reason, e.detail) for e in dropped.entries] == [("holds email", "email: 2")]
    assert SECRET_MAIL not in repr(dropped.entries)


def test_the_ground_truth_follows_its_prompt_and_is_not_searched_itself() -> None:
    row = problem(PROMPT, {"kwargs": [{"end": f"call {SECRET_PHONE}"}]}, plain=PROMPT)
    record = one(row).record
    assert isinstance(record, Problem)
    assert record.ground_truth == {"kwargs": [{"end": "call <phone>"}]} and SECRET_MAIL not in record.plain
    number = problem("Call and tell me 2 x 2077776335", "4155552670")
    assert one(number).record == number


def test_nothing_found_leaves_the_very_same_record() -> None:
    row = example("What is 12 - 7?", "5")
    assert one(row) == Handled(row) and one(row).record is row


@given(st.text(alphabet="abc1 2@.+-()5\n", max_size=60))
def test_redacting_twice_finds_no_address_again(text: str) -> None:
    record = one(example(text, "x")).record
    assert record is not None and not find_emails(record.messages[0].content)


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
