"""Files cut into pieces that workers read by themselves: how the commands on files, and all cores, see data.

A plain JSONL file is cut at line ends, by byte; of any other file the rows are read here and handed over. Every piece
knows the number of its first row, so that a row's origin is the same however many workers there are.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from postgrad.data.containers import lines
from postgrad.data.files import count_rows, find_files, raw_rows
from postgrad.data.raw import Broken, RawRow, json_bytes
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import file_identity, hash_file

PIECE_BYTES = 4 << 20
PIECE_ROWS = 4_000
PLAIN = lines.SUFFIXES


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows `first` to `first + rows - 1` of file `file` (its place among the inputs): bytes `start` to `end` of a plain
    JSONL file, or `raw`, the rows themselves.
    """

    file: int
    path: Path
    first: int
    rows: int
    start: int = 0
    end: int = 0
    raw: tuple[RawRow, ...] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a chunk: its number, its bytes if it has any of its own, and its object or why there is none. `note`:
    a mend made.
    """

    number: int
    text: bytes | None
    value: dict[str, Any] | None
    broken: Broken | None = None
    note: str = ""

    def sound(self) -> dict[str, Any]:
        """The row's object. Broken if it has none."""
        if self.broken is not None or self.value is None:
            raise self.broken or Broken("no object")
        return self.value


class Inputs:
    """The files of a command, by the names that they were given under (a folder's and a glob's files by their path).

    `chunks()` goes through all of them; from the first time on `hashes` and `rows` are known, one a file. Mistake if a
    file is not there or is given twice.
    """

    def __init__(self, given: Iterable[str]) -> None:
        self.paths: list[Path] = []
        self.names: list[str] = []
        for name in given:
            for path in find_files(Path(name)):
                if path in self.paths:
                    raise Mistake("is given twice", where=str(path), mend="give each file once")
                self.paths.append(path)
                self.names.append(name if path == Path(name) else str(path))
        self.hashes: list[str] = []
        self.rows: list[int] = []
        self._identities = [_identity(path) for path in self.paths]

    def count(self) -> float:
        """Rows of all files, about, for progress."""
        return sum(count_rows(path) for path in self.paths)

    def distinct(self) -> list[str]:
        """The hash of each file. Mistake if two hold the same bytes: their rows would have one origin."""
        seen: dict[str, Path] = {}
        for path in self.paths:
            try:
                value = hash_file(path)
            except OSError as error:
                raise _unreadable(path, error) from error
            if value in seen:
                raise Mistake(f"holds the same bytes as {seen[value].name}", where=str(path),
                              mend="keep one of the two")
            seen[value] = path
        return list(seen)

    def chunks(self, most: int | None = None) -> Iterator[Chunk]:
        """Every row, or the first `most`, in exactly one chunk, in order. Mistake for a file that is empty, cannot be
        read or is torn; Failure if one is not what it was the first time.
        """
        left = most
        for chunk in self._all():
            if left is None:
                yield chunk
                continue
            yield replace(chunk, rows=min(left, chunk.rows))
            left -= chunk.rows
            if left <= 0:
                return

    def _all(self) -> Iterator[Chunk]:
        try:
            for number, path in enumerate(self.paths):
                yield from (self._lines if path.name.endswith(PLAIN) else self._records)(number, path)
        except Mistake:
            self.check()  # a file that is being written looks damaged
            raise

    def check(self) -> None:
        """Failure if a file has changed since the inputs were named."""
        for path, before in zip(self.paths, self._identities, strict=True):
            if _identity(path) != before:
                raise changed(path)

    def _lines(self, number: int, path: Path) -> Iterator[Chunk]:
        for _ in islice(raw_rows(path), 1):
            pass  # says what is wrong with the file as such
        digest, start, at, first, rows = hashlib.sha256(), 0, 0, 0, 0
        ends_open = False
        try:
            with path.open("rb") as file:
                while block := file.read(PIECE_BYTES):
                    digest.update(block)
                    cut = block.rfind(b"\n") + 1
                    rows += block.count(b"\n")
                    ends_open = cut < len(block)
                    if cut:
                        yield Chunk(number, path, first, rows, start, at + cut)
                        first, rows, start = first + rows, 0, at + cut
                    at += len(block)
        except OSError as error:
            raise _unreadable(path, error) from error
        if ends_open:
            yield Chunk(number, path, first, 1, start, at)
            first += 1
        self._read(number, digest.hexdigest(), first)

    def _records(self, number: int, path: Path) -> Iterator[Chunk]:
        rows, first = raw_rows(path), 0
        while piece := tuple(islice(rows, PIECE_ROWS)):
            yield Chunk(number, path, first, len(piece), raw=piece)
            first += len(piece)
        self._read(number, hash_file(path), first)

    def _read(self, number: int, file_hash: str, rows: int) -> None:
        """A file has been read to its end."""
        if number == len(self.hashes):
            self.hashes.append(file_hash)
            self.rows.append(rows)
        elif self.hashes[number] != file_hash:
            raise changed(self.paths[number])


def _identity(path: Path) -> tuple[str, int, int, int]:
    try:
        return file_identity(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def changed(path: Path) -> Failure:
    """What is said of a file that another process writes to."""
    return Failure("changed while it was read", where=str(path), mend="run again when nothing writes to it")


def _unreadable(path: Path, error: OSError) -> Mistake:
    return Mistake(f"cannot be read ({error.strerror or error})", where=str(path), mend="check the file")


def lines_of(chunk: Chunk) -> Iterator[Line]:
    """The rows of a chunk, as `raw_rows` would give them, with their bytes."""
    if chunk.raw is not None:
        for row in chunk.raw[: chunk.rows]:
            yield Line(row.number, None, row.value, row.broken, row.note)
        return
    for number, text in enumerate(_texts(chunk)[: chunk.rows], chunk.first):
        row = lines.row(number, text)
        yield Line(number, text, row.value, row.broken, row.note)


def _texts(chunk: Chunk) -> Sequence[bytes]:
    """The chunk's lines without their ends."""
    with chunk.path.open("rb") as file:
        file.seek(chunk.start)
        data = file.read(chunk.end - chunk.start)
    if len(data) != chunk.end - chunk.start:
        raise changed(chunk.path)
    texts = data.split(b"\n")
    return texts[:-1] if data.endswith(b"\n") else texts


def kept_bytes(chunk: Chunk, dropped: Collection[int], changed: dict[int, bytes] | None = None) -> bytes:
    """The chunk's rows as JSONL without those whose numbers are in `dropped`: byte for byte as they stood, but for
    those in `changed` (number → the row's new text).
    """
    changed = changed or {}
    if chunk.raw is not None:
        kept = [changed.get(row.number) or json_bytes(row.value)
                for row in chunk.raw if row.number not in dropped]
        return b"".join(line + b"\n" for line in kept)
    texts = _texts(chunk)
    if dropped or changed:
        texts = [changed.get(number, text) for number, text in enumerate(texts, chunk.first) if number not in dropped]
    return b"".join([b"\n".join(texts), b"\n"]) if texts else b""
