"""What is done with findings: to messages, preferences, problems and any JSON; and what the ledger says of it."""

import pickle
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.making import example, problem
from postgrad.data.pii.find import Finder, find
from postgrad.data.pii.kinds import KINDS, Found, Redaction
from postgrad.data.pii.redact import Redactor, make, rewrite_json
from postgrad.data.rows import Handled
from postgrad.records.types import Example, Message, Preference, Problem
from postgrad.support.errors import Mistake

SECRET_MAIL, SECRET_PHONE = "jane@example.com", "631-555-4867"
PROMPT = f"Mail {SECRET_MAIL} or {SECRET_MAIL}, call {SECRET_PHONE}."
KEY = b"k" * 32


def wish(**treatments: Any) -> Redaction:
    return Redaction(treatments, key=KEY)  # type: ignore[arg-type]


def one(row: Any, **treatments: Any) -> Handled:
    return make(wish(**(treatments or {"email": "replace", "phone": "replace"})))(row)


def test_what_is_found_is_replaced_and_the_ledger_never_holds_it() -> None:
    row = example(PROMPT, "Done.", meta={"by": SECRET_MAIL, "n": [1, {"tel": f"call {SECRET_PHONE}"}]})
    handled = one(row)
    assert isinstance(handled.record, Example)
    assert handled.record.messages[0].content == "Mail <email> or <email>, call <phone>."
    assert handled.record.meta == {"by": "<email>", "n": [1, {"tel": "call <phone>"}]}
    assert handled.record.parents == row.parents and handled.record.content_id != row.content_id
    assert [(e.action, e.reason, e.detail) for e in handled.entries] == [
        ("change", "email replaced", "email: 3"),
        ("change", "phone replaced", "phone: 2"),
    ]
    assert SECRET_MAIL not in repr(handled) and SECRET_PHONE not in repr(handled)


def test_keep_report_and_drop() -> None:
    row = example(PROMPT, "Done.")
    assert one(row, email="keep", phone="keep") == Handled(row)
    reported = one(row, email="report", phone="keep")
    assert reported.record is row
    assert [(e.action, e.reason, e.detail) for e in reported.entries] == [("keep", "email found", "email: 2")]
    dropped = one(row, email="drop", phone="keep")
    assert dropped.record is None and [(e.reason, e.detail) for e in dropped.entries] == [("holds email", "email: 2")]
    assert SECRET_MAIL not in repr(dropped.entries)


def test_both_answers_of_a_preference_are_treated() -> None:
    origin = example("x", "y").parents
    row = Preference("c", origin, (Message("user", "What is your date of birth?"),), "s", "MIT", "c",
                     chosen="12/03/1970", rejected=f"Ask {SECRET_MAIL}", meta={"who": SECRET_MAIL})
    record = one(row, email="replace", birth_date="replace").record
    assert isinstance(record, Preference)
    assert (record.chosen, record.rejected, record.meta) == ("<birth_date>", "Ask <email>", {"who": "<email>"})


def test_the_ground_truth_follows_its_prompt_and_a_number_in_it_is_not_searched() -> None:
    row = problem(PROMPT, {"kwargs": [{"end": f"call {SECRET_PHONE}"}]}, plain=PROMPT)
    record = one(row).record
    assert isinstance(record, Problem)
    assert record.ground_truth == {"kwargs": [{"end": "call <phone>"}]} and SECRET_MAIL not in record.plain
    number = problem("Call and tell me 2 x 2077776335", "4155552670")
    assert one(number).record is number
    card = problem("What is 4111111111111110 + 1?", "4111111111111111")
    assert one(card, card="replace").record is card


def test_a_number_goes_with_the_value_that_was_found_elsewhere_in_its_row() -> None:
    for truth in (1234567, 1234567.0, [1234567], {"answer": 1234567}):
        record = one(problem("My MRN: 1234567. Say it.", truth), record_number="replace").record
        assert isinstance(record, Problem)
        assert "1234567" not in repr(record) and "<record_number>" in repr(record.ground_truth)
    row = problem("My MRN: 1234567. Say it.", 12345678, plain="x")
    record = one(row, record_number="replace").record
    assert isinstance(record, Problem) and record.ground_truth == 12345678
    card = problem("What is 4111111111111110 + 1?", 4111111111111111)
    assert one(card, card="replace").record is card


def test_answers_that_differ_only_in_what_is_replaced_leave_as_equal_ones() -> None:
    origin = example("x", "y").parents
    row = Preference("c", origin, (Message("user", "Whom shall I ask?"),), "s", "MIT", "c",
                     chosen=f"Ask {SECRET_MAIL}", rejected="Ask john@example.com\n")
    handled = one(row, email="replace")
    assert handled.record is None
    assert [(e.step, e.action, e.reason) for e in handled.entries] == [("redact", "drop", "equal answers")]
    assert one(row, email="report").record is row
    assert one(row, email="pseudonym").record is not None


def test_a_question_stands_over_its_answer_and_a_key_over_its_value() -> None:
    row = example("Hello", "What is your patient number?", "883412", "Thanks", meta={"patientId": 771204, "n": 883})
    record = one(row, record_number="replace").record
    assert isinstance(record, Example)
    assert record.messages[2].content == "<record_number>"
    assert record.meta == {"patientId": "<record_number>", "n": 883}


def test_a_value_found_once_goes_from_the_whole_row() -> None:
    row = example("MRN 883412 is here.", "Yes, 883412; not 9883412.")
    record = one(row, record_number="replace").record
    assert isinstance(record, Example)
    assert record.messages[1].content == "Yes, <record_number>; not 9883412."


@pytest.mark.parametrize("again", [
    "(631) 555-4800", "631.555.4800", "6315554800", "1-631-555-4800", "+1 (631) 555 4800", "001 631 555 4800"])
def test_a_phone_number_goes_in_every_spelling_of_its_row(again: str) -> None:
    """Whose region was not asked for: alone these spellings are not found."""
    redaction = Redaction({"phone": "pseudonym"}, ("DE",), key=KEY)
    treated = Redactor(redaction).treat([f"tel +1 631-555-4800, then call {again}.", f"{again} (Jo)"], rewrite_json)
    mark = treated.value[0][4:20]
    assert treated.value == [f"tel {mark}, then call {mark}.", f"{mark} (Jo)"] and treated.found == {"phone": 3}


@pytest.mark.parametrize("again", ["030 901820", "030/90-18-20", "+49 (0)30 901820", "0049 30 901820", "4930901820"])
def test_a_trunk_zero_and_a_country_code_are_no_other_number(again: str) -> None:
    assert TREAT.treat([f"+49 30 901820, {again}"], rewrite_json).value == ["<phone>, <phone>"]


@pytest.mark.parametrize(("found", "again", "kind"), [
    ("DE89 3704 0044 0532 0130 00", "de89-3704-0044-0532-0130-00", "iban"),
    ("4111 1111 1111 1111", "41 1111 1111111 111", "card"), ("SSN 123-45-6789", "123456789", "national_id"),
    ("02:00:5e:10:20:30", "02005E102030", "mac"), ("MRN 88-34-12", "883412", "record_number"),
    ("MRN 883412", "88 34 12", "record_number"), ("MRN 883412", "\uff18\uff18\uff13\uff14-12", "record_number")])
def test_a_number_goes_in_every_grouping(found: str, again: str, kind: str) -> None:
    treated = TREAT.treat({"a": found, "b": f"as {again}, as said"}, rewrite_json)
    assert treated.value["b"] == f"as <{kind}>, as said" and treated.found == {kind: 2}


def test_short_numbers_and_other_ones_stay() -> None:
    for said, rest in (("MRN 12-345", "12345 or 12.345 of 1234 5"), ("MRN 883412", "8834120, 88, 34, 12 or 88\n3412"),
                       ("+1 631-555-4800", "555-4800 and 631 555 48001")):
        assert TREAT.treat([said, rest], rewrite_json).value[1] == rest


def test_a_dropped_row_counts_what_was_found_once() -> None:
    row = {"a": PROMPT, "b": f"call {SECRET_PHONE}"}
    for phone in ("drop", "report"):
        treated = Redactor(wish(email="replace", phone=phone)).treat(row, rewrite_json)
        assert treated.found["phone"] == 2
    assert Redactor(wish(email="drop")).treat({SECRET_MAIL: 1, "<email>": 2}, rewrite_json).found == {"email": 1}
    two = Redactor(wish(email="replace")).treat({SECRET_MAIL: 1, "john@example.com": 2}, rewrite_json)
    assert two.value == {"<email>": 1, "<email> 2": 2} and two.found == {"email": 2}


def test_pseudonyms_are_the_same_for_the_same_value_in_any_form_and_need_the_key() -> None:
    row = example("Call +1 631-555-4867 or (631) 555-4867 or 212-555-0123.", "JANE@example.com, jane@example.com")
    treated = {"email": "pseudonym", "phone": "pseudonym"}
    record = one(row, **treated).record
    assert isinstance(record, Example)
    first, second, third = re.findall(r"<phone-[a-z2-7]{8}>", record.messages[0].content)
    assert first == second != third
    assert len(set(re.findall(r"<email-[a-z2-7]{8}>", record.messages[1].content))) == 1
    other = Redactor(Redaction(treated, key=b"x" * 32))(row).record  # type: ignore[arg-type]
    assert isinstance(other, Example) and first not in other.messages[0].content
    with pytest.raises(Mistake, match="key"):
        Redaction({"email": "pseudonym"})
    assert "kkkk" not in repr(wish(**treated))


def test_mistakes_in_what_is_wished() -> None:
    with pytest.raises(Mistake, match="emial"):
        Redaction({"emial": "drop"})  # type: ignore[dict-item]
    with pytest.raises(Mistake, match="repalce"):
        Redaction({"email": "repalce"})  # type: ignore[dict-item]
    with pytest.raises(Mistake, match="no names"):
        Redaction({"name": "replace"})


def test_what_changes_the_text_goes_before_what_is_reported_only() -> None:
    redaction = Redaction({"email": "report", "name": "replace"}, names=("anna smith",))
    assert find("anna.smith@example.org", redaction) == [Found(0, 10, "name")]


def test_a_redactor_travels_to_another_process() -> None:
    redactor = pickle.loads(pickle.dumps(make(wish(email="replace"))))
    row = example(PROMPT, "Done.")
    assert redactor(row) == make(wish(email="replace"))(row)


PIECES = st.sampled_from([
    "jane@example.com", "631-555-4867", "DE89 3704 0044 0532 0130 00",
    "4111 1111 1111 1111", "123-45-6789", "192.0.2.7",
    "02:00:5e:10:20:30", "DOB: 3 May 1970", "MRN 883412", "Anna Smith", "Smith", "883412", "call", "born", "1970", "7",
    " ", ", ", "\n", "-", "(", ">", "<email>", "what?", "12", "@", "."])
EVERYTHING = Redaction(dict.fromkeys(KINDS, "replace"), names=("Anna Smith", "email"))  # type: ignore[arg-type]
TREAT = Redactor(EVERYTHING)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=12), st.lists(PIECES, max_size=8))
def test_redaction_is_idempotent_and_leaves_nothing_that_it_would_find(first: list[str], second: list[str]) -> None:
    value = {"text": "".join(first), "more": ["".join(second)]}
    once = TREAT.treat(value, rewrite_json)
    assert TREAT.treat(once.value, rewrite_json).found == {}
    finder = Finder(EVERYTHING)
    assert finder(once.value["text"], "text") == [] and finder(once.value["more"][0], "more") == []


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=12), st.lists(PIECES, max_size=8))
def test_no_found_text_remains_as_a_whole_word(first: list[str], second: list[str]) -> None:
    value = {"text": "".join(first), "more": "".join(second)}
    found = [text[spot.start : spot.end] for text in value.values() for spot in find(text, EVERYTHING)]
    after = TREAT.treat(value, rewrite_json).value
    left = re.sub(r"<[a-z_]+>", "<>", " ".join(after.values()))
    for said in found:
        if sum(map(str.isalnum, said)) >= 4:
            assert not re.search(rf"(?<![^\W_]){re.escape(said)}(?![^\W_])", left)


@given(st.lists(st.text(alphabet="abcdefgh ,.;äöß\n", max_size=40), min_size=2, max_size=4))
def test_a_row_without_personal_data_is_the_very_same(turns: list[str]) -> None:
    row = example(*turns, meta={"topic": turns[0], "score": 0.5, "ok": True, "none": None})
    handled = make(EVERYTHING)(row)
    assert handled.record is row and handled.entries == ()
