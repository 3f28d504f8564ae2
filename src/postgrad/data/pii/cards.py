"""Payment cards: an issuer's range and length, and Luhn's check digit.

Ranges: ISO/IEC 7812 numbers as the networks publish them. Visa's 13 and 19 digits, Maestro and UnionPay's 17 to 19 are
shared with far too many other numbers, and count only near a word such as "card".
"""

import re

from stdnum import luhn

from postgrad.data.pii.context import another, as_ascii, cued, words
from postgrad.data.pii.kinds import Spans
from postgrad.data.pii.shapes import Shapes

GROUPED = ("9999 9999 9999 9999", "9999-9999-9999-9999", "9999.9999.9999.9999", "9999 999999 99999",
           "9999-999999-99999", "9999 999999 9999", "9999-999999-9999", "9999 9999 9999 9999 999",
           "9999 9999 9999 999", "99999999 99999999", "999999 9999999999")
BARE = tuple("9" * length for length in range(12, 20))
DIGITS = re.compile(r"\d(?:[ .\-]?\d){11}")
"""The first look at a text."""
SHAPES = Shapes((*GROUPED, *BARE))
CUE = words("(?:credit|debit|payment|bank)?(?: )?cards?(?: number| no| nr| num)?", "visa", "master ?card", "maestro",
            "amex", "american express", "discover", "diners?(?: club)?", "jcb", "union ?pay", "pan", "cc", "ccnum",
            "kreditkarten?(?:nummer|nr)?", "karten(?:nummer|nr)?", "karte", "carte(?: bancaire| bleue)?", "cb",
            "tarjeta(?: de crédito| de débito)?", "carta(?: di credito)?", "cartão", "creditcard(?:nummer)?", "kaart",
            "karta", "karty", "kort(?:nummer)?", "карта", "карты", "カード", "卡号")
GROUP_OF_FOUR = 4


def _issued(number: str) -> bool:
    """Whether an issuer's range and length say card without further words."""
    four, length = int(number[:4]), len(number)
    if length == 16:
        return (number[0] == "4" or 5100 <= four <= 5599 or 2221 <= four <= 2720 or four == 6011
                or 6440 <= four <= 6599 or 3528 <= four <= 3589 or number[:2] == "62")
    if length == 15:
        return number[:2] in ("34", "37")
    return length == 14 and (3000 <= four <= 3059 or four == 3095 or number[:2] in ("36", "38", "39"))


def _issued_rarely(number: str) -> bool:
    """Lengths and ranges that many other numbers share."""
    visa = number[0] == "4" and len(number) in (13, 16, 19)
    return visa or number[:2] in ("50", "56", "57", "58", "62", "63", "67") or _issued(number)


def find_cards(text: str) -> Spans:
    """Start and end of each card number."""
    found: Spans = []
    read = as_ascii(text)
    if not DIGITS.search(read):
        return found
    for shaped in SHAPES.find(read):
        number = "".join(filter(str.isdigit, read[shaped.start : shaped.end]))
        if not luhn.is_valid(number) or len(set(number)) == 1 or _goes_on(read, shaped.start, shaped.end):
            continue
        near = cued(read, shaped.start, shaped.end, CUE)
        meant = _issued_rarely(number) if near else _issued(number) and not another(read, shaped.start)
        if meant and (not found or shaped.start >= found[-1][1]):
            found.append((shaped.start, shaped.end))
    return found


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether further groups of four digits stand on either side: then it is a part of something longer."""
    before, after = text[max(0, start - 6) : start], text[end : end + 6]
    four_before = before[-1:] == " " and before[-5:-1].isdigit() and not before[:-5].isalnum()
    four_after = after[:1] == " " and len(after[1:5]) == GROUP_OF_FOUR and after[1:5].isdigit() \
        and not after[5:].isalnum()
    return four_before or four_after
