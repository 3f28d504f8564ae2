"""Other spellings of a number that was found: its letters and digits in other groups, and of a phone number those with
and without country code and trunk prefix as well.
"""

import re
from collections.abc import Iterable, Iterator

import phonenumbers

from postgrad.data.pii.context import as_ascii, compact
from postgrad.data.pii.kinds import MARK, Kind
from postgrad.data.pii.phones import number_of

FEWEST = 6
"""Letters and digits that a number must have to be looked for in other groups: shorter ones are years, hours, sums."""
REGROUPED: tuple[Kind, ...] = ("iban", "card", "national_id", "mac", "record_number")
LATIN = r"0-9A-Za-z\u00c0-\u024f"
TOKEN = re.compile(rf"{MARK.pattern}|(?<![{LATIN}])(?P<group>[0-9A-Za-z]+)(?![{LATIN}])")
BETWEEN = re.compile(r"[ .\-/():]{1,3}")
"""What may stand between two groups of one number."""


class Spellings:
    """The numbers of one row that are looked for: mark and kind of each, by its letters and digits alone."""

    def __init__(self) -> None:
        self._numbers: dict[str, tuple[str, Kind]] = {}
        self._beginnings: set[str] = set()

    def add(self, kind: Kind, said: str, mark: str, regions: Iterable[str]) -> None:
        """Look for all spellings of the number `said`, if it is one that has others."""
        for spelt in _spellings(kind, said, regions):
            if len(spelt) >= FEWEST and spelt not in self._numbers:
                self._numbers[spelt] = mark, kind
                self._beginnings.update(spelt[:end] for end in range(1, len(spelt) + 1))

    def find(self, text: str) -> Iterator[tuple[int, int, str, Kind]]:
        """Start, end, mark and kind of each place, in order, from each group of letters and digits the longest."""
        if not self._numbers:
            return
        read = as_ascii(text)
        groups = [(*match.span(), match["group"].upper()) for match in TOKEN.finditer(read) if match["group"]]
        behind = 0
        for first, (start, _, joined) in enumerate(groups):
            if start < behind or joined not in self._beginnings:
                continue
            found = None
            for here in range(first, len(groups)):
                if here > first:
                    joined += groups[here][2]
                    if joined not in self._beginnings or not BETWEEN.fullmatch(read, groups[here - 1][1],
                                                                               groups[here][0]):
                        break
                if joined in self._numbers:
                    found = groups[here][1], *self._numbers[joined]
            if found:
                behind, mark, kind = found
                yield _with_signs(read, start, behind, kind), behind, mark, kind


def _with_signs(text: str, start: int, end: int, kind: Kind) -> int:
    """Where a phone number begins with its plus and the bracket that it closes."""
    closing = text.count(")", start, end) > text.count("(", start, end)
    for sign in "+(+" if kind == "phone" else "":
        if text[start - 1 : start] == sign and (sign == "+" or closing):
            start -= 1
    return start


def _spellings(kind: Kind, said: str, regions: Iterable[str]) -> set[str]:
    if kind in REGROUPED:
        return {compact(said)}
    if kind != "phone":
        return set()
    number = number_of(said, regions)
    if number is None:
        return {compact(said)}
    code, national = str(number.country_code), phonenumbers.national_significant_number(number)
    trunk = phonenumbers.ndd_prefix_for_region(phonenumbers.region_code_for_number(number) or "", True) or ""
    abroad = {f"{code}{national}", f"{code}{trunk}{national}"}
    return {national, f"{trunk}{national}", *abroad, *(f"{out}{one}" for out in ("00", "011") for one in abroad)}
