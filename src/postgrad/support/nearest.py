"""The mend for a name that is not known: the nearest one that is, or all of them."""

from collections.abc import Iterable
from difflib import get_close_matches

FEW = 12


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or the known names when none is near, or "" when there are none."""
    names = list(dict.fromkeys(known))
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    close = close or [other for other in names if other.lower() == name.lower()]
    if close:
        return f"did you mean {close[0]}?"
    shown = names[:FEW] + (["…"] if len(names) > FEW else [])
    return f"known: {', '.join(shown)}" if names else ""
