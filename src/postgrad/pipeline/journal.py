"""A journal: what a long step has already got, append-only, so that a killed run pays for nothing twice.

    file   = MAGIC record*
    record = head(key bytes: u32, payload bytes: u32, kind: u8, all little-endian) digest(16) key payload

The digest is blake2b-128 of head, key and payload. An append is fsynced before it returns. When a journal is opened,
a torn tail (what a kill or a power cut left of the last append) is cut away. A broken record with a whole one after
it is no torn append but damage: that is a Failure, since what is beyond may have been paid for.
"""

import hashlib
import json
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postgrad.support.errors import Failure
from postgrad.support.files import sync
from postgrad.support.hashing import canonical_json

MAGIC = b"postgrad journal 1\n"
HEAD = struct.Struct("<IIB")
DIGEST_BYTES = 16
PREFIX_BYTES = HEAD.size + DIGEST_BYTES
BYTES, JSON = 0, 1


def _digest(head: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(head + body, digest_size=DIGEST_BYTES).digest()


class Journal:
    """Entries under distinct keys, in the order of their appending. Safe for the threads of one process.

    One process at a time may hold a journal: the pipeline leases the folder that it lies in.
    Failure if the file is no journal or is damaged before its end; OSError from the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[int, int, int]] = {}  # key -> (offset of the payload, bytes, kind)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._end = self._recover()
        except BaseException:
            os.close(self._descriptor)
            raise
        self._broken = False

    def _recover(self) -> int:
        """Read what is whole, cut the torn tail, and give the offset of the end."""
        size = os.fstat(self._descriptor).st_size
        start = os.pread(self._descriptor, len(MAGIC), 0)
        if start != MAGIC:
            if not MAGIC.startswith(start):
                raise Failure("is not a journal", where=str(self.path), mend="move it away to do its step again")
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, MAGIC, 0)
            os.fsync(self._descriptor)
            sync(self.path.parent)
            return len(MAGIC)
        offset = len(MAGIC)
        while offset < size:
            found = self._record(offset, size)
            if found is None:
                self._refuse_damage(offset, size)
                os.ftruncate(self._descriptor, offset)
                os.fsync(self._descriptor)
                break
            key, entry = found
            self._entries[key] = entry
            offset = entry[0] + entry[1]
        return offset

    def _record(self, offset: int, size: int) -> tuple[str, tuple[int, int, int]] | None:
        """The record at `offset`, or None if no whole and unaltered one starts there."""
        prefix = os.pread(self._descriptor, PREFIX_BYTES, offset)
        if len(prefix) < PREFIX_BYTES:
            return None
        head, digest = prefix[: HEAD.size], prefix[HEAD.size :]
        key_bytes, payload_bytes, kind = HEAD.unpack(head)
        body_at = offset + PREFIX_BYTES
        if body_at + key_bytes + payload_bytes > size:
            return None
        body = self._read(body_at, key_bytes + payload_bytes)
        if len(body) != key_bytes + payload_bytes or _digest(head, body) != digest:
            return None
        return body[:key_bytes].decode(), (body_at + key_bytes, payload_bytes, kind)

    def _refuse_damage(self, offset: int, size: int) -> None:
        """Failure if a whole record lies anywhere beyond the broken one at `offset`."""
        tail = self._read(offset, size - offset)
        for at in range(1, len(tail) - PREFIX_BYTES + 1):
            key_bytes, payload_bytes, kind = HEAD.unpack_from(tail, at)
            # Most places are told at once to be no record by the kind and the lengths; the digest settles the rest.
            if kind > JSON or at + PREFIX_BYTES + key_bytes + payload_bytes > len(tail):
                continue
            if self._record(offset + at, size) is not None:
                raise Failure(
                    f"the journal is damaged at byte {offset:,} of {size:,}, with good entries after it",
                    where=str(self.path),
                    mend="move the file away to get its entries anew; the rest of the run is untouched",
                )

    def _read(self, offset: int, count: int) -> bytes:
        pieces = []
        while count > 0 and (piece := os.pread(self._descriptor, count, offset)):
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return b"".join(pieces)

    def append(self, key: str, payload: Any) -> None:
        """Add an entry (bytes, or a JSON value) and have it on the disk on return. ValueError if the key is there.

        If the disk refuses, the file is cut back to the last whole entry and the OSError goes on.
        """
        kind, content = (BYTES, payload) if isinstance(payload, bytes) else (JSON, canonical_json(payload).encode())
        name = key.encode()
        head = HEAD.pack(len(name), len(content), kind)
        body = name + content
        record = head + _digest(head, body) + body
        with self._lock:
            if key in self._entries:
                raise ValueError(f"{self.path} already holds an entry {key!r}")
            if self._broken:
                raise Failure("an earlier append failed", where=str(self.path), mend="run the same command again")
            try:
                self._write(record)
                os.fsync(self._descriptor)
            except BaseException:
                self._broken = True
                os.ftruncate(self._descriptor, self._end)
                raise
            self._entries[key] = (self._end + len(record) - len(content), len(content), kind)
            self._end += len(record)

    def _write(self, record: bytes) -> None:
        written = 0
        while written < len(record):
            written += os.pwrite(self._descriptor, record[written:], self._end + written)

    def get(self, key: str) -> Any:
        """The entry's payload as it was given (JSON or bytes), or None if there is no such entry."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        offset, count, kind = entry
        content = self._read(offset, count)
        return content if kind == BYTES else json.loads(content)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """(key, payload) of every entry, in the order of their appending."""
        for key in list(self._entries):
            yield key, self.get(key)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
