"""Stop strings: where a text must end, and how much of a growing text may still turn into one."""

from collections.abc import Sequence

BROKEN = "\ufffd"
"""What a decoder shows for a character whose bytes are not all there yet."""
MARGIN = 4
"""Tokens beyond a stop string's bytes: for a character cut by the window, or a first space that a decoder drops."""


def cut(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop string begins, or None."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return min(places, default=None)


def window_tokens(stops: Sequence[str]) -> int:
    """How many last tokens surely hold a stop string that the last token completed (a token has a byte at least)."""
    return max(len(stop.encode()) for stop in stops) + MARGIN


def held_back(text: str, stops: Sequence[str]) -> int:
    """How many last characters must wait: unfinished ones, and any beginning of a stop string."""
    whole = text.rstrip(BROKEN)
    starts = [n for stop in stops for n in range(1, len(stop)) if whole.endswith(stop[:n])]
    return len(text) - len(whole) + max(starts, default=0)
