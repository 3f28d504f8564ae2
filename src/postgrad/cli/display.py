"""How answers are printed: tables with rich on a terminal, plain columns elsewhere, JSON for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Any

GAP = "  "


def print_json(value: Any) -> None:
    """One JSON value, indented, in UTF-8 whatever the terminal: other characters are escaped."""
    print(json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Rows under column titles; `right`: positions of columns that are numbers."""
    if sys.stdout.isatty():
        _print_rich(columns, rows, right)
        return
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = [cell.rjust(width) if index in right else cell.ljust(width)
                 for index, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print(GAP.join(cells).rstrip())


def _print_rich(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, title in enumerate(columns):
        table.add_column(title, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def power(count: float) -> str:
    """A large number in three figures: `4.12e+15`, and small ones as they are."""
    return f"{count:,.0f}" if count < 1e6 else f"{count:.2e}"
