"""Which rows of the store's tables came from which lines: by the parents in tables of rows, and by ledgers.

Of rows that deduplication joined, those that say the same are told from those that are nearly the same: the first share
a content id, or the ledger gives that reason; the others are another text, which another row stood for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from postgrad.pipeline.store import Artifact
from postgrad.records.types import Origin
from postgrad.support.errors import Failure
from postgrad.support.json_files import read_json

PARENTS, TABLES, LEDGER, FINDINGS = "parents", ".parquet", "ledger.parquet", "findings.json"
SAYS_THE_SAME = ("duplicate", "same prompt, another ground truth")
"""Reasons in a ledger for which a row left because all of it that was compared stands in the one that stayed."""
_Lines = Mapping[tuple[str, str], pa.Array]
"""(source, file) → the numbers of rows."""


@dataclass(frozen=True)
class Spread:
    """Where rows went. `same`: all that say the same, the wanted ones among them; `near`: other texts that
    deduplication joined with one of those; `rows`: artifact → how many rows of its tables came from one of `same`.
    """

    same: dict[Origin, None]
    near: dict[Origin, None]
    rows: dict[str, int]


def tables(artifact: Artifact) -> list[Path]:
    """The tables of an artifact whose rows say what they came from."""
    paths = [artifact.folder / name for name in artifact.manifest["outputs"] if name.endswith(TABLES)]
    return [path for path in paths if PARENTS in _schema(path).names]


def curated(artifact: Artifact) -> bool:
    """Whether it is rows with their ledger: then each text in it came from the parents of its row, and no model."""
    return LEDGER in artifact.manifest["outputs"]


def sources(artifact: Artifact) -> set[tuple[str, str]]:
    """(source, file) of every row that a table or the ledger of an artifact names."""
    found: set[tuple[str, str]] = set()
    for origins in _origins(artifact):
        pairs = pa.table({"source": origins.field("source"), "file": origins.field("file")})
        found |= {(row["source"], row["file"]) for row in pairs.group_by(["source", "file"]).aggregate([]).to_pylist()}
    return found


def seen(artifact: Artifact, wanted: Iterable[Origin]) -> set[Origin]:
    """Those of the rows that a table or the ledger of an artifact names."""
    lines = _lines(wanted)
    return {Origin(**row) for origins in _origins(artifact)
            for row in origins.filter(_among(origins, lines)).to_pylist()}


def quotes(artifact: Artifact, wanted: Collection[Origin]) -> bool:
    """Whether its findings speak of one of the rows: they show some that overlap a task, which may be in no table."""
    if FINDINGS not in artifact.manifest["outputs"]:
        return False
    path = artifact.folder / FINDINGS
    try:
        said = read_json(path)
        spoken = [*said["examples"], *said["overlaps"]]
        return any(Origin(one["source"], one["file"], one["row"]) in wanted for one in spoken)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error


def spread(artifacts: Iterable[Artifact], wanted: Iterable[Origin]) -> Spread:
    """Where the wanted rows went, and all that say the same: those are looked for in their turn, until none is new."""
    artifacts = list(artifacts)
    same, ids = dict.fromkeys(wanted), set[str]()
    while True:
        known = len(same), len(ids)
        lines = _lines(same)
        joined: dict[Origin, None] = {}
        rows: dict[str, int] = {}
        for artifact in artifacts:
            hits = [hit for table in tables(artifact) for hit in _hits(table, lines, ids)]
            rows[artifact.key] = len(hits)
            dropped = _dropped_as_same(artifact, {parent for _, parents in hits for parent in parents[1:]})
            for content_id, parents in hits:
                joined.update(dict.fromkeys(parents))
                alike = {parents[0], *(parent for parent in parents if parent in dropped)}
                if content_id in ids:
                    same[parents[0]] = None
                if any(parent in same for parent in alike):
                    same.update((parent, None) for parent in parents if parent in alike)
                if parents[0] in same and curated(artifact):  # elsewhere rows have lost their answers, or got new ones
                    ids.add(content_id)
        if (len(same), len(ids)) == known:
            return Spread(same, {origin: None for origin in joined if origin not in same}, rows)


def _hits(path: Path, lines: _Lines, ids: Collection[str]) -> Iterator[tuple[str, list[Origin]]]:
    """(content id, parents) of the rows of a table that came from one of the lines, or have one of the ids."""
    wanted = pa.array(sorted(ids), pa.string())
    for batch in _batches(path, ["content_id", PARENTS]):
        parents = batch.column(PARENTS)
        hit_N = pc.is_in(batch.column("content_id"), value_set=wanted).to_numpy(zero_copy_only=False).copy()
        among_M = _among(parents.flatten(), lines).to_numpy(zero_copy_only=False)
        hit_N[parents.value_parent_indices().to_numpy()[among_M]] = True
        for row in batch.take(pa.array(np.flatnonzero(hit_N))).to_pylist():
            yield row["content_id"], [Origin(**parent) for parent in row[PARENTS]]


def _dropped_as_same(artifact: Artifact, origins: Collection[Origin]) -> set[Origin]:
    """Those of the rows that left at this artifact because another says the same."""
    found: set[Origin] = set()
    lines = _lines(origins)
    for batch in _batches(artifact.folder / LEDGER, ["origin", "reason"]) if origins and curated(artifact) else ():
        said = pc.is_in(batch.column("reason"), value_set=pa.array(SAYS_THE_SAME))
        left = batch.column("origin").filter(pc.and_(said, _among(batch.column("origin"), lines)))
        found |= {Origin(**row) for row in left.to_pylist()}
    return found


def _origins(artifact: Artifact) -> Iterator[pa.StructArray]:
    """Every origin that the artifact's tables and its ledger name."""
    for path in tables(artifact):
        yield from (batch.column(0).flatten() for batch in _batches(path, [PARENTS]))
    if curated(artifact):
        yield from (batch.column(0) for batch in _batches(artifact.folder / LEDGER, ["origin"]))


def _lines(origins: Iterable[Origin]) -> _Lines:
    found: dict[tuple[str, str], list[int]] = {}
    for origin in origins:
        found.setdefault((origin.source, origin.file), []).append(origin.row)
    return {of: pa.array(rows, pa.int64()) for of, rows in found.items()}


def _among(origins: pa.StructArray, lines: _Lines) -> pa.Array:
    """Which of the origins are among the lines."""
    found = pa.array(np.zeros(len(origins), bool))
    for (source, file), rows in lines.items():
        there = pc.and_(pc.equal(origins.field("source"), source), pc.equal(origins.field("file"), file))
        found = pc.or_(found, pc.and_(there, pc.is_in(origins.field("row"), value_set=rows)))
    return found


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Failure:
    return Failure(f"cannot be read ({type(error).__name__})", where=str(path), mend="run `postgrad store verify`")
