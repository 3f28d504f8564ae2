"""Filters: rows that cannot teach anything (an empty turn) or do not fit (too short, too long)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from postgrad.data.rows import Handled, Record, dropped
from postgrad.records.types import Message
from postgrad.support.errors import Mistake

STEP = "filter"
CountTokens = Callable[[tuple[Message, ...]], int]


@dataclass(frozen=True, slots=True)
class Limits:
    """`min_chars`: characters of all turns together, blanks at the ends of a turn not counted. `max_tokens`: tokens of
    the whole conversation as the template writes it, which is what a stage's `max_length` would cut."""

    min_chars: int | None = None
    max_tokens: int | None = None


def filter_rows(
    records: Iterable[Record], limits: Limits, count_tokens: CountTokens | None = None
) -> Iterator[Handled]:
    """Drop rows with an empty or blank turn, and those outside `limits`. `count_tokens` is needed for `max_tokens`."""
    if limits.max_tokens is not None and count_tokens is None:
        raise Mistake("max_tokens needs a tokenizer", where="curate.filter", mend="give a base model, or leave it out")
    for record in records:
        yield _judge(record, limits, count_tokens)


def _judge(record: Record, limits: Limits, count_tokens: CountTokens | None) -> Handled:
    for index, message in enumerate(record.messages):
        if not message.content.strip():
            reason = "blank turn" if message.content else "empty turn"
            return dropped(record, STEP, reason, f"messages[{index}], {message.role}")
    if limits.min_chars is not None:
        length = sum(len(message.content.strip()) for message in record.messages)
        if length < limits.min_chars:
            return dropped(record, STEP, "too short", f"{length} characters, at least {limits.min_chars}")
    if limits.max_tokens is not None and count_tokens is not None:
        tokens = count_tokens(record.messages)
        if tokens > limits.max_tokens:
            return dropped(record, STEP, "too long", f"{tokens} tokens, at most {limits.max_tokens}")
    return Handled(record)
