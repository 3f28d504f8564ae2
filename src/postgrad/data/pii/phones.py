"""Phone numbers, with guards against what only looks like one.

A number is a phone number when the `phonenumbers` library (libphonenumber's tables) holds it for valid (with a + for
any country; without one for a region asked for, and grouped as that region does) and no guard says otherwise. The
guards, each for a look-alike that the library lets through:

- it touches a letter, a digit, or a point or comma with a digit behind it (identifiers, decimals, grouped numbers);
- an arithmetic sign, a currency sign or a verb of arithmetic stands before it, or an arithmetic sign after it;
- it is digits and blanks alone (but for 0113 496 0255, in groups and with a 0 before), or has a dash or stroke between
  blanks (12 - 7 - 3), without a leading +, and neither a word such as "call" stands shortly before it nor another phone
  number close by: such are identifiers and sums far more often than phones.

Not found: numbers in words.
"""

import re
from bisect import insort
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import phonenumbers

from postgrad.data.pii.apart import is_apart, neighbours
from postgrad.data.pii.context import another, as_ascii
from postgrad.data.pii.kinds import Spans

PHONE_LIKE = re.compile(r"(?<![0-9A-Za-z_])[+(]?\d[\d\s().\-/\u00a0\u2010-\u2013]{5,24}\d(?![0-9A-Za-z_])")
FEWEST_DIGITS = 7
"""Only texts with such a stretch, of so many digits, hold a phone number."""
GAP = (r"[x ().\[\]/~\-\u00a0\u00ad\u200b\u2010-\u2015\u2053\u2060\u2212\u223c\u3000\u30fc"
       r"\uff08\uff09\uff0d-\uff0f\uff3b\uff3d\uff5e]{0,4}+")
"""The library lets up to four such characters stand between two groups of digits."""
SOME_DIGITS = re.compile(rf"\d(?:{GAP}\d){{{FEWEST_DIGITS - 1},}}")
PLUS = re.compile(rf"[+\uff0b](?:{GAP}\d){{{FEWEST_DIGITS}}}")
NOUNS = (r"(?:tele)?phones?|tel|mobile|cell(?:phone)?|fax|hotline|whatsapp|sms|telefon\w*|handy\w*|mobil\w*|"
         r"festnetz|rufnummer|durchwahl|caller(?:[ _]?id)?|recapito|rückruf\w*|tél(?:éphone)?|portable|"
         r"fixe|teléfono|móvil|celular|cellulare|telefono|telefoon\w*|mobiel|gsm|tlf|"
         r"telefone|telemóvel|komórk\w*|puhelin\w*|тел(?:ефон\w*)?|моб(?:ильный)?|電話|电话|手机|携帯")
CUE = re.compile(
    rf"\b(?:{NOUNS}|call(?:ing|ed)?|dial|text|reach|ring|contact|erreichbar|anrufen|ruf\w*|appel\w*|joindre|llam\w*|"
    r"chiam\w*|bel|bellen|(?:za)?dzwo\w*|позвони\w*)(?!\w)|[☎📞✆]", re.IGNORECASE)
CUE_WITHIN = 40
NEIGHBOUR = 30
"""How far another number may stand that is a phone number without doubt, for bare digits to be one too."""
LABEL = re.compile(rf"(?:\b(?:{NOUNS})[\s\w.]{{0,12}}[\"']?\s*[=:>|#]+[\s\"']*|</?\w+[^<>]*>\s*)$", re.IGNORECASE)
"""Right before a number: `phone=`, `"tel": "`, a tag. The sign in it is no arithmetic."""
LONG = 9
"""Shorter national numbers without a 0 before are shared with too many other numbers to go without a word."""
DAY = re.compile(r"(?:19|20)\d\d([\-/.])\d\d\1\d\d|\d\d?([\-/.])\d\d?\2(?:19|20)?\d\d")
TRUNK = re.compile(r"0\d+\s\d")
"""National numbers in groups that begin with a 0: identifiers and sums are rarely written so."""
HOURS = re.compile(r"[0-2]?\d[.:][0-5]\d\s?[\-–]\s?[0-2]?\d[.:][0-5]\d")
CHAT_LINK = re.compile(r"\bwa\.me/(\d{8,15})(?!\d)")
SUM_BEFORE = re.compile(
    r"(?:[=*/×÷^%<>≤≥$€£¥#]|[\d)]\s*[+\-−–x]|"
    r"\b(?:what is|calculate|compute|evaluate|solve|simplify|subtract|add|minus|plus|times|"
    r"sum of|product of|divided by))\s*$",
    re.IGNORECASE)
SUM_AFTER = re.compile(r"\s*(?:[=*×÷^%]|[+/−]\s*\d|-\s+\d|\b(?:minus|plus|times|divided by)\b)", re.IGNORECASE)


def find_phones(text: str, regions: Iterable[str] = ("US",)) -> Spans:
    """Start and end of each phone number, in order, without overlaps."""
    if not SOME_DIGITS.search(text) or not any(
            sum(map(str.isdigit, like.group())) >= FEWEST_DIGITS for like in PHONE_LIKE.finditer(text)):
        return []
    found: Spans = [match.span(1) for match in CHAT_LINK.finditer(text)]
    bare: Spans = []
    grouped = phonenumbers.Leniency.STRICT_GROUPING
    for region, leniency in [(None, phonenumbers.Leniency.VALID), *((region, grouped) for region in regions)]:
        for span in _matches(text, region, leniency):
            if is_apart(span, found) and not _looks_alike(text, *span):
                if _is_marked(text, *span):
                    insort(found, span)
                else:
                    bare.append(span)
    for span in bare:
        if is_apart(span, found) and any(
                _beside(text, *sorted((span, sure))) for sure in neighbours(span, found)):
            insort(found, span)
    return found


def number_of(said: str, regions: Iterable[str]) -> Any:
    """The number as the library knows it, if it is valid as it stands or in one of the regions; else None."""
    for region in (None, *regions):
        with suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(said, region)
            if phonenumbers.is_valid_number(number):
                return number
    return None


def _matches(text: str, region: str | None, leniency: int) -> Iterator[tuple[int, int]]:
    """What the library finds. It never looks beyond a line, and is slow: it gets only lines that may hold a number."""
    end = 0
    for hint in _hints(text, region):
        if hint.start() < end:
            continue
        begin = text.rfind("\n", 0, hint.start()) + 1
        end = text.find("\n", hint.end())
        end = end if end >= 0 else len(text)
        line = text[begin:end]
        # Left to itself it gives up after 65,535 stretches that are no phone number.
        for match in phonenumbers.PhoneNumberMatcher(line, region, leniency=leniency, max_tries=len(line)):
            yield begin + match.start, begin + match.end


def _hints(text: str, region: str | None) -> Iterator[re.Match[str]]:
    """Where the library may find something: without a region at a plus before digits, with one where digits close
    together have those of a number of its numbering plan among them."""
    if region is None:
        return PLUS.finditer(text)
    plan = _plan(region)
    return (digits for digits in SOME_DIGITS.finditer(text)
            if plan.search("".join(filter(str.isdigit, as_ascii(digits.group())))))


@cache
def _plan(region: str) -> re.Pattern[str]:
    """All numbers of the region, and of those that share its country code, without a prefix."""
    code = phonenumbers.country_code_for_region(region)
    plans: dict[str, Any] = {one: phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, one)
             for one in phonenumbers.region_codes_for_country_code(code)}
    dialled = (region, phonenumbers.region_code_for_country_code(code))
    if any(plans[one].national_prefix_transform_rule for one in dialled):  # what is dialled is not part of the number
        return re.compile("")
    return re.compile("|".join({plan.general_desc.national_number_pattern: None for plan in plans.values()}))


def _beside(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two places stand close by in one line."""
    return other[0] - one[1] <= NEIGHBOUR and "\n" not in text[one[1] : other[0]]


def _is_marked(text: str, start: int, end: int) -> bool:
    """Whether form or a word says phone. The library takes "x 3" for an extension and " - " for a hyphen."""
    number = text[start:end]
    bare = re.fullmatch(r"[\d\s]+(?:x\s*\d+)?", number) is not None and not TRUNK.match(number)
    chain = re.match(r"\+\d", number) is None and re.search(r"\s[\-−–/]\s", number) is not None
    short = sum(map(str.isdigit, number)) < LONG and number[0] not in "+(0"
    return not (bare or chain or short) or CUE.search(text, max(0, start - CUE_WITHIN), start) is not None


def _looks_alike(text: str, start: int, end: int) -> bool:
    number, before, after = text[start:end], text[max(0, start - CUE_WITHIN) : start], text[end : end + CUE_WITHIN]
    if re.search(r"(?:[A-Za-z0-9_]|\d[.,:\-])$", before) or re.match(r"[A-Za-z0-9_]|[.,]\d", after):
        return True
    listed = number.startswith("+") and before.endswith(" / ")
    sum_before = SUM_BEFORE.search(before) and not listed and not LABEL.search(before)
    if sum_before or SUM_AFTER.match(after) or another(text, start):
        return True
    if number.startswith("+") and re.search(r"[\d)]\s*$", before):
        return True
    if (sum(map(str.isdigit, number)) < FEWEST_DIGITS or HOURS.fullmatch(number) or DAY.fullmatch(number)
            or re.match(r"-[A-Za-z]", after)):
        return True
    # A longer row of digit groups is no phone number.
    return number[0] == "0" and (re.search(r"\d\s$", before) or re.match(r"\s\d{2,}\b", after)) is not None
