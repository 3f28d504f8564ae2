"""Words: what stands between blanks, and in scripts that put no blanks between words every character by itself."""

import re

from postgrad.support.ngrams import SPACELESS

_SPACELESS = re.compile(f"[{SPACELESS}]")


def words_of(text: str) -> list[str]:
    """The words in order, as they are written: punctuation sticks to its word."""
    return text.split() if text.isascii() else _SPACELESS.sub(r" \g<0> ", text).split()
