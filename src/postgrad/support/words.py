"""Numbers as a reader writes and wants them: points, intervals, p-values, counts, sizes, times, the names of stages."""

import re
from pathlib import Path
from typing import Any

from postgrad.support.progress import duration

MINUS = "\u2212"
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
RAW_METRICS = {"perplexity", "bits_per_byte"}
NAMES = {"base": "base", "base_plain": "base, plain", "base_better": "base, better way"}


def stage_name(stage: str) -> str:
    return NAMES.get(stage, stage)


def model_name(said: str) -> str:
    """What a reader elsewhere can know of a model: its hub id, or of a path the last part."""
    return Path(said).name if Path(said).is_absolute() else said


def scale(metric: str) -> float:
    """Shares are shown as points of a hundred; a perplexity as it is."""
    return 1.0 if metric in RAW_METRICS else 100.0


def whole_number(said: str) -> int | None:
    """The number that digits say; None if they say none, or one of more than 18 digits, which no table counts to."""
    return int(said) if said.isdecimal() and len(said) <= 18 else None


def number(value: float, decimals: int = 1) -> str:
    return f"{value:.{decimals}f}".replace("-", MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """With its sign, a real minus, and no `−0.0`."""
    text = f"{value:+.{decimals}f}"
    return "0" + text[2:] if float(text) == 0 else text.replace("-", MINUS)


def interval(low: float, high: float, decimals: int = 1) -> str:
    return f"{number(low, decimals)} to {number(high, decimals)}"


def signed_interval(low: float, high: float) -> str:
    return f"{signed(low)} to {signed(high)}"


def p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def whole(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f")


def percent(share: float) -> str:
    """`12 %`; small shares keep two digits so that they do not read as none."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.2g} %"


def size(count: float) -> str:
    """Bytes: `812 B`, `3.1 MB`, `2.4 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if round(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def seconds(value: float | None) -> str:
    return "–" if value is None else duration(value)


def compact(value: Any) -> str:
    """A recipe's value in one readable piece."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(map(compact, value)) or "–"
        case dict():
            return ", ".join(f"{key}: {compact(item)}" for key, item in value.items()) or "–"
        case int():
            return str(value) if abs(value) < 10_000 else whole(value)
    return str(value)


def moment(value: str) -> str:
    """An ISO time to the minute: `2025-01-07 10:04`."""
    return value[:16].replace("T", " ")


def printable(text: str) -> str:
    """The text without what could move a terminal's cursor or turn its line round: a mark stands in its place."""
    return UNPRINTABLE.sub("\ufffd", text)


def joined(items: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + (" and " if items else "") + "".join(items[-1:])
