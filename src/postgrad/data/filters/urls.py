"""Rows that are mostly addresses of web pages."""

import re

from postgrad.data.filters.finding import Check, Finding, percent
from postgrad.data.rows import Record, taught

URL = re.compile(r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"'`]+", re.IGNORECASE)


def url_share(text: str) -> float:
    """Characters in addresses, of those that are no white space; 0 for an empty text."""
    if "://" not in text and "www." not in text.lower():
        return 0.0
    return sum(map(len, URL.findall(text))) / (len("".join(text.split())) or 1)


def check(most: float) -> Check:
    def find(record: Record) -> Finding | None:
        share = url_share("\n".join(message.content for message in taught(record)))
        return ("mostly URLs", percent(share)) if share > most else None

    return find
