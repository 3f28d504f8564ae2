"""Texts on which a detector could take for ever: long rows of parts with an end that fits nothing, many findings."""

from itertools import pairwise

import pytest

from postgrad.data.pii.find import Finder
from postgrad.data.pii.kinds import KINDS, Redaction
from postgrad.data.pii.names import names_of
from postgrad.data.pii.phones import find_phones
from postgrad.data.pii.record_numbers import find_record_numbers

NAMES = ("Anna Smith; Annie",)
EVERYTHING = Finder(Redaction(dict.fromkeys(KINDS, "replace"), ("US", "DE"), NAMES))  # type: ignore[arg-type]
CUES = ("", "accession no ", "patient admitted, chart ", "DOB ", "call ", "mac ", "card ", "a@", "DE89", "Anna ")
PARTS = ("1", "12 ", "1234.", "12-34 ", "1:", "00:", "0a:", "1/1/", "a1", "A-", "a.", "a@b.", "12 34 ", "(1)", "+1 ",
         "mrn-1-", "patient no ", "born ", "[at]a", "fe80:", "Smith, ", "\u0661", "\n", "a|", "1\t")
ENDS = ("_x", "@", "%", "!")


@pytest.mark.parametrize("end", ENDS)
def test_no_row_of_parts_takes_long(end: str) -> None:
    for cue in CUES:
        for part in PARTS:
            EVERYTHING(cue + part * (600 // len(part)) + end)


@pytest.mark.parametrize("end", ENDS)
def test_an_object_identifier_with_a_failing_end_ends(end: str) -> None:
    # Each group of four digits made the search four times as long.
    for cue in ("accession no", "MRN", "patient admitted, case no"):
        assert find_record_numbers(f"{cue} 1{'.1234' * 40}{end}") == []


def test_an_object_identifier_is_found_whole() -> None:
    text = "accession no 1.2.840.113619.2.55.3.604688119.971.1448377034.467"
    assert [text[start:end] for start, end in find_record_numbers(text)] == [text.removeprefix("accession no ")]


def test_places_are_not_compared_with_every_other() -> None:
    # Compared in pairs these would be 1,800 million steps, twice.
    text = " ".join(f"198.51.{number // 250}.{number % 250 + 1}" for number in range(60_000))
    found = Finder(Redaction({"ip": "replace"}))(text)
    assert len(found) == 60_000 and all(one.end < other.start for one, other in pairwise(found))


def test_a_phone_number_behind_a_long_table_is_found() -> None:
    # The library gives up after 65,535 stretches that are no phone number.
    text = "11,22," * 35_000 + " call +1 631-555-4867"
    assert [text[start:end] for start, end in find_phones(text, ())] == ["+1 631-555-4867"]


def test_names_in_a_long_text() -> None:
    assert len(names_of(NAMES).find("Anna Smith, " * 5_000)) == 5_000
