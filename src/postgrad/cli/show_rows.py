"""Rows as a person reads them: who says what. Coloured and as wide as the terminal, or plain text elsewhere."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from postgrad.support.words import printable

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {"system": "bright_black", "user": "cyan", "assistant": "green", "tool": "magenta", "chosen": "green",
           "rejected": "red", "completion": "green", "ground truth": "yellow"}  # fmt: skip
WIDEST = 110

Shown = tuple[str, Sequence[tuple[str, str]]]
"""A heading, and (who, text) of each turn."""


def heading(row: dict[str, Any]) -> str:
    """`world_math · row 12 · math · Apache-2.0`."""
    own = row["parents"][0]
    more = len(row["parents"]) - 1
    parts = [own["source"], f"row {own['row']}", row.get("capability") or "", row.get("licence") or "",
             row.get("verifier") or "", f"stands for {more} more" if more else ""]  # fmt: skip
    return printable(" · ".join(part for part in parts if part))


def show(rows: Iterable[Shown]) -> None:
    """Print the rows to the standard output."""
    if not sys.stdout.isatty():
        for title, turns in rows:
            print(f"== {title}")
            for who, text in turns:
                print(f"{who}: " + printable(text).replace("\n", "\n    "))
            print()
        return
    from rich.console import Console

    draw(rows, Console(width=min(Console().width, WIDEST)))


def draw(rows: Iterable[Shown], console: "Console") -> None:
    """Each row under a rule with its heading, the roles in a column of their own."""
    from rich.rule import Rule
    from rich.table import Table
    from rich.text import Text

    for title, turns in rows:
        console.print()
        console.print(Rule(Text(title, style="bold"), align="left", style="bright_black"))
        grid = Table.grid(padding=(0, 2, 1, 0))
        grid.add_column(justify="right", no_wrap=True, min_width=9)
        grid.add_column(overflow="fold")
        for who, text in turns:
            colour = COLOURS.get(who, "white")
            of_text = colour if who == "system" else ""
            grid.add_row(Text(who, style=f"bold {colour}"), Text(printable(text), style=of_text))
        console.print(grid)
