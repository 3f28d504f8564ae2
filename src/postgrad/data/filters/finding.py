"""What every filter is: a function from a record to why it leaves."""

from collections.abc import Callable

from postgrad.data.rows import Record
from postgrad.records.types import Message

Finding = tuple[str, str]
"""The reason, one of the filter's fixed phrases, and a detail that quotes nothing of the row."""
Check = Callable[[Record], Finding | None]
CountTokens = Callable[[tuple[Message, ...]], int]


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
