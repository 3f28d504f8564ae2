"""Rows in other languages than expected, by an identifier that needs no network (py3langid: its model is in the wheel).

What is looked at: the first characters of the text without fenced code, addresses and white space at the ends. A row
leaves when it is in another language by at least the confidence asked for: where the identifier is unsure, it stays.
"""

import importlib
import re
from functools import cache
from typing import Any

from postgrad.data.filters.finding import Check, Finding, percent
from postgrad.data.filters.letters import letter_count
from postgrad.data.filters.urls import URL
from postgrad.data.rows import Record, taught
from postgrad.records.types import Message
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

_CODES = """
    ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr
    fuv fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko
    ku ky la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru
    rw sa sdh se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo yue
    zh zu
"""
LANGUAGES = frozenset(_CODES.split())
"""ISO 639 codes that the identifier knows."""
LOOKED_AT = 1000
"""Characters: the identifier's time grows with them, its certainty hardly."""
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


@cache
def _identifier() -> Any:
    """Loaded once a process, when the first text is looked at: half a second and about 80 MB."""
    return importlib.import_module("py3langid.langid").LanguageIdentifier.from_model_file(
        "data/model.npz.xz", norm_probs=True)


def language_of(text: str) -> tuple[str, float]:
    """The likeliest language's code and the identifier's confidence in it, 0 to 1."""
    language, confidence = _identifier().classify(text)
    return str(language), float(confidence)


def prose_of(text: str) -> str:
    """The part of a text that has a language, as far as it is looked at."""
    if "```" in text:
        text = _FENCED.sub(" ", text)
    if "://" in text or "www." in text:
        text = URL.sub(" ", text)
    return text.strip()[:LOOKED_AT]


def _parts(messages: tuple[Message, ...], scope: str) -> list[tuple[str, str]]:
    """Where each text stands, and the text."""
    if scope == "row":
        return [("", prose_of("\n".join(message.content for message in messages)))]
    return [(f"messages[{index}]: ", prose_of(message.content)) for index, message in enumerate(messages)]


def check(languages: tuple[str, ...], confidence: float, min_chars: int, scope: str) -> Check:
    """Texts with fewer letters than `min_chars` are not judged."""
    for name in languages:
        if name not in LANGUAGES:
            raise Mistake(f"unknown language {name}", where="curate.filter.languages",
                          mend=f"use ISO 639 codes such as en; {nearest(name, sorted(LANGUAGES))}")

    def find(record: Record) -> Finding | None:
        for where, text in _parts(taught(record), scope):
            if len(text) < min_chars or letter_count(text) < min_chars:
                continue
            language, sure = language_of(text)
            if language not in languages and language in LANGUAGES and sure >= confidence:
                return "other language", f"{where}{language}, {percent(sure)}"
        return None

    return find
