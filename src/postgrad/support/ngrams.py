"""Tokens and hashed n-grams of a text: what decontamination compares, and all that a sealed task gives away of itself.

A token is a run of letters (with their marks) or a run of digits, after NFKC and case folding; every other symbol is
dropped, so that punctuation, markup and line breaks cannot hide an overlap. Scripts that put no spaces between words
(Han, kana, Thai, Lao, Khmer, Burmese) give one token a character: a whole sentence as one token would match nothing.
"""

import hashlib
import re
import unicodedata
from functools import cache

_SPACELESS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U000323af"  # Han, the supplementary planes
)


@cache
def _token() -> re.Pattern[str]:
    """A token. Python's \\w leaves out combining marks, which would cut Hindi or Arabic words in pieces."""
    marks = "".join(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.category(char)[0] == "M")
    letter = rf"(?![{_SPACELESS}])[^\W\d_]"
    return re.compile(rf"[{_SPACELESS}]|\d+|{letter}(?:{letter}|[{marks}])*")


def tokens(text: str) -> list[str]:
    """The tokens of a text in order; "" and mere punctuation give none."""
    return _token().findall(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))


def hashed(tokens: list[str], n: int) -> list[int]:
    """One 64-bit hash for each window of `n` tokens, in order (`len(tokens) - n + 1` of them, none if shorter).

    blake2b, so the same on every machine and in every process. ValueError if `n` is not positive.
    """
    if n < 1:
        raise ValueError(f"an n-gram has at least one token, not {n}")
    coded = [token.encode("utf-8", "surrogatepass") for token in tokens]
    return [
        int.from_bytes(hashlib.blake2b(b" ".join(coded[i : i + n]), digest_size=8).digest(), "big")
        for i in range(len(coded) - n + 1)
    ]
