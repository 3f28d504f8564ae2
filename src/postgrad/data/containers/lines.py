"""JSON Lines: every line is a row, blank and broken ones too."""

from collections.abc import Iterator
from typing import IO

from postgrad.data import raw
from postgrad.data.raw import BOM, Broken, RawRow, parse_line

SUFFIXES = (".jsonl", ".ndjson")
BOM_REMOVED = "byte order mark removed"


def rows(file: IO[bytes]) -> Iterator[RawRow]:
    """The rows; memory holds one line, and of a line beyond the limit one piece."""
    number = 0
    while line := file.readline(raw.MAX_ROW_BYTES + 1):
        if len(line) > raw.MAX_ROW_BYTES and not line.endswith(b"\n"):
            while (piece := file.readline(raw.MAX_ROW_BYTES)) and not piece.endswith(b"\n"):
                pass
            yield RawRow(number, None, raw.too_long())
        else:
            yield row(number, line)
        number += 1


def row(number: int, line: bytes) -> RawRow:
    """The row that is this line, with or without its end."""
    if len(line) - line.endswith(b"\n") > raw.MAX_ROW_BYTES:
        return RawRow(number, None, raw.too_long())
    note = ""
    if number == 0 and line.startswith(BOM):
        line, note = line[len(BOM) :], BOM_REMOVED
    try:
        return RawRow(number, parse_line(line), note=note, size=len(line))
    except Broken as broken:
        return RawRow(number, None, broken, note)


def count(file: IO[bytes], most: int) -> tuple[int, bool]:
    """Lines of the first `most` bytes, and whether that is all there is."""
    start = file.read(most)
    return start.count(b"\n") + (not start.endswith(b"\n")), len(start) < most
