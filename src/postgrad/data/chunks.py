"""Files cut into pieces that workers read by themselves: how the commands on files, and all cores, see data.

A plain JSONL file is cut at line ends, by byte; of any other file the rows are read here and handed over, and so is a
line that is too long, which nobody reads whole. Every piece knows the number of its first row, so that a row's origin
is the same however many workers there are.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from postgrad.data import raw
from postgrad.data.containers import lines
from postgrad.data.files import count_rows, find_files, raw_rows
from postgrad.data.raw import BOM, RawRow, json_bytes
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import file_identity, hash_file

PIECE_BYTES = 4 << 20
PIECE_ROWS = 4_000
PLAIN = lines.SUFFIXES


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows `first` to `first + rows - 1` of file `file` (its place among the inputs): bytes `start` to `end` of a plain
    JSONL file, or `given`, the rows themselves.
    """

    file: int
    path: Path
    first: int
    rows: int
    start: int = 0
    end: int = 0
    given: tuple[RawRow, ...] | None = None


class Inputs:
    """The files of a command, by the names that they were given under (a folder's and a glob's files by their path).

    `chunks()` goes through all of them; from the first time on `hashes` and `rows` are known, one a file. Mistake if a
    file is not there or is given twice.
    """

    def __init__(self, given: Iterable[str]) -> None:
        self.paths: list[Path] = []
        self.names: list[str] = []
        seen: set[Path] = set()
        for name in given:
            for path in find_files(Path(name)):
                if path in seen:
                    raise Mistake("is given twice", where=str(path), mend="give each file once")
                seen.add(path)
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
        digest, first = hashlib.sha256(), 0
        start = at = 0  # where the line begins that no line end was found for yet; how much has been read
        try:
            with path.open("rb") as file:
                while block := file.read(PIECE_BYTES):
                    digest.update(block)
                    if b"\n" in block:
                        if at - start > raw.MAX_ROW_BYTES:
                            yield _long_line(number, path, first)
                            first, start = first + 1, at + block.index(b"\n") + 1
                        end = at + block.rindex(b"\n") + 1
                        if rows := block.count(b"\n", max(0, start - at)):
                            yield Chunk(number, path, first, rows, start, end)
                        first, start = first + rows, end
                    at += len(block)
        except OSError as error:
            raise _unreadable(path, error) from error
        if at > start:
            long = at - start > raw.MAX_ROW_BYTES
            yield _long_line(number, path, first) if long else Chunk(number, path, first, 1, start, at)
            first += 1
        self._read(number, digest.hexdigest(), first)

    def _records(self, number: int, path: Path) -> Iterator[Chunk]:
        first = size = 0
        piece: list[RawRow] = []
        for row in raw_rows(path):
            piece.append(row)
            size += row.size
            if len(piece) == PIECE_ROWS or size >= PIECE_BYTES:
                yield Chunk(number, path, first, len(piece), given=tuple(piece))
                first, size, piece = first + len(piece), 0, []
        if piece:
            yield Chunk(number, path, first, len(piece), given=tuple(piece))
        self._read(number, hash_file(path), first + len(piece))

    def _read(self, number: int, file_hash: str, rows: int) -> None:
        """A file has been read to its end."""
        if number == len(self.hashes):
            self.hashes.append(file_hash)
            self.rows.append(rows)
        elif self.hashes[number] != file_hash:
            raise changed(self.paths[number])


def _long_line(number: int, path: Path, row: int) -> Chunk:
    return Chunk(number, path, row, 1, given=(RawRow(row, None, raw.too_long()),))


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


def lines_of(chunk: Chunk) -> Iterator[RawRow]:
    """The rows of a chunk, as `raw_rows` would give them."""
    if chunk.given is not None:
        yield from chunk.given[: chunk.rows]
    else:
        for number, text in enumerate(_texts(chunk)[: chunk.rows], chunk.first):
            yield lines.row(number, text)


def mends_of(chunk: Chunk) -> Iterator[tuple[int, str]]:
    """What was mended in rows of the chunk, by their number, without reading them again."""
    if chunk.given is not None:
        yield from ((row.number, row.note) for row in chunk.given if row.note)
    elif chunk.first == 0 and _bytes_of(chunk, len(BOM)) == BOM:
        yield 0, lines.BOM_REMOVED


def _texts(chunk: Chunk) -> list[bytes]:
    """The chunk's lines without their ends."""
    data = _bytes_of(chunk, chunk.end - chunk.start)
    if len(data) != chunk.end - chunk.start:
        raise changed(chunk.path)
    texts = data.split(b"\n")
    return texts[:-1] if data.endswith(b"\n") else texts


def _bytes_of(chunk: Chunk, size: int) -> bytes:
    """The chunk's first bytes."""
    with chunk.path.open("rb") as file:
        file.seek(chunk.start)
        return file.read(size)


def kept_bytes(chunk: Chunk, dropped: Collection[int], changed: dict[int, bytes] | None = None) -> bytes:
    """The chunk's rows as JSONL without those whose numbers are in `dropped`: byte for byte as they stood, but for
    those in `changed` (number → the row's new text), and for the file's byte order mark, which belongs to no row.
    """
    changed = changed or {}
    if chunk.given is not None:
        kept = [changed.get(row.number) or json_bytes(row.value)
                for row in chunk.given if row.number not in dropped]
        return b"".join(line + b"\n" for line in kept)
    texts = _texts(chunk)
    if chunk.first == 0:
        texts[0] = texts[0].removeprefix(BOM)
    if dropped or changed:
        texts = [changed.get(number, text) for number, text in enumerate(texts, chunk.first) if number not in dropped]
    return b"".join([b"\n".join(texts), b"\n"]) if texts else b""
