"""Checks of national numbers that python-stdnum lacks; each raises stdnum's ValidationError as its modules do."""

import re

from stdnum.exceptions import InvalidChecksum, InvalidFormat

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _compact(number: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", number.upper())


def nino(number: str) -> None:
    """UK National Insurance number. It has no check digit, but rules for its letters (HMRC manual NIM39110)."""
    if not re.fullmatch(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", _compact(number)):
        raise InvalidFormat


def mbi(number: str) -> None:
    """US Medicare Beneficiary Identifier. No check digit; each place has its letters (CMS, "Understanding the MBI")."""
    letter, either = "[AC-HJKMNP-RT-Y]", "[0-9AC-HJKMNP-RT-Y]"
    if not re.fullmatch(rf"[1-9]{letter}{either}\d{letter}{either}\d{letter}{letter}\d\d", _compact(number)):
        raise InvalidFormat


def svnr_de(number: str) -> None:
    """German pension insurance number (VKVV §4): area, date of birth, letter, serial, check digit."""
    compact = _compact(number)
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d)\d\d([A-Z])\d\d(\d)", compact)
    if not match or not 1 <= int(match[2]) % 50 <= 31 or not 1 <= int(match[3]) <= 12:
        raise InvalidFormat
    digits = f"{compact[:8]}{LETTERS.index(match[4]) + 1:02}{compact[9:11]}"
    weighed = (int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    if sum(product // 10 + product % 10 for product in weighed) % 10 != int(match[5]):
        raise InvalidChecksum


def kvnr(number: str) -> None:
    """German health insurance number (SGB V §290): letter, eight digits, check digit by a modified Luhn."""
    match = re.fullmatch(r"([A-Z])(\d{8})(\d)", _compact(number))
    if not match:
        raise InvalidFormat
    digits = f"{LETTERS.index(match[1]) + 1:02}{match[2]}"
    weighed = (int(digit) * (1 + index % 2) for index, digit in enumerate(digits))
    if sum(product // 10 + product % 10 for product in weighed) % 10 != int(match[3]):
        raise InvalidChecksum


def snils(number: str) -> None:
    """Russian insurance number: nine digits and their weighed sum, modulo 101."""
    compact = _compact(number)
    if not re.fullmatch(r"\d{11}", compact):
        raise InvalidFormat
    total = sum(int(digit) * weight for digit, weight in zip(compact, range(9, 0, -1), strict=False))
    if total % 101 % 100 != int(compact[9:]):
        raise InvalidChecksum


def nric_sg(number: str) -> None:
    """Singapore NRIC and FIN: prefix, seven digits, check letter."""
    match = re.fullmatch(r"([STFG])(\d{7})([A-Z])", _compact(number))
    if not match:
        raise InvalidFormat
    total = sum(int(digit) * weight for digit, weight in zip(match[2], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += 4 if match[1] in "TG" else 0
    if ("JZIHGFEDCBA" if match[1] in "ST" else "XWUTRQPNMLK")[total % 11] != match[3]:
        raise InvalidChecksum
