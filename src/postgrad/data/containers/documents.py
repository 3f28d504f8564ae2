"""JSON files: an array of objects, rows under a name such as `data`, columns, or objects one after the other.

    [{…}, {…}]                          each element is a row
    {…}⏎{…}                             JSON Lines called .json, if the first line is an object and not the only one
    {"data": [{…}, {…}], …}             an array under one of the names in WRAPPERS, the first if there are several
    {"prompt": ["…", …], "answer": […]} columns of one length; pandas' {"prompt": {"0": "…", …}, …} too
    {…} {…}                             objects that follow one another are rows
    {…}                                 one row

The first that fits counts. After an array, or the object around it, nothing may follow but space, and that object says
no key twice.

Elements are cut out by brackets, commas and quotes alone, and then read one by one as lines of JSON Lines are. A reader
of the whole grammar such as ijson ends at the first bad value, makes half a surrogate pair a question mark and takes
the last of two values under one key.
"""

import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, Any

from postgrad.data import raw
from postgrad.data.containers import lines
from postgrad.data.raw import BOM, Broken, RawRow, parse_line

SUFFIXES = (".json",)
WRAPPERS = (b"data", b"rows", b"examples", b"items", b"instances", b"records", b"train")
"""Names under which files of one object keep their rows."""
HEAD_BYTES = 64 << 10
"""How far into a file such a name is looked for."""
MAX_COLUMNS_BYTES = 256 << 20
"""Columns are read whole; a longer file is refused."""
PIECE_BYTES = 1 << 20

OUTSIDE, INSIDE = re.compile(rb'["{}\[\],]'), re.compile(rb'["\\]')
SPACE = b" \t\r\n"
MORE = re.compile(rb"[^ \t\r\n]")
TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)
KEY = re.compile(rb'\s*("(?:[^"\\]|\\.)*+")\s*:')
ROWS_FOLLOW = re.compile(rb"\s*:\s*\[(?=\s*[{\]])")


class Torn(Exception):
    """A document that ends too early, or whose brackets do not fit: how many rows it has cannot be told."""


def rows(file: IO[bytes]) -> Iterator[RawRow]:
    """The rows; an array streams. Torn if what the file holds cannot be parted into rows."""
    head = file.read(HEAD_BYTES).removeprefix(BOM)
    first = head.lstrip(SPACE)[:1]
    if first == b"[":
        cutter = _Cutter(file, head, head.index(b"[") + 1)
        yield from _numbered(cutter.elements(b"]"))
        cutter.end()
    elif first != b"{":
        raise Torn("holds neither an array nor an object")
    elif _is_lines(head):
        yield from lines.rows(io.BufferedReader(_Rejoined(head, file)))
    elif (found := _wrapped(head)) is not None:
        place, keys = found
        cutter = _Cutter(file, head, place)
        yield from _numbered(cutter.elements(b"]"))
        keys += [_key(element) for element in islice(cutter.elements(b"}", MAX_COLUMNS_BYTES), 1, None)]
        cutter.end()
        if len(set(keys)) < len(keys):
            raise Torn("says one of its keys twice")
    else:
        yield from _objects(_Cutter(file, head, 0).objects())


def _wrapped(head: bytes) -> tuple[int, list[str]] | None:
    """Where the rows begin, after their bracket, and the object's keys up to there, if the object keeps them under a
    known name and stands alone, as far as the head shows.
    """
    depth, place = 0, None
    keys: list[str] = []
    for token in TOKEN.finditer(head):
        said = token.group()
        if said in b"{[":
            depth += 1
        elif said in b"}]":
            depth -= 1
            if not depth:
                return (place, keys) if place is not None and not MORE.search(head, token.end()) else None
        elif place is None and depth == 1 and KEY.match(head, token.start()):
            keys.append(_key(said + b":"))
            if token.group(1) in WRAPPERS and (found := ROWS_FOLLOW.match(head, token.end())):
                place = found.end()
    return None if place is None else (place, keys)


def _key(element: bytes | None) -> str:
    """The key that an element of an object begins with. Torn if it is beyond the limit or begins with none."""
    if element is None:
        raise Torn(f"says more than {MAX_COLUMNS_BYTES >> 20} MiB under a key")
    found = KEY.match(element)
    try:
        return str(raw.parse_json(found.group(1).decode() if found else ""))
    except (Broken, UnicodeDecodeError):
        raise Torn("says something without a key") from None


def _is_lines(head: bytes) -> bool:
    """Whether the first line is an object by itself and another line follows."""
    first, _, rest = head.lstrip(SPACE).partition(b"\n")
    try:
        return bool(rest.strip(SPACE)) and bool(parse_line(first))
    except Broken:
        return False


def _numbered(elements: Iterator[bytes | None]) -> Iterator[RawRow]:
    for number, element in enumerate(elements):
        yield _row(number, element)


def _row(number: int, element: bytes | None) -> RawRow:
    try:
        if element is None:
            raise raw.too_long()
        return RawRow(number, parse_line(element), size=len(element))
    except Broken as broken:
        return RawRow(number, None, broken)


def _objects(objects: Iterator[bytes | None]) -> Iterator[RawRow]:
    first, second = next(objects, None), next(objects, b"")
    if second != b"":
        yield from _numbered(chain([first, second], objects))
        return
    row = _row(0, first)
    yield from _of_columns(row.value, row.size) if row.value is not None and _is_columns(row.value) else [row]


def _is_columns(value: dict[str, Any]) -> bool:
    if len(value) < 2:
        return False
    columns = list(value.values())
    if all(isinstance(column, list) for column in columns):
        texts = any(column and all(isinstance(item, str) for item in column) for column in columns)
        return texts and len({len(column) for column in columns}) == 1
    return all(isinstance(column, dict) and column and column.keys() == columns[0].keys() for column in columns)


def _of_columns(value: dict[str, Any], size: int) -> Iterator[RawRow]:
    columns = [list(column.values()) if isinstance(column, dict) else column for column in value.values()]
    for number, cells in enumerate(zip(*columns, strict=True)):
        yield RawRow(number, dict(zip(value, cells, strict=True)), size=size // len(columns[0]))


class _Cutter:
    """Cuts a stream of JSON into the elements of a container, or into the objects that follow one another.

    None stands for an element beyond the limit, of which memory holds one piece.
    """

    def __init__(self, file: IO[bytes], head: bytes, at: int) -> None:
        self._file, self._data, self._at = file, head, at

    def elements(self, close: bytes, most: int = raw.MAX_ROW_BYTES) -> Iterator[bytes | None]:
        """What stands between commas up to `close`; an empty container has none."""
        alone = True
        while True:
            element, end = self._next(close, most)
            if end == close and alone and element is not None and not element.strip(SPACE):
                return
            yield element
            alone = False
            if end == close:
                return

    def objects(self) -> Iterator[bytes | None]:
        """Objects with space between them. The first may be as long as columns may be."""
        most = MAX_COLUMNS_BYTES
        while self._more_than_space():
            yield self._next(b"", most)[0]
            most = raw.MAX_ROW_BYTES

    def end(self) -> None:
        """Torn if anything but space is left: whoever cut before it would lose rows."""
        if self._more_than_space():
            raise Torn("goes on after its last bracket")

    def _more_than_space(self) -> bool:
        while not MORE.search(self._data, self._at):
            if not self._read():
                return False
        return True

    def _read(self) -> bool:
        self._data, self._at = self._file.read(PIECE_BYTES), 0
        return bool(self._data)

    def _next(self, close: bytes, most: int) -> tuple[bytes | None, bytes]:
        """One element, None if it is longer than `most`, and the sign that ended it. With no `close` it ends with its
        own last bracket.
        """
        parts: list[bytes] = []
        size, depth = 0, 0
        in_text = escaped = False

        def take(end: int) -> None:
            nonlocal size
            size += end - self._at
            if size <= most:
                parts.append(self._data[self._at : end])
            else:
                parts.clear()
            self._at = end

        place = self._at
        while True:
            if escaped and place < len(self._data):
                place, escaped = place + 1, False
            found = (INSIDE if in_text else OUTSIDE).search(self._data, place)
            if found is None:
                take(len(self._data))
                if not self._read():
                    raise Torn("ends in the middle of a row" if close or depth else "goes on after its last bracket")
                place = 0
                continue
            sign, place = found.group(), found.end()
            if sign == b"\\":
                escaped = True
            elif sign == b'"':
                in_text = not in_text
            elif sign in b"{[":
                depth += 1
            elif sign == b"," or sign in b"}]":
                depth -= sign != b","
                if depth == 0 and not close and sign != b",":
                    take(place)
                    return (b"".join(parts) if size <= most else None), sign
                if depth < 0 or (depth == 0 and sign == b"," and close):
                    if sign not in (b",", close):
                        raise Torn(f"closes with {sign.decode()} what {close.decode() or 'nothing'} should close")
                    take(place - 1)
                    self._at = place
                    return (b"".join(parts) if size <= most else None), sign


class _Rejoined(io.RawIOBase):
    """A stream from its start again, of which `head` has been read."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head, self._file = head, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] or self._file.read(len(buffer))
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)
