"""Content hashes of files and of JSON values in one canonical form; a memory of file hashes."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from postgrad.support.files import write_atomically
from postgrad.support.json_files import read_json

CHUNK_BYTES = 1 << 20


def canonical_json(value: Any) -> str:
    """One text a value: sorted keys, no spaces, shortest floats, no NaN (ValueError). Lone surrogates are escaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def hash_json(value: Any) -> str:
    """sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


def hash_text(text: str) -> str:
    """sha256 (hex) of the text's UTF-8 bytes; lone surrogates are kept apart by `surrogatepass`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_file(path: Path) -> str:
    """sha256 (hex) of the file's bytes, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def file_identity(path: Path) -> tuple[str, int, int, int]:
    """What is cheap to ask of a file and changes when it does: absolute path, size, mtime in ns, inode."""
    status = path.stat()
    return (str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino)


class FileHashes:
    """Hashes of input files, each computed once and, if saved, remembered in one JSON file until the file's identity
    changes.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known = self._read()
        self._unsaved = False

    def _read(self) -> dict[str, list[Any]]:
        """What is remembered; nothing if the memory is not there or broken."""
        try:
            known = read_json(self._memory)
        except (OSError, ValueError):
            return {}
        sound = isinstance(known, dict) and all(isinstance(one, list) and len(one) == 4 for one in known.values())
        return known if sound else {}

    def hash(self, path: Path) -> str:
        """sha256 of the file; OSError if it cannot be read."""
        name, *rest = file_identity(path)
        known = self._known.get(name)
        if known and known[:3] == rest:
            return str(known[3])
        value = hash_file(path)
        self._known[name] = [*rest, value]
        self._unsaved = True
        return value

    def save(self) -> None:
        """Have what is new remembered, where that can be written, beside what others have noted meanwhile."""
        if self._unsaved and os.access(self._memory.parent, os.W_OK):
            self._known = {**self._read(), **self._known}
            write_atomically(self._memory, canonical_json(self._known).encode())
            self._unsaved = False
