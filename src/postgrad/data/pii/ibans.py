"""International bank account numbers (ISO 13616): the country's length and structure, and the check digits hold."""

import re

from stdnum import iban
from stdnum.exceptions import ValidationError

from postgrad.data.pii.context import as_ascii
from postgrad.data.pii.kinds import Spans

CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z]{2}\d{2}(?:[ \-.]?[A-Z0-9]){11,32}"
    r"|[a-z]{2}\d{2}(?:[a-z0-9]{11,30}|(?: [a-z0-9]{4}){2,7}(?: [a-z0-9]{1,3})?))(?![a-z0-9])")
BEGINS = re.compile(r"\d(?<=[A-Za-z]{2}\d)\d")
"""The first look at a text."""
SHORTEST, LONGEST = 15, 34


def find_ibans(text: str) -> Spans:
    """Start and end of each IBAN, in groups or in one piece."""
    found: Spans = []
    read = as_ascii(text)
    if not BEGINS.search(read):
        return found
    place = 0
    while match := CANDIDATE.search(read, place):
        end = _end(read, match.start(), match.end())
        if end is not None:
            found.append((match.start(), end))
        place = end if end is not None else match.start() + 1
    return found


def _end(text: str, start: int, end: int) -> int | None:
    """Where the valid number that begins at `start` ends; what follows it in capitals may have been taken along."""
    while end - start >= SHORTEST:
        number = text[start:end].replace(" ", "").replace("-", "").replace(".", "").upper()
        whole = end == len(text) or not text[end].isalnum()
        if whole and text[end - 1].isalnum() and SHORTEST <= len(number) <= LONGEST:
            try:
                iban.validate(number, check_country=False)
                return end
            except ValidationError:
                pass
        end -= 1
    return None
