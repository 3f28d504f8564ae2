"""A config as the tests say it, and what its filter finds."""

from typing import Any

from postgrad.data.filters import FilterConfig, make
from postgrad.data.filters.finding import CountTokens
from postgrad.data.rows import Record


def found(row: Record, count_tokens: CountTokens | None = None, **config: Any) -> tuple[str, str] | None:
    """Reason and detail of the drop; None if the row stays, which it then does as it is."""
    handled = make(FilterConfig(**config), count_tokens)(row)
    if handled.record is not None:
        assert handled.record is row and not handled.entries
        return None
    (entry,) = handled.entries
    assert (entry.action, entry.step, entry.origin) == ("drop", "filter", row.parents[0])
    return entry.reason, entry.detail


def reason(row: Record, count_tokens: CountTokens | None = None, **config: Any) -> str:
    """Why the row leaves, "" if it stays."""
    return (found(row, count_tokens, **config) or ("", ""))[0]
