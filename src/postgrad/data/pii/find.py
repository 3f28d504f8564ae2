"""All detectors on one text: the places that hold personal data, in order and without overlaps.

A heading (the column of a table, the key of an object, the question before an answer) counts as a word before what
stands under it: the text is then read as `heading: text`.
"""

import re
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from postgrad.data.pii import birth_dates, national_ids, phones, record_numbers
from postgrad.data.pii.apart import is_apart
from postgrad.data.pii.birth_dates import find_birth_dates
from postgrad.data.pii.cards import find_cards
from postgrad.data.pii.emails import find_emails
from postgrad.data.pii.ibans import find_ibans
from postgrad.data.pii.kinds import MARK, Found, Kind, Redaction, Spans
from postgrad.data.pii.names import names_of
from postgrad.data.pii.national_ids import find_national_ids
from postgrad.data.pii.networks import find_ips, find_macs
from postgrad.data.pii.phones import find_phones
from postgrad.data.pii.presidio import find_with_presidio
from postgrad.data.pii.record_numbers import find_record_numbers
from postgrad.data.pii.tables import cells

SPECIFIC: tuple[Kind, ...] = (
    "iban", "card", "national_id", "mac", "ip", "birth_date", "record_number", "email", "phone", "name")
"""Of two places of the same length the kind that comes first here stays."""
DIGIT = re.compile(r"\d")
NUMERIC: tuple[tuple[Kind, Callable[[str], Spans]], ...] = (
    ("iban", find_ibans), ("card", find_cards), ("national_id", find_national_ids), ("ip", find_ips),
    ("birth_date", find_birth_dates), ("record_number", find_record_numbers))
QUESTION = re.compile(r"[^.!?\n]*\?\s*$")
LONGEST_QUESTION = 100


class Finder:
    """`find` made ready for one redaction; can be sent to another process."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        wanted = redaction.looked_for
        self._numeric = [(kind, find) for kind, find in NUMERIC if kind in wanted]
        if "phone" in wanted:
            self._numeric.append(("phone", partial(find_phones, regions=redaction.regions)))
        self._rest: list[tuple[Kind, Callable[[str], Spans]]] = []
        if "email" in wanted:
            self._rest.append(("email", find_emails))
        if "mac" in wanted:
            self._rest.append(("mac", find_macs))
        if "name" in wanted and redaction.names:
            self._rest.append(("name", names_of(redaction.names).find))

    def __reduce__(self) -> tuple[type["Finder"], tuple[Redaction]]:
        return Finder, (self._redaction,)

    def __call__(self, text: str, heading: str = "") -> list[Found]:
        """What is found in the text; `heading` is a word that stands over it and is not part of it."""
        found = list(self._all(text))
        if DIGIT.search(text):
            if heading and _names_numbers(heading):
                found += self._under(heading, text, 0, len(text))
            for over, start, end in cells(text):
                if _names_numbers(over) and DIGIT.search(text, start, end):
                    found += self._under(over, text, start, end)
        if not found:
            return []
        marks = [mark.span() for mark in MARK.finditer(text)]
        return self._apart(one for one in found if is_apart((one.start, one.end), marks))

    def _all(self, text: str) -> Iterator[Found]:
        yield from self._by(self._rest, text)
        if DIGIT.search(text):
            yield from self._by(self._numeric, text)
        if self._redaction.presidio is not None:
            yield from find_with_presidio(text, self._redaction.presidio, self._redaction.looked_for)

    @staticmethod
    def _by(detectors: Iterable[tuple[Kind, Callable[[str], Spans]]], text: str) -> Iterator[Found]:
        for kind, find in detectors:
            for start, end in find(text):
                yield Found(start, end, kind)

    def _under(self, heading: str, text: str, start: int, end: int) -> Iterator[Found]:
        head = "MRN: " if record_numbers.HEADING.fullmatch(heading) else f"{heading}: "
        cell = text[start:end]
        shift = start + len(cell) - len(cell.lstrip()) - len(head)
        for one in self._by(self._numeric, head + cell.strip()):
            if one.start >= len(head):
                yield Found(one.start + shift, one.end + shift, one.kind)

    def _apart(self, found: Iterable[Found]) -> list[Found]:
        """Without overlaps: what changes the text before what is only reported, then the longest, then `SPECIFIC`."""
        reported = self._redaction.reported
        order = sorted(set(found), key=lambda one: (
            one.kind in reported, one.start - one.end, SPECIFIC.index(one.kind), one.start))
        kept: list[Found] = []
        taken: Spans = []
        for one in order:
            span = (one.start, one.end)
            if is_apart(span, taken):
                insort(taken, span)
                kept.append(one)
        return sorted(kept, key=lambda one: one.start)


def find(text: str, redaction: Redaction) -> list[Found]:
    """The places of a text that hold personal data of the kinds that are looked for. For many texts make a `Finder`."""
    return Finder(redaction)(text)


HEADINGS = (birth_dates.CUE, *dict.fromkeys(
    way.cue for ways in national_ids.WAYS.values() for way in ways if way.cue is not None))
LABEL = re.compile(rf"\b(?:{phones.NOUNS})(?!\w)", re.IGNORECASE)
ANY_LABEL = re.compile("|".join((LABEL.pattern, *(pattern.pattern for pattern in HEADINGS))), re.IGNORECASE)


@lru_cache(maxsize=1000)
def _names_numbers(heading: str) -> bool:
    """Whether a heading is a word that makes a number under it personal: a label, not any text that holds one."""
    return (ANY_LABEL.search(heading) is not None or record_numbers.HEADING.fullmatch(heading) is not None
            or bool(record_numbers.find_record_numbers(f"{heading}: 1234567")))


def question_of(text: str) -> str:
    """The question that a text ends with, as the heading of the answer; "" if there is none."""
    match = QUESTION.search(text[-LONGEST_QUESTION:])
    return match.group().strip().rstrip("?") if match else ""
