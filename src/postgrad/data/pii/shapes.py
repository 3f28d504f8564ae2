"""Stretches of a text that have one of a set of shapes: `9` a digit, `A` a letter, all else itself."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TOKEN = re.compile(r"(?<![0-9A-Za-z_\u00c0-\u024f.+\-/@$€£])[0-9A-Za-z](?:[0-9A-Za-z.\-/+]*[0-9A-Za-z])?"
                   r"(?![0-9A-Za-z_\u00c0-\u024f@%])")
MOST_TOKENS, LONGEST_TOKEN = 7, 30
DIGITS = re.compile(r"\d(?:(?:[ .\-/A-Za-z+]{0,3}\d){4,}|(?<=[A-Za-z]{5}\d)\d{3}[A-Za-z])")
"""Five digits that stand close together, or four between letters: every shape has such a stretch, and only around one
is looked."""
_SHAPE = str.maketrans({**dict.fromkeys("0123456789", "9"),
                        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "A")})


@dataclass(frozen=True, slots=True)
class Shaped:
    start: int
    end: int
    shape: str


class Shapes:
    """Finds every stretch of whole tokens with a shape of the set, from each token the longest first."""

    def __init__(self, shapes: Iterable[str]) -> None:
        self._shapes = frozenset(shapes)
        self._beginnings = frozenset(
            shape[:end.start()] for shape in self._shapes for end in re.finditer(r" - | |$", shape))
        stretches = [(next(DIGITS.finditer(shape)), len(shape)) for shape in self._shapes]
        self._before = max(stretch.start() for stretch, _ in stretches)
        self._after = max(length - stretch.end() for stretch, length in stretches)

    def find(self, text: str) -> Iterator[Shaped]:
        """Of a text as `context.as_ascii` gives it."""
        tokens = [(match.start(), match.end(), shape) for start, end in self._windows(text)
                  for match in TOKEN.finditer(text, start, end + LONGEST_TOKEN + 1) if match.start() < end
                  if len(shape := match.group().translate(_SHAPE)) <= LONGEST_TOKEN]
        for first, (start, _, shape) in enumerate(tokens):
            if shape not in self._beginnings:
                continue
            joined, found = shape, []
            for next_ in range(first, min(first + MOST_TOKENS, len(tokens))):
                if next_ > first:
                    before, (begin, _, shape) = tokens[next_ - 1][1], tokens[next_]
                    if (gap := text[before:begin]) not in (" ", " - "):
                        break
                    joined += gap + shape
                    if joined not in self._beginnings:
                        break
                if joined in self._shapes:
                    found.append(Shaped(start, tokens[next_][1], joined))
            yield from reversed(found)

    def _windows(self, text: str) -> Iterator[tuple[int, int]]:
        start = end = 0
        for stretch in DIGITS.finditer(text):
            if stretch.start() - self._before > end:
                if end:
                    yield start, end
                start = stretch.start() - self._before
            end = stretch.end() + self._after
        if end:
            yield start, end
