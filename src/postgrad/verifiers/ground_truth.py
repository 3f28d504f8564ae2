"""Reading a problem's ground truth: what a verifier needs must be there, of the right type, or the verifier says so."""

from collections.abc import Mapping
from typing import Any


class BrokenTruth(ValueError):
    """A ground truth that no answer can be held against; it becomes a verdict with status error."""


def field(truth: Any, name: str, kinds: tuple[type, ...], meaning: str) -> Any:
    """The value under `name`; BrokenTruth if the truth is no mapping, lacks it, or has another type there."""
    if not isinstance(truth, Mapping) or name not in truth:
        raise BrokenTruth(f"ground truth has no `{name}` ({meaning})")
    value = truth[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise BrokenTruth(f"ground truth's `{name}` is {value!r:.60}, wanted {meaning}")
    return value


def texts(truth: Any, name: str, meaning: str, *, required: bool = True) -> tuple[str, ...]:
    """A list of texts, none of them blank; an absent one is () unless required."""
    if not required and (not isinstance(truth, Mapping) or name not in truth):
        return ()
    found = field(truth, name, (list, tuple), meaning)
    if not all(isinstance(text, str) and text.strip() for text in found) or (required and not found):
        raise BrokenTruth(f"ground truth's `{name}` is {found!r:.60}, wanted {meaning}")
    return tuple(found)


def whole(truth: Any, name: str, meaning: str) -> int:
    """A whole number, 0 or more."""
    value = field(truth, name, (int,), meaning)
    if value < 0:
        raise BrokenTruth(f"ground truth's `{name}` is {value}, wanted {meaning}")
    return int(value)
