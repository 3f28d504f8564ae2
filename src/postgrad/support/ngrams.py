"""Tokens and hashed n-grams of a text: what decontamination compares, and all that a sealed task gives away of itself.

A token is a run of letters (with their marks) or a run of digits, after NFKC and case folding; every other symbol is
dropped, so that punctuation, markup and line breaks cannot hide an overlap. What has no looks of its own (soft hyphens,
zero-width joiners, marks of direction) is taken out before that, so that it cuts no word in two. Scripts that put no
spaces between words (Han, kana, Thai, Lao, Khmer, Burmese) give one token a character: a whole sentence as one token
would match nothing.

A token's hash is the first 8 bytes of its blake2b. The hash of n tokens in a row is their polynomial in `BASE` modulo
2⁶⁴, scrambled by the finaliser of splitmix64 (Steele et al. 2014): the same on every machine and in every process, and
computed for a whole batch of texts by a few array operations.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Offsets = NDArray[np.int64]
"""Where each text's hashes begin in the array of all; one more than there are texts."""

BASE = 0x9E3779B97F4A7C15
"""2⁶⁴ over the golden ratio, odd: multiplying by it loses nothing."""
MOST_REMEMBERED = 1 << 20
"""Distinct tokens whose hashes are kept at hand: about 150 MB at most."""

SPACELESS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U000323af"  # Han, the supplementary planes
)
"""Ranges, for a character class."""
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), which its NFKC_Casefold takes out too."""
_IGNORED = re.compile(f"[{IGNORABLE}]+")
_ASCII = re.compile("[a-z]+|[0-9]+")


@cache
def _token() -> re.Pattern[str]:
    """A token. Python's \\w leaves out combining marks, which would cut Hindi or Arabic words in pieces."""
    marks = "".join(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.category(char)[0] == "M")
    letter = rf"(?![{SPACELESS}])[^\W\d_]"
    return re.compile(rf"[{SPACELESS}]|\d+|{letter}(?:{letter}|[{marks}])*")


def tokens(text: str) -> list[str]:
    """The tokens of a text in order; "" and mere punctuation give none."""
    if text.isascii():
        return _ASCII.findall(text.lower())
    return _token().findall(folded(text))


def folded(text: str) -> str:
    """A text as one that reads the same: Unicode's NFKC_Casefold, without what cannot be seen."""
    seen = unicodedata.normalize("NFKC", _IGNORED.sub("", text))
    return unicodedata.normalize("NFKC", seen.casefold())


class _Remembered(dict[str, int]):
    """token → hash, computed when it is first asked for."""

    def __missing__(self, token: str) -> int:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        found = self[token] = int.from_bytes(digest, "big")
        return found


_remembered = _Remembered()


def token_hashes(texts: Sequence[str]) -> tuple[Hashes, Offsets]:
    """The hashes of all tokens of all texts, one text after the other, and where each text's begin."""
    every: list[int] = []
    offsets = [0]
    of = _remembered.__getitem__
    for text in texts:
        every += map(of, tokens(text))
        offsets.append(len(every))
    return np.array(every, np.uint64), np.array(offsets, np.int64)


def windows(hashes: Hashes, offsets: Offsets, n: int) -> tuple[Hashes, Offsets]:
    """One hash for each run of `n` tokens that lies within one text, in order, and where each text's begin.

    A text of t tokens has max(0, t − n + 1) of them. ValueError if `n` is not positive.
    """
    if n < 1:
        raise ValueError(f"an n-gram has at least one token, not {n}")
    lengths = np.maximum(np.diff(offsets) - (n - 1), 0)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    if not starts[-1]:
        return np.zeros(0, np.uint64), starts
    count = len(hashes) - (n - 1)
    every = hashes[:count].copy()
    for place in range(1, n):
        every *= np.uint64(BASE)
        every += hashes[place : count + place]
    within = np.repeat(offsets[:-1] - starts[:-1], lengths) + np.arange(starts[-1])
    return _scrambled(every[within]), starts


def _scrambled(values: Hashes) -> Hashes:
    """The finaliser of splitmix64: every bit of the outcome hangs on every bit of the value."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def hashed(tokens: list[str], n: int) -> list[int]:
    """One 64-bit hash for each window of `n` tokens, in order (`len(tokens) - n + 1` of them, none if shorter).

    ValueError if `n` is not positive.
    """
    known = np.array([_remembered[token] for token in tokens], np.uint64)
    return [int(value) for value in windows(known, np.array([0, len(known)], np.int64), n)[0]]
