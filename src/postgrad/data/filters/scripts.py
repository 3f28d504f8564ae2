"""Rows written in other scripts than expected, by Unicode's property Script (UAX #24).

Characters that several scripts share (Common, Inherited) belong to every script.
"""

from collections.abc import Sequence
from functools import cache

import regex

from postgrad.data.filters.finding import Check, Finding, percent
from postgrad.data.rows import Record, taught
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

SCRIPTS = (
    "arabic", "armenian", "bengali", "cyrillic", "devanagari", "ethiopic", "georgian", "greek", "gujarati", "gurmukhi",
    "han", "hangul", "hebrew", "hiragana", "kannada", "katakana", "khmer", "lao", "latin", "malayalam", "mongolian",
    "myanmar", "oriya", "sinhala", "tamil", "telugu", "thaana", "thai", "tibetan")
_LETTER = regex.compile(r"\p{L}")


@cache
def _class(inside: str) -> regex.Pattern[str]:
    return regex.compile(inside, regex.VERSION1)


def _properties(names: Sequence[str]) -> str:
    return "".join(rf"\p{{Script={name}}}" for name in names)


def other_share(text: str, scripts: Sequence[str]) -> float:
    """Letters of other scripts, of all letters; 0 for a text without letters."""
    if text.isascii() and "latin" in scripts:
        return 0.0
    known = _properties((*scripts, "Common", "Inherited"))
    others = len(_class(rf"[\p{{L}}--[{known}]]").findall(text))
    return others / len(_LETTER.findall(text)) if others else 0.0


def _main_other(text: str, scripts: Sequence[str]) -> str:
    """The commonest script that is not expected."""
    counts = {name: len(_class(rf"[\p{{L}}&&\p{{Script={name}}}]").findall(text))
              for name in SCRIPTS if name not in scripts}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "other"


def check(scripts: tuple[str, ...], most: float) -> Check:
    for name in scripts:
        if name not in SCRIPTS:
            raise Mistake(f"unknown script {name}", where="curate.filter.scripts", mend=nearest(name, SCRIPTS))

    def find(record: Record) -> Finding | None:
        text = "\n".join(message.content for message in taught(record))
        share = other_share(text, scripts)
        return ("other script", f"{_main_other(text, scripts)}, {percent(share)}") if share > most else None

    return find
