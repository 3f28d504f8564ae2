"""Redaction of e-mail addresses and phone numbers, with guards against what only looks like one.

A number is a phone number when the `phonenumbers` library (libphonenumber's tables) holds it for valid (with a + for
any country; without one for a region asked for, and grouped as that region does) and no guard says otherwise. The
guards, each for a look-alike that the library lets through:

- it touches a letter, a digit, or a point or comma with a digit behind it (identifiers, decimals, grouped numbers);
- an arithmetic sign, a currency sign or a verb of arithmetic stands before it, or an arithmetic sign after it;
- it is digits and blanks alone, or has a dash or stroke between blanks (12 - 7 - 3), without a leading +, and no word
  such as "call" or "phone" stands shortly before it: such are identifiers and sums far more often than phones.

What is found in the messages is replaced by `<email>` and `<phone>` there and wherever else the record repeats it
(`plain`, `ground_truth`, `meta`), so that a checked answer still fits its prompt. The ledger holds counts only.
Not found: addresses in other scripts, addresses spelt out ("john at example dot com"), numbers in words.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import phonenumbers

from postgrad.data.rows import Handled, Record, dropped, entry, with_messages
from postgrad.records.types import Problem

STEP = "redact"
Treatment = Literal["keep", "replace", "drop"]

EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-@/])"  # begins a word; not the user of a URL (https://user@host)
    r"[A-Za-z0-9](?:[A-Za-z0-9._%+\-]{0,62}[A-Za-z0-9_%+\-])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,6}([A-Za-z]{2,24})"
    r"(?![A-Za-z0-9_\-]|\.[A-Za-z0-9]|@|\(|:[^\s])"  # ends a domain; not a call, not git@host:path
)
NOT_DOMAINS = frozenset({
    "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html", "xml", "txt", "yaml", "yml", "toml", "csv",
    "array", "dot", "matmul"})
"""Ends that look like a top-level domain and are none: `icon@2x.png`, `style@v2.css`, numpy's `X@np.array`."""

PHONE_LIKE = re.compile(r"(?<![0-9A-Za-z_])[+(]?\d[\d\s().\-/\u00a0\u2010-\u2013]{5,24}\d(?![0-9A-Za-z_])")
FEWEST_DIGITS = 7
"""Cheap first look: only texts with such a stretch, of so many digits, are given to the library, which is slow."""
CUE = re.compile(
    r"\b(?:phone|telephone|tel|call|calling|mobile|cell|cellphone|fax|dial|text|sms|whatsapp|hotline|reach|ring|contact)\b",
    re.IGNORECASE)
CUE_WITHIN = 40
SUM_BEFORE = re.compile(
    r"(?:[=*/×÷^%<>≤≥$€£¥#]|[\d)]\s*[+\-−–x]|"
    r"\b(?:what is|calculate|compute|evaluate|solve|simplify|subtract|add|minus|plus|times|"
    r"sum of|product of|divided by))\s*$",
    re.IGNORECASE)
SUM_AFTER = re.compile(r"\s*(?:[=*×÷^%]|[+/−]\s*\d|-\s+\d|\b(?:minus|plus|times|divided by)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Redaction:
    """What to do with a row that holds an address or a number. `regions`: whose national numbers are known, besides
    international ones (ISO 3166 codes)."""

    email: Treatment = "replace"
    phone: Treatment = "replace"
    regions: tuple[str, ...] = ("US",)


def find_emails(text: str) -> list[tuple[int, int]]:
    """Start and end of each e-mail address."""
    if "@" not in text:
        return []
    return [match.span() for match in EMAIL.finditer(text) if match.group(1).lower() not in NOT_DOMAINS]


def find_phones(text: str, regions: Iterable[str] = ("US",)) -> list[tuple[int, int]]:
    """Start and end of each phone number, in order, without overlaps."""
    if not any(sum(map(str.isdigit, like.group())) >= FEWEST_DIGITS for like in PHONE_LIKE.finditer(text)):
        return []
    found: list[tuple[int, int]] = []
    grouped = phonenumbers.Leniency.STRICT_GROUPING
    for region, leniency in [(None, phonenumbers.Leniency.VALID), *((region, grouped) for region in regions)]:
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency):
            span = (match.start, match.end)
            if not _looks_alike(text, *span) and all(span[1] <= start or end <= span[0] for start, end in found):
                found.append(span)
    return sorted(found)


def _looks_alike(text: str, start: int, end: int) -> bool:
    number, before, after = text[start:end], text[max(0, start - CUE_WITHIN) : start], text[end : end + CUE_WITHIN]
    if re.search(r"(?:[A-Za-z0-9_]|\d[.,:\-])$", before) or re.match(r"[A-Za-z0-9_]|[.,]\d", after):
        return True
    if SUM_BEFORE.search(before) or SUM_AFTER.match(after):
        return True
    if number.startswith("+") and re.search(r"[\d)]\s*$", before):
        return True
    # The library takes "x 3" for an extension, " - " for a hyphen, and "+ 690 - 4 - 179" for a number in Tokelau.
    bare = re.fullmatch(r"[\d\s]+(?:x\s*\d+)?", number) is not None
    chain = re.match(r"\+\d", number) is None and re.search(r"\s[\-−–/]\s", number) is not None
    return (bare or chain) and not CUE.search(before)


Finder = Callable[[str], list[tuple[int, int]]]


def _replace_spans(text: str, spans: list[tuple[int, int]], placeholder: str) -> str:
    for start, end in reversed(spans):
        text = text[:start] + placeholder + text[end:]
    return text


def redact_rows(records: Iterable[Record], redaction: Redaction) -> Iterator[Handled]:
    """Replace, keep or drop, kind by kind; the e-mail addresses first."""
    phones: Finder = lambda text: find_phones(text, redaction.regions)
    looks: list[tuple[str, Finder, Treatment]] = [
        ("email", find_emails, redaction.email), ("phone", phones, redaction.phone)]
    for record in records:
        yield _redact(record, [look for look in looks if look[2] != "keep"])


def _redact(record: Record, looks: list[tuple[str, Finder, Treatment]]) -> Handled:
    counts: dict[str, int] = {}
    for name, find, treatment in looks:
        after, count = _replace_all(record, find, f"<{name}>")
        if count and treatment == "drop":
            return dropped(record, STEP, f"holds {name}", f"{name}: {count}")
        if count:
            record, counts[name] = after, count
    return Handled(record, tuple(entry(record, STEP, "change", f"{name} replaced", f"{name}: {count}")
                                 for name, count in counts.items()))


def _replace_all(record: Record, find: Finder, placeholder: str) -> tuple[Record, int]:
    """The record without what `find` finds, and how many places that were."""
    secrets: set[str] = set()
    count = 0

    def clean(text: str) -> str:
        nonlocal count
        spans = find(text)
        if not spans:
            return text
        count += len(spans)
        secrets.update(text[start:end] for start, end in spans)
        return _replace_spans(text, spans, placeholder)

    messages = tuple(replace(message, content=clean(message.content)) for message in record.messages)
    fields: dict[str, Any] = {"meta": _each_text(record.meta, clean)}
    if isinstance(record, Problem):
        fields["plain"] = clean(record.plain)
        # The answer is not searched: bare digits there are answers. What the prompt gave away goes from it too.
        fields["ground_truth"] = _each_text(record.ground_truth, lambda text: _without(text, secrets, placeholder))
    return (with_messages(record, messages, **fields), count) if count else (record, 0)


def _without(text: str, secrets: set[str], placeholder: str) -> str:
    for secret in sorted(secrets, key=lambda secret: (-len(secret), secret)):
        text = text.replace(secret, placeholder)
    return text


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in value.items()}
    return value
