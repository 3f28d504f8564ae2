"""The rows that curation left, source by source, in one pass: what they are like, and a few that may be shown.

A row may be shown if redaction has been over it, if redaction did not merely report something in it, and if it overlaps
no task: a sample must give neither a person nor a test item away.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from postgrad.inspection.curation import LEDGER, Curation
from postgrad.inspection.data_stats import Stats
from postgrad.inspection.draw import Draw, numbers
from postgrad.inspection.run_folder import rows
from postgrad.support.errors import Failure

BATCH_ROWS = 20_000
SHOWN = 3
HIDING = {"decontaminate": ("keep", "drop", "change"), "redact": ("keep",)}
"""part → actions in the ledger after which a row is not shown."""


@dataclass
class Shown:
    """`stats` of all rows of a source; `samples`: a few that may be shown."""

    stats: Stats = field(default_factory=Stats)
    draw: Draw = field(default_factory=lambda: Draw(SHOWN, 0))

    @property
    def samples(self) -> list[dict[str, Any]]:
        return list(self.draw.rows())


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a table. Failure if it is broken."""
    try:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error


def by_source(curation: Curation, step: str) -> dict[str, Shown]:
    """source → its rows in the table of a step."""
    found: dict[str, Shown] = {}
    for kind, batch, allowed_N in _judged(curation, step):
        names = batch.column("source")
        for source in pc.unique(names).to_pylist():
            mask = pc.equal(names, source)
            _look(found.setdefault(source, Shown()), kind, batch.filter(mask), allowed_N[mask.to_numpy(False)])
    return found


def everything(curation: Curation, step: str) -> Shown:
    """The rows of a step's table, whatever their source."""
    found = Shown()
    for kind, batch, allowed_N in _judged(curation, step):
        _look(found, kind, batch, allowed_N)
    return found


def _judged(curation: Curation, step: str) -> Iterator[tuple[str, pa.RecordBatch, np.ndarray]]:
    """(kind, batch, which rows may be shown) of a step's table."""
    path = curation.table(step)
    if path is None:
        return
    hidden, may_show = hidden_rows(curation, step), redacted(curation, step)
    for batch in batches(path):
        yield path.stem, batch, not_hidden(batch, hidden) & may_show


def _look(shown: Shown, kind: str, batch: pa.RecordBatch, allowed_N: np.ndarray) -> None:
    numbers_N = numbers(batch)
    shown.stats.add(kind, batch, numbers_N)
    shown.draw.offer(batch, numbers_N, allowed_N)


def redacted(curation: Curation, end: str) -> bool:
    """Whether the recipe had the rows of a step searched for personal data of any kind."""
    return bool(curation.looked_for(end))


def hidden_rows(curation: Curation, end: str, parts: Iterable[str] = tuple(HIDING)) -> set[tuple[str, str, int]]:
    """The origins (source, file, row) of rows that must not be shown because of these parts of curation."""
    hidden, hiding = set(), {part: HIDING[part] for part in parts}
    for step in curation.chain(end):
        path = curation.run.file(step, LEDGER)
        if path is None or not {part for _, part, _, _ in curation.tally(step)} & hiding.keys():
            continue
        for row in rows(path, ["origin", "step", "action"]):
            if row["action"] in hiding.get(row["step"], ()):
                hidden.add((row["origin"]["source"], row["origin"]["file"], row["origin"]["row"]))
    return hidden


def not_hidden(batch: pa.RecordBatch, hidden: set[tuple[str, str, int]]) -> np.ndarray:
    """(N,) bool: whether the row's own origin is none of these."""
    own = pc.list_element(batch.column("parents"), 0)
    number_N = own.field("row").to_numpy(zero_copy_only=False)
    allowed_N = np.ones(batch.num_rows, dtype=bool)
    for index in np.flatnonzero(np.isin(number_N, [row for _, _, row in hidden])).tolist():
        origin = own[index].as_py()
        allowed_N[index] = (origin["source"], origin["file"], origin["row"]) not in hidden
    return allowed_N
