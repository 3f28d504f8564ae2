"""Length in characters, words, tokens and turns. Every bound is inclusive, and holds for each conversation of a row.

Characters: of all turns together, blanks at the ends of a turn not counted. Tokens: of the whole conversation as the
template writes it, which is what a stage's `max_length` would cut. Turns: the user's and the assistant's.
"""

from collections.abc import Callable, Sequence

from postgrad.data.filters.finding import Check, Finding
from postgrad.data.filters.splitting import words_of
from postgrad.data.rows import Record, conversations
from postgrad.records.types import Message

Measure = Callable[[tuple[Message, ...]], int]
Bound = tuple[str, Measure, int | None, int | None]
"""What is counted, how, at least so many, at most so many."""


def characters(messages: tuple[Message, ...]) -> int:
    return sum(len(message.content.strip()) for message in messages)


def words(messages: tuple[Message, ...]) -> int:
    return sum(len(words_of(message.content)) for message in messages)


def turns(messages: tuple[Message, ...]) -> int:
    return sum(message.role != "system" for message in messages)


def check(bounds: Sequence[Bound]) -> Check:
    def find(record: Record) -> Finding | None:
        for messages in conversations(record):
            for unit, measure, least, most in bounds:
                length = measure(messages)
                if least is not None and length < least:
                    return "too short", f"{length} {unit}, at least {least}"
                if most is not None and length > most:
                    return "too long", f"{length} {unit}, at most {most}"
        return None

    return find
