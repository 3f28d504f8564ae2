"""The words of this package: kinds of personal data, what can be done with each, what was found, what is wished."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

Kind = Literal["email", "phone", "iban", "card", "national_id", "ip", "mac", "birth_date", "record_number", "name"]
Treatment = Literal["keep", "report", "replace", "pseudonym", "drop"]
"""`keep` not looked for · `report` counted in the ledger, the text stays · `replace` a fixed mark in its place ·
`pseudonym` a keyed mark that is the same for the same value · `drop` the row leaves."""

KINDS: tuple[Kind, ...] = get_args(Kind)
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)
MARK = re.compile(rf"<(?:{'|'.join(KINDS)})(?:-[a-z2-7]{{8}})?>")
"""What redaction leaves. Nothing is found in a mark, so that redacting twice changes nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """Characters `start` to `end` (exclusive) of a text are personal data of that kind."""

    start: int
    end: int
    kind: Kind


Spans = list[tuple[int, int]]
"""What a detector gives: start and end of each place."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What to do with each kind; a kind that is not named is kept.

    `regions`: whose national phone numbers are known, besides international ones (ISO 3166 codes). `names`: lines of a
    file of names (see `names.py`). `key`: of pseudonyms. `presidio`: a spaCy model, to have Presidio look as well.
    """

    treatments: Mapping[Kind, Treatment]
    regions: tuple[str, ...] = ("US",)
    names: tuple[str, ...] = field(default=(), repr=False)
    key: bytes = field(default=b"", repr=False)
    presidio: str | None = None

    def __post_init__(self) -> None:
        for kind, treatment in self.treatments.items():
            for word, known in ((kind, KINDS), (treatment, TREATMENTS)):
                if word not in known:
                    raise Mistake(f"unknown word {word}", where=f"redact.{kind}", mend=nearest(word, known))
        if "name" in self.looked_for and not self.names and self.presidio is None:
            raise Mistake("has no names to look for", where="redact.name", mend="give a file of names, one a line")
        if "pseudonym" in self.treatments.values() and not self.key:
            raise Mistake("pseudonyms need a key", where="redact", mend="see docs/privacy.md")

    @property
    def looked_for(self) -> frozenset[Kind]:
        return frozenset(kind for kind, treatment in self.treatments.items() if treatment != "keep")

    @property
    def reported(self) -> frozenset[Kind]:
        return frozenset(kind for kind, treatment in self.treatments.items() if treatment == "report")
