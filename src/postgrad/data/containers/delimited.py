"""CSV and TSV as RFC 4180 has them: a header, cells that may be quoted and then hold commas, quotes and line breaks.

Every cell is a text. A row with more or fewer cells than the header is broken. Broken quoting is a fault of the file:
where the next row begins cannot be told. A header of `a;b` without a comma means semicolons. Columns without a name
(the index that pandas writes) are left out. What is said of a cell names its column by number: in a file without a
header the first row's texts stand where names should.
"""

import csv
import re
from collections.abc import Iterator
from typing import IO

from postgrad.data import raw
from postgrad.data.raw import BOM, Broken, RawRow

SUFFIXES = (".csv", ".tsv")
LONGEST_NAME = 200
NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""How Python's `surrogateescape` marks bytes that are no UTF-8."""
csv.field_size_limit(2 * raw.MAX_ROW_BYTES)  # the row's own limit holds


class Unsound(Exception):
    """A table whose rows cannot be told apart, or without a header; `line` counts from 1."""

    def __init__(self, what: str, line: int) -> None:
        self.line = line
        super().__init__(what)


class _TooLong(Exception):
    pass


def rows(file: IO[bytes], delimiter: str) -> Iterator[RawRow]:
    """The rows below the header; the number counts them, not the lines. Unsound as the class says."""
    lines = _Lines(file)
    header, delimiter = _header(lines, delimiter)
    number = 0
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            lines.skip()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield RawRow(number, None, raw.too_long())
        except csv.Error as error:
            raise Unsound(f"quotes or line ends do not fit ({error})", lines.begun) from error
        else:
            yield _row(number, header, cells)
        number += 1


def _header(lines: "_Lines", delimiter: str) -> tuple[list[str], str]:
    lines.begin()
    try:
        first = next(lines).removeprefix(BOM.decode())
        if delimiter == "," and "," not in first and ";" in first:
            delimiter = ";"
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter, strict=True), [])]
    except (StopIteration, _TooLong, csv.Error):
        names = []
    if not any(names) or any(len(name) > LONGEST_NAME for name in names):
        raise Unsound("first line is no header", 1)
    if any(NOT_UTF8.search(name) for name in names):
        raise Unsound("header is not UTF-8", 1)
    first_at: dict[str, int] = {}
    for column, name in enumerate(names, 1):
        if name and first_at.setdefault(name, column) != column:
            raise Unsound(f"header has one name over columns {first_at[name]} and {column}", 1)
    return names, delimiter


def _row(number: int, header: list[str], cells: list[str]) -> RawRow:
    if not cells:
        return RawRow(number, None, Broken("blank line"))
    if len(cells) != len(header):
        return RawRow(number, None, Broken("ragged row", f"{len(cells)} cells, the header has {len(header)}"))
    for column, cell in enumerate(cells, 1):
        if "\0" in cell:
            return RawRow(number, None, Broken("NUL byte", f"column {column}"))
        if NOT_UTF8.search(cell):
            return RawRow(number, None, Broken("not UTF-8", f"column {column}"))
    value = {name: cell for name, cell in zip(header, cells, strict=True) if name}
    return RawRow(number, value, size=sum(map(len, cells)))


class _Lines:
    """The file's lines as texts; bytes that are no UTF-8 stand in them as lone surrogates. `begun`: the line, from 1,
    where the row in hand began.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._line = self._size = 0
        self._held = b""
        self.begun = 1

    def __iter__(self) -> "_Lines":
        return self

    def begin(self) -> None:
        """A new row begins with the next line."""
        self.begun, self._size = self._line + 1, 0

    def __next__(self) -> str:
        line = self._file.readline(raw.MAX_ROW_BYTES + 1)
        if not line:
            raise StopIteration
        if self._size + len(line) > raw.MAX_ROW_BYTES:
            self._held = line
            raise _TooLong
        self._size += len(line)
        self._line += 1
        return line.decode("utf-8", "surrogateescape")

    def skip(self) -> None:
        """Go past the end of a row that is too long, which `__next__` stopped in: the first line end with an even
        number of quotes before it. Unsound if there is none.
        """
        quoted = self._size > 0
        piece = self._held
        while piece:
            quoted ^= piece.count(b'"') % 2 == 1
            if piece.endswith(b"\n"):
                self._line += 1
                if not quoted:
                    return
            piece = self._file.readline(1 << 20)
        if quoted:
            raise Unsound("a quoted cell never ends", self.begun)
