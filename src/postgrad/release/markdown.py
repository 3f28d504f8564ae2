"""Pieces of markdown that cards are made of: text from elsewhere brings no markup along."""

from collections.abc import Collection


def cell(value: object) -> str:
    """Text that stays within one table cell and brings no markup along."""
    text = " ".join(str(value).split())
    return "".join(f"\\{c}" if c in "\\|*_`[]" else {"<": "&lt;", ">": "&gt;"}.get(c, c) for c in text)


def table(head: list[str], rows: list[list[object]], right: Collection[int] = ()) -> str:
    """A markdown table; `right`: positions of columns that are numbers."""
    rule = ["---:" if index in right else "---" for index in range(len(head))]
    lines = [head, rule, *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
