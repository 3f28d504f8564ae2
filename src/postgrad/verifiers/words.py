"""Whole words in a text, whatever their case, width or spacing: shared by the verifiers that look for names."""

import re
import unicodedata
from functools import lru_cache

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})


def plain(text: str) -> str:
    """NFKC, case folded, typographic apostrophes made straight."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_APOSTROPHES)


@lru_cache(maxsize=4096)
def whole_words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Matches any of the phrases as whole words in a `plain` text, the longest where several begin at one place."""
    longest_first = sorted({" ".join(plain(phrase).split()) for phrase in phrases}, key=lambda p: (-len(p), p))
    either = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest_first)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")


def occurrences(text: str, phrases: tuple[str, ...]) -> list[str]:
    """The phrases that occur in the text, each as often as it does, in order, in `plain` form with single spaces."""
    return [" ".join(found.split()) for found in whole_words(phrases).findall(plain(text))]
