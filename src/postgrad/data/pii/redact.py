"""What is done with what was found: counted, replaced, pseudonymised, or the row dropped.

All texts of a row are looked at: messages, both answers of a preference, the plain form of a problem, its ground truth,
and everything in `meta`. What was found in one place goes from all others of the row too, in other spellings and as a
whole number, so that a checked answer still fits its prompt; a ground truth that is a number is not searched itself,
since digits there are answers. The ledger holds kinds and counts only.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from postgrad.data.pii.find import Finder, question_of
from postgrad.data.pii.kinds import KINDS, MARK, Kind, Redaction
from postgrad.data.pii.pseudonyms import normaliser, pseudonym
from postgrad.data.pii.spellings import Spellings
from postgrad.data.pii.tables import spoken
from postgrad.data.rows import Handled, Record, dropped
from postgrad.records.types import Action, Example, LedgerEntry, Message, Preference, Problem, content_id

STEP = "redact"
FEWEST_REPEATED = 4
"""Letters and digits that a found value must have to be taken out wherever else its row repeats it."""
NUMBER = re.compile(r"[\d\s.,:+\-−*/^=()%$€£]*")
DONE = {"replace": "replaced", "pseudonym": "pseudonymised"}

T = TypeVar("T")


class Change(Protocol):
    """Gives a text as it shall be. `heading`: what stands over it; `answer`: if it is a number it is not searched
    itself (a part of a ground truth, a number under no heading)."""

    def __call__(self, text: str, heading: str, answer: bool = False) -> str: ...


Rewrite = Callable[[T, Change], T]
"""Gives every text of a row to the change, in order, and makes the row of what comes back."""


@dataclass(frozen=True, slots=True)
class Treated:
    """A row's value (None: dropped) and how many places of each kind were found in it."""

    value: Any
    found: Mapping[Kind, int]
    changed: bool


class Redactor:
    """Treats rows one by one; can be sent to another process."""

    def __init__(self, redaction: Redaction) -> None:
        self.redaction = redaction
        self.find = Finder(redaction)
        self._normalise = normaliser(redaction)

    def __reduce__(self) -> tuple[type["Redactor"], tuple[Redaction]]:
        return Redactor, (self.redaction,)

    def __call__(self, record: Record | Preference) -> Handled:
        """One record. Without a finding it is the very same; else its entries say what was found, by kind. A preference
        whose answers differed only in what was replaced leaves, as one with equal answers does when it is read."""
        treated = self.treat(record, _rewrite_record)
        after = treated.value
        if treated.changed and isinstance(after, Preference) and after.chosen is not None \
                and after.rejected is not None and after.chosen.strip() == after.rejected.strip():
            return dropped(record, STEP, "equal answers", "once redacted, chosen and rejected say the same")
        return Handled(treated.value, tuple(
            LedgerEntry(record.parents[0], STEP, action, reason, detail)
            for action, reason, detail in self.said(treated)))

    def treat(self, value: T, rewrite: Rewrite[T]) -> Treated:
        """A row of any form, by a function that knows where its texts are."""
        row = _Row(self)
        after = rewrite(value, row.look)
        if not row.found:
            return Treated(value, {}, False)
        while row.news and not row.leaves:
            row.news = False
            after = rewrite(rewrite(after, row.sweep), row.clean)
        if row.leaves:
            return Treated(None, row.found, False)
        return Treated(after if row.marks else value, row.found, bool(row.marks))

    def mark(self, kind: Kind, said: str) -> str:
        if self.redaction.treatments[kind] == "pseudonym":
            return pseudonym(self.redaction.key, kind, self._normalise(kind, said))
        return f"<{kind}>"

    def said(self, treated: Treated) -> list[tuple[Action, str, str]]:
        """(action, reason, detail) of the ledger's entries for a row: kinds and counts, never a text."""
        found = [(kind, treated.found[kind]) for kind in KINDS if kind in treated.found]
        if treated.value is None:
            reason = next(kind for kind, _ in found if self.redaction.treatments[kind] == "drop")
            return [("drop", f"holds {reason}", ", ".join(f"{kind}: {count}" for kind, count in found))]
        entries: list[tuple[Action, str, str]] = []
        for kind, count in found:
            done = DONE.get(self.redaction.treatments[kind])
            action: Action = "change" if done else "keep"
            entries.append((action, f"{kind} {done or 'found'}", f"{kind}: {count}"))
        return entries


class _Row:
    """What is known of one row while its texts pass: counts, and the mark of each value found."""

    def __init__(self, redactor: Redactor) -> None:
        self.found: Counter[Kind] = Counter()
        self.marks: dict[str, tuple[str, Kind]] = {}
        self.news = False
        self._redactor = redactor
        self._known: re.Pattern[str] | None = None
        self._spellings = Spellings()

    @property
    def leaves(self) -> bool:
        """Whether the row is dropped for what was found."""
        return any(self._redactor.redaction.treatments[kind] == "drop" for kind in self.found)

    def look(self, text: str, heading: str, answer: bool = False) -> str:
        """Find, count, and put marks in place of what is not to stay."""
        return text if answer and NUMBER.fullmatch(text) else self._change(text, heading, first=True)

    def clean(self, text: str, heading: str, answer: bool = False) -> str:
        """As `look` for a text that was looked at: marks may have brought new places to light."""
        return text if answer and NUMBER.fullmatch(text) else self._change(text, heading, first=False)

    def _change(self, text: str, heading: str, first: bool) -> str:
        redaction = self._redactor.redaction
        treatments = redaction.treatments
        pieces: list[str] = []
        place = 0
        for one in self._redactor.find(text, heading):
            treatment = treatments[one.kind]
            if first or treatment != "report":
                self.found[one.kind] += 1
            if treatment in DONE:
                said = text[one.start : one.end]
                mark = self._redactor.mark(one.kind, said)
                self.marks[said], self._known, self.news = (mark, one.kind), None, True
                self._spellings.add(one.kind, said, mark, redaction.regions)
                pieces += text[place : one.start], mark
                place = one.end
        return "".join((*pieces, text[place:])) if pieces else text

    def sweep(self, text: str, heading: str, answer: bool = False) -> str:
        """Put marks in place of values that were found elsewhere in the row."""
        pieces: list[str] = []
        place = 0
        for start, end, mark, kind in self._spellings.find(text):
            pieces += text[place:start], self._once_more(mark, kind)
            place = end
        text = "".join((*pieces, text[place:])) if pieces else text
        if self._known is None:
            values = sorted(self.marks, key=lambda said: (-len(said), said))
            lasting = [said for said in values if sum(map(str.isalnum, said)) >= FEWEST_REPEATED]
            either = "|".join(map(re.escape, lasting)) or r"(?!)"
            self._known = re.compile(rf"{MARK.pattern}|(?<![^\W_])(?P<value>{either})(?![^\W_])")
        return self._known.sub(self._again, text)

    def _again(self, match: re.Match[str]) -> str:
        if match["value"] is None:
            return match.group()
        return self._once_more(*self.marks[match["value"]])

    def _once_more(self, mark: str, kind: Kind) -> str:
        self.found[kind] += 1
        self.news = True
        return mark


def make(redaction: Redaction) -> Callable[[Record], Handled]:
    """What treats one row: pure, and can be sent to another process."""
    return Redactor(redaction)


def _rewrite_record(record: Record | Preference, change: Change) -> Any:
    """A record's texts changed, and its content_id made anew; the very same record if none was."""
    messages = record.prompt if isinstance(record, Preference) else record.messages
    said = _rewrite_messages(messages, change)
    fields: dict[str, Any] = {"meta": rewrite_json(record.meta, change)}
    match record:
        case Preference():
            question = question_of(messages[-1].content) if messages else ""
            for name in ("chosen", "rejected", "completion"):
                answer = getattr(record, name)
                fields[name] = None if answer is None else change(answer, question)
            fields["prompt"] = said
        case Problem():
            fields["messages"], fields["plain"] = said, change(record.plain, "")
            fields["ground_truth"] = rewrite_json(record.ground_truth, partial(change, answer=True))
        case Example():
            fields["messages"] = said
    if all(value == getattr(record, name) for name, value in fields.items()):
        return record
    return replace(record, **fields, content_id=record.content_id if said == messages else content_id(said))


def _rewrite_messages(messages: tuple[Message, ...], change: Change) -> tuple[Message, ...]:
    """A question at the end of a turn stands over the answer."""
    said: list[Message] = []
    question = ""
    for message in messages:
        said.append(replace(message, content=change(message.content, question)))
        question = question_of(message.content)
    return tuple(said)


def rewrite_json(value: Any, change: Change, heading: str = "") -> Any:
    """A JSON value with all its texts changed, keys too. A key is the heading of its value; a whole number is a text as
    well, and becomes one if it is changed."""
    match value:
        case str():
            return change(value, heading)
        case bool() | None:
            return value
        case int() | float() if value % 1 == 0:
            text = str(int(value))
            said = change(text, heading) if heading else change(text, "", answer=True)
            return said if MARK.fullmatch(said) else value
        case list():
            return _rewrite_list(value, change, heading)
        case dict():
            return _rewrite_object(value, change, heading)
        case _:
            return value


def _rewrite_list(values: list[Any], change: Change, heading: str) -> list[Any]:
    said: list[Any] = []
    over = heading
    for value in values:
        said.append(rewrite_json(value, change, over))
        over = _question(value) or heading
    return said


def _question(turn: Any) -> str:
    """The question that a turn of a conversation ends with."""
    content = (turn.get("content") or turn.get("value")) if isinstance(turn, dict) else None
    return question_of(content) if isinstance(content, str) else ""


def _rewrite_object(value: Mapping[str, Any], change: Change, heading: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, item in value.items():
        name = changed = change(key, "")
        number = 1
        while name in said:
            number += 1
            name = f"{changed} {number}"
        over = heading if key in ("content", "value") and heading else spoken(key)
        said[name] = rewrite_json(item, change, over)
    return said
