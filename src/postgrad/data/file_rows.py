"""The rows of any files, without a recipe, as the batches that inspection counts: each file is a source."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import pyarrow as pa

from postgrad.data.detection import detect
from postgrad.data.files import find_files
from postgrad.data.rows import KINDS, Record
from postgrad.data.sources import SourceSpec, kind_of, read
from postgrad.records.tables import table_of
from postgrad.support.errors import Mistake

ROWS_A_BATCH = 5_000
MEND = "call the fields as a known format does (docs/data.md)"


@dataclass
class FileRows:
    """Files, folders and globs as the user named them. `formats` and `broken` (reason → rows) are filled while reading.

    Mistake for what is not there or cannot be read.
    """

    words: Sequence[str]
    formats: dict[str, str] = field(default_factory=dict)
    broken: Counter[str] = field(default_factory=Counter)

    def batches(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """(kind, batch) of every row that can be read."""
        for path in self._paths():
            spec = SourceSpec(path.name, "", format=detect([path], path.name, MEND))
            self.formats[path.name] = spec.format
            kind = kind_of(spec)
            records = self._records(path, spec)
            while piece := list(islice(records, ROWS_A_BATCH)):
                yield from ((kind, batch) for batch in table_of(KINDS[kind], piece).to_batches())

    def _records(self, path: Path, spec: SourceSpec) -> Iterator[Record]:
        for row in read([path], spec):
            if row.record is None:
                self.broken[row.entries[0].reason] += 1
            else:
                yield row.record

    def _paths(self) -> list[Path]:
        return list(dict.fromkeys(path for word in self.words for path in find_files(_there(Path(word)))))


def _there(path: Path) -> Path:
    """The path, or a Mistake that names what lies nearest to it."""
    if path.exists() or path.is_symlink() or any(sign in path.name for sign in "*?["):
        return path
    beside = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
    close = get_close_matches(path.name, beside, n=1)
    mend = f"did you mean {path.with_name(close[0])}?" if close else "check the path"
    raise Mistake("no such file, folder or run", where=str(path), mend=mend)
