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
from collections.abc import Iterable

import phonenumbers

from postgrad.data.pii.context import another
from postgrad.data.pii.kinds import Spans

PHONE_LIKE = re.compile(r"(?<![0-9A-Za-z_])[+(]?\d[\d\s().\-/\u00a0\u2010-\u2013]{5,24}\d(?![0-9A-Za-z_])")
FEWEST_DIGITS = 7
"""Cheap first look: only texts with such a stretch, of so many digits, are given to the library, which is slow."""
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
    if not any(sum(map(str.isdigit, like.group())) >= FEWEST_DIGITS for like in PHONE_LIKE.finditer(text)):
        return []
    found: Spans = [match.span(1) for match in CHAT_LINK.finditer(text)]
    bare: Spans = []
    grouped = phonenumbers.Leniency.STRICT_GROUPING
    for region, leniency in [(None, phonenumbers.Leniency.VALID), *((region, grouped) for region in regions)]:
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency):
            span = (match.start, match.end)
            if _apart(span, found) and not _looks_alike(text, *span):
                (found if _is_marked(text, *span) else bare).append(span)
    for span in bare:
        if _apart(span, found) and any(_beside(text, *sorted((span, sure))) for sure in found):
            found.append(span)
    return sorted(found)


def _apart(span: tuple[int, int], others: Spans) -> bool:
    return all(span[1] <= start or end <= span[0] for start, end in others)


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
