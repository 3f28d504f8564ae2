"""Rows with too few letters: tables of numbers, ruled lines, keys and codes."""

import string

import regex

from postgrad.data.filters.finding import Check, Finding, percent
from postgrad.data.rows import Record, taught

_LETTERS = regex.compile(r"[\p{L}\p{M}]+")
_ASCII_BLANKS = string.whitespace.encode() + bytes(range(0x1C, 0x20))
_ASCII_LETTERS = string.ascii_letters.encode()


def letter_count(text: str) -> int:
    """Letters and their marks."""
    if text.isascii():
        return len(text) - len(text.encode().translate(None, _ASCII_LETTERS))
    return sum(map(len, _LETTERS.findall(text)))


def non_letter_share(text: str) -> float:
    """Characters that are neither letters nor their marks, of those that are no white space; 0 for an empty text."""
    visible = len(text.encode().translate(None, _ASCII_BLANKS)) if text.isascii() else len("".join(text.split()))
    return 1.0 - letter_count(text) / visible if visible else 0.0


def check(most: float) -> Check:
    def find(record: Record) -> Finding | None:
        share = non_letter_share("\n".join(message.content for message in taught(record)))
        return ("too few letters", f"{percent(share)} are none") if share > most else None

    return find
