"""Turns that say nothing."""

from postgrad.data.filters.finding import Finding
from postgrad.data.rows import Record, conversations


def check(record: Record) -> Finding | None:
    for messages in conversations(record):
        for index, message in enumerate(messages):
            if not message.content.strip():
                return "blank turn" if message.content else "empty turn", f"messages[{index}], {message.role}"
    return None
