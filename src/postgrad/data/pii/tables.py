"""Tables in a text: which heading each cell stands under, so that a bare number is read with the word that names it."""

import re
from collections.abc import Iterator

DELIMITERS = ("|", "\t", ";", ",")
LONGEST_HEADING = 40
PARTS = re.compile(r"(?<=[a-zäöüß])(?=[A-Z])")


def spoken(key: str) -> str:
    """A key of an object or a heading as words: `patientId` → `patient Id`."""
    return PARTS.sub(" ", key).strip(" \"'*_")


def cells(text: str) -> Iterator[tuple[str, int, int]]:
    """(heading, start, end) of each cell below the first of a block of lines with the same number of delimiters."""
    if "PID|" in text:
        yield from _hl7(text)
    if "\n" not in text:
        return
    for delimiter in DELIMITERS:
        if text.count(delimiter) >= 2:
            yield from _cells(text, delimiter)


PATIENT = re.compile(r"^PID\|[^\n]*", re.MULTILINE)
HL7 = {2: "patient id", 3: "patient id", 4: "patient id", 7: "date of birth", 13: "phone", 14: "phone",
       18: "patient number", 19: "social security number"}
"""Fields of the patient segment of HL7 version 2 (chapter 3, PID)."""


def _hl7(text: str) -> Iterator[tuple[str, int, int]]:
    for segment in PATIENT.finditer(text):
        begin = segment.start()
        for number, field in enumerate(segment.group().split("|")):
            first = re.split(r"[\^~]", field)[0]
            if number in HL7 and first:
                yield HL7[number], begin, begin + len(first)
            begin += len(field) + 1


def _cells(text: str, delimiter: str) -> Iterator[tuple[str, int, int]]:
    headings: list[str] = []
    place = 0
    for line in text.split("\n"):
        parts = line.split(delimiter)
        if len(parts) < 2:
            headings = []
        elif len(parts) != len(headings):
            headings = [spoken(part) if len(part) <= LONGEST_HEADING else "" for part in parts]
        else:
            begin = place
            for heading, part in zip(headings, parts, strict=True):
                if heading and part.strip():
                    yield heading, begin, begin + len(part)
                begin += len(part) + 1
        place += len(line) + 1
