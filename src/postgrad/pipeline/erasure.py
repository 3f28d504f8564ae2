"""`postgrad data erase`: everything that a row of a source went into, so that a person's request can be met.

A row is known by its origin: source, hash of the file, number. An artifact

    holds    it, if a table in it has a row that came from the origin, or if it is the file that the row was read from
    was made of it, if it has no such tables (weights, completions, scores) and one of its inputs holds the row or was
             made of it; or if one of its inputs was made of it (pairs that a model trained on the row answered)

A table of curation that has no row of the origin any more holds nothing of it, nor does what was made of that table.
What names no inputs (work of unfinished steps, halves, damaged artifacts) may hold anything, and is named as that.
A ledger's entry about the row (source, number, reason) holds no text of it.
"""

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from postgrad.pipeline.cleaning import size_of
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.lineage import parents, place_of
from postgrad.pipeline.runs import NAME as RUN_NAME
from postgrad.pipeline.runs import read_record, registered
from postgrad.pipeline.store import Artifact, Store
from postgrad.records.types import Origin
from postgrad.support.errors import Failure, Mistake

LINEAGE, WEIGHTS, TABLES = "parents", ".safetensors", ".parquet"
UNKNOWN = {"work": "unfinished work", "temporary": "half made", "damaged": "damaged"}
"""Folders of the store whose contents name no inputs."""


@dataclass(frozen=True)
class Held:
    """One artifact to erase. `how`: `holds` or `made of it`; `rows`: of the origins, in its tables; `weights`: it is a
    model."""

    key: str
    step: str
    folder: Path
    bytes: int
    how: str
    rows: int
    weights: bool


@dataclass(frozen=True)
class Place:
    """A line of a file that must go from it by hand: `path` as the last run knew it, `row` counted from 0."""

    path: Path
    origin: Origin


@dataclass(frozen=True)
class Copy:
    """Something outside the store that was made of what is to be erased."""

    path: Path
    run: Path
    bytes: int


@dataclass
class Erasure:
    """What a request to erase `origins` comes to. `same`: other rows that say the same, as deduplication found."""

    origins: tuple[Origin, ...]
    places: list[Place] = field(default_factory=list)
    same: list[Origin] = field(default_factory=list)
    artifacts: list[Held] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    runs: list[Path] = field(default_factory=list)

    @property
    def models(self) -> list[Held]:
        return [held for held in self.artifacts if held.weights]

    def json(self) -> dict[str, Any]:
        """For programs. No text of any row."""
        return {
            "origins": [_said(origin) for origin in self.origins],
            "same_text": [_said(origin) for origin in self.same],
            "source_lines": [{"path": str(place.path), **_said(place.origin)} for place in self.places],
            "artifacts": [{"key": held.key, "step": held.step, "how": held.how, "rows": held.rows,
                           "weights": held.weights, "bytes": held.bytes} for held in self.artifacts],
            "copies": [{"path": str(copy.path), "run": str(copy.run), "bytes": copy.bytes} for copy in self.copies],
            "may_hold": [str(path) for path in self.unknown], "runs": [str(run) for run in self.runs]}


def _said(origin: Origin) -> dict[str, Any]:
    return {"source": origin.source, "file": origin.file, "row": origin.row}


def origins_of(store: Store, words: Iterable[str], files: Collection[str] = ()) -> tuple[Origin, ...]:
    """What `SOURCE:ROW`, or `SOURCE:FILE:ROW` with the beginning of the file's hash, means in this store. Rows count
    from 0.

    `files`: hashes, if only those are meant. Mistake for a form that is none, a source or a file that no table knows,
    and a source of several files where none is said.
    """
    known: dict[str, set[str]] = {}
    for artifact in _whole(store):
        for table in _tables(artifact):
            for source, file in _sources(table):
                if not files or file in files:
                    known.setdefault(source, set()).add(file)
    return tuple(_origin(word, known) for word in words)


def files_of_sources(store: Store) -> dict[tuple[str, str], Path | None]:
    """(source, hash of the file) of all rows in the store → where that file lay when it was read; None if unknown."""
    places: dict[str, Path] = {}
    known: dict[tuple[str, str], None] = {}
    for artifact in _whole(store):
        places.update({value: artifact.folder / name for name, value in artifact.manifest["outputs"].items()})
        for source in artifact.manifest["inputs"].values():
            files = source.get("files", {})
            places.update({value: place_of(Path(source["path"]), name, files) for name, value in files.items()})
        for table in _tables(artifact):
            known.update(dict.fromkeys(sorted(_sources(table))))
    return {(source, file): places.get(file) for source, file in known}


def _origin(word: str, known: dict[str, set[str]]) -> Origin:
    source, *middle, row = word.split(":") if ":" in word else (word, "")
    if len(middle) > 1 or not row.isdecimal():
        raise Mistake("is no origin", where=word, mend="write SOURCE:ROW, rows counted from 0, or SOURCE:FILE:ROW")
    if source not in known:
        said = ", ".join(sorted(known)) or "none"
        raise Mistake(f"no table has rows of a source {source}", where=word, mend=f"the sources there are: {said}")
    begins = middle[0] if middle else ""
    fitting = sorted(file for file in known[source] if file.startswith(begins))
    if len(fitting) != 1:
        files = ", ".join(file[:12] for file in sorted(known[source]))
        what = f"rows of {len(fitting)} files are there" if fitting else "no rows of such a file are there"
        raise Mistake(what, where=word, mend=f"say which: {source}:FILE:{row}, FILE one of {files}")
    return Origin(source, fitting[0], int(row))


def erasure(store: Store, origins: Iterable[Origin]) -> Erasure:
    """What the rows went into, in every run that shares the store. Changes nothing."""
    found = Erasure(tuple(dict.fromkeys(origins)))
    with said_plainly(f"looking through the store {store.root}"), store.using():
        whole = {artifact.key: artifact for artifact in _whole(store)}
        files = {origin.file for origin in found.origins}
        rows: dict[str, int] = {}
        same: dict[Origin, None] = {}
        for key, artifact in whole.items():
            rows[key] = sum(_rows_of(table, found.origins, same) for table in _tables(artifact))
        marks = _marks(whole, rows, files)
        for key, (holds, _) in marks.items():
            artifact = whole[key]
            names = artifact.manifest["outputs"]
            found.artifacts.append(Held(
                key, artifact.manifest["step"], artifact.folder, artifact.bytes, "holds" if holds else "made of it",
                rows[key], any(name.endswith(WEIGHTS) for name in names)))
        found.same = [origin for origin in same if origin not in found.origins]
        found.places = _places(whole.values(), (*found.origins, *found.same))
        found.unknown = [path for name in UNKNOWN for path in sorted((store.root / name).iterdir())]
        _add_runs(store, found, set(marks))
    return found


def _whole(store: Store) -> Iterator[Artifact]:
    return (found for found in store.artifacts() if isinstance(found, Artifact))


def _tables(artifact: Artifact) -> list[Path]:
    """The tables of an artifact whose rows say what they came from."""
    paths = [artifact.folder / name for name in artifact.manifest["outputs"] if name.endswith(TABLES)]
    return [path for path in paths if LINEAGE in _schema(path).names]


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Failure:
    return Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`")


def _lineages(path: Path) -> Iterator[pa.ListArray]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[LINEAGE]):
                yield batch.column(0)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _sources(path: Path) -> set[tuple[str, str]]:
    """(source, file) of every row of a table."""
    found: set[tuple[str, str]] = set()
    for column in _lineages(path):
        origins = column.flatten()
        pairs = pa.table({"source": origins.field("source"), "file": origins.field("file")})
        found |= {(row["source"], row["file"]) for row in pairs.group_by(["source", "file"]).aggregate([]).to_pylist()}
    return found


def _rows_of(path: Path, origins: Collection[Origin], same: dict[Origin, None]) -> int:
    """How many rows of a table came from one of the origins; the others that those came from are put into `same`."""
    count = 0
    for column in _lineages(path):
        flat, owner = column.flatten(), column.value_parent_indices().to_numpy()
        hit = pa.array([False] * len(flat))
        for origin in origins:
            hit = pc.or_(hit, pc.and_(pc.equal(flat.field("row"), origin.row), pc.and_(
                pc.equal(flat.field("source"), origin.source), pc.equal(flat.field("file"), origin.file))))
        numbers = sorted(set(owner[hit.to_numpy(zero_copy_only=False)].tolist()))
        count += len(numbers)
        for one in column.take(pa.array(numbers, pa.int64())).to_pylist():
            same.update(dict.fromkeys(Origin(**parent) for parent in one))
    return count


def _marks(whole: dict[str, Artifact], rows: dict[str, int], files: Collection[str]) -> dict[str, tuple[bool, bool]]:
    """key → (holds, was made of it) of every artifact that one of the two is true of, parents first."""
    marks: dict[str, tuple[bool, bool]] = {}
    for key in _parents_first(whole):
        artifact = whole[key]
        given = [marks[parent] for parent in parents(artifact).values() if parent in marks]
        tables = bool(_tables(artifact))
        read = any(value in files for source in artifact.manifest["inputs"].values()
                   for value in source.get("files", {}).values())
        is_file = any(value in files for value in artifact.manifest["outputs"].values())
        holds = rows[key] > 0 or is_file or (read and not tables)
        made = any(made for _, made in given) or (not tables and not holds and bool(given))
        if holds or made:
            marks[key] = holds, made
    return marks


def _parents_first(whole: dict[str, Artifact]) -> list[str]:
    ordered: dict[str, None] = {}
    for start in whole:
        waiting = [start]
        while waiting:
            key = waiting[-1]
            missing = [p for p in parents(whole[key]).values() if p in whole and p not in ordered]
            if key in ordered or not missing:
                ordered[waiting.pop()] = None
            else:
                waiting += missing
    return list(ordered)


def _places(artifacts: Iterable[Artifact], origins: Iterable[Origin]) -> list[Place]:
    """Where the user's files that the origins name lay when they were read."""
    wanted: dict[str, list[Origin]] = {}
    for origin in origins:
        wanted.setdefault(origin.file, []).append(origin)
    found: dict[tuple[Path, Origin], None] = {}
    for artifact in artifacts:
        for source in artifact.manifest["inputs"].values():
            for relative, value in source.get("files", {}).items():
                place = place_of(Path(source["path"]), relative, source["files"])
                found.update({(place, origin): None for origin in wanted.get(value, ())})
    return [Place(path, origin) for path, origin in found]


def _add_runs(store: Store, found: Erasure, affected: Collection[str]) -> None:
    """The run folders that refer to what is affected, and what was copied or written there."""
    for folder in registered(store).values():
        try:
            steps = read_record(folder)["steps"]
        except Mistake:  # the run folder is no more
            continue
        if any(said["key"] in affected for said in steps):
            found.runs.append(folder)
            for path in sorted(folder.iterdir()):
                if path.name != RUN_NAME:
                    found.copies.append(Copy(path, folder, size_of(path)))


def _nothing(path: Path) -> None:
    pass


def erase(store: Store, found: Erasure, on_removed: Callable[[Path], None] = _nothing) -> None:
    """Remove the artifacts, the copies and what may hold anything, as `erasure` named them. Sources stay as they are.

    Copies go first, so that a call that was cut off finds the rest again. Failure if a run is using the store.
    """
    with said_plainly(f"erasing from the store {store.root}"), store.alone():
        for path in [*(copy.path for copy in found.copies), *found.unknown]:
            _remove(path)
            on_removed(path)
        for held in reversed(found.artifacts):  # what was made of a thing before the thing itself
            # Out of artifacts/ in one move: it is there whole or not at all, whatever happens meanwhile.
            gone = held.folder.rename(store.root / "temporary" / held.key)
            _remove(gone)
            on_removed(held.folder)
        keys = {held.key for held in found.artifacts}
        for path in sorted((store.root / "plans").iterdir()):
            if path.read_text() in keys:
                path.unlink()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
