"""`postgrad data erase`: everything that a row of a source went into, so that a person's request can be met.

A row is known by its origin: source, hash of the file, number. Rows that say the same (`row_lineage`) go with it. An
artifact

    holds    it, if a table in it has a row that came from the origin, if it is the file that the row was read from, or
             if its findings show the row beside a task
    was made of it, if it has no such tables (weights, completions, scores) and one of its inputs holds the row or was
             made of it; or if one of its inputs was made of it (pairs that a model trained on the row answered). A file
             of weights that an artifact came with is an input too, wherever it lies
    may hold it, if the same is so as far as anybody can tell: an input is gone or damaged, or shows the row and has it
             in no table

A table of curation that has no row of the origin any more holds nothing of it, nor does what was made of that table.
Unfinished work and halves may hold anything, and are named as that, unless all that they are made from are artifacts
which have nothing of the row: a user's file may have it under another number. So may damaged artifacts.
A ledger's entry about the row (source, number, reason) holds no text of it.
"""

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgrad.pipeline import row_lineage
from postgrad.pipeline.cleaning import size_of
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.lineage import files_of, parents, place_of
from postgrad.pipeline.row_lineage import curated, quotes, spread, tables
from postgrad.pipeline.runs import read_record, registered, written
from postgrad.pipeline.store import Artifact, Damaged, Store
from postgrad.records.types import Origin
from postgrad.support.errors import Mistake
from postgrad.support.words import whole_number

HOLDS, MADE, MAY = "holds", "made of it", "may hold"
WEIGHTS = ".safetensors"
UNFINISHED = ("work", "temporary")
"""Folders of the store with what is not yet an artifact, by its key."""


@dataclass(frozen=True)
class Held:
    """One artifact to erase. `how`: `HOLDS`, `MADE` or `MAY`; `rows`: that came from the origins, in its tables;
    `weights`: it is a model."""

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
    """What a request to erase `origins` comes to. `same`: other rows that say the same, as they were read; `near`: rows
    with another text that deduplication joined with one of them, for a person to look at."""

    origins: tuple[Origin, ...]
    places: list[Place] = field(default_factory=list)
    same: list[Origin] = field(default_factory=list)
    near: list[Origin] = field(default_factory=list)
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
            "near_text": [_said(origin) for origin in self.near],
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

    `files`: hashes, if only those are meant. Mistake for a form that is none, a source, a file or a row that no table
    and no ledger knows, and a source of several files where none is said.
    """
    known: dict[str, set[str]] = {}
    for artifact in _whole(store):
        for source, file in row_lineage.sources(artifact):
            if not files or file in files:
                known.setdefault(source, set()).add(file)
    found = {word: _origin(word, known) for word in words}
    seen: set[Origin] = set()
    for artifact in _whole(store):
        seen |= row_lineage.seen(artifact, found.values())
    for word, origin in found.items():
        if origin not in seen:
            raise Mistake(f"no table and no ledger here has row {origin.row} of {origin.source}", where=word,
                          mend="check the number: rows are counted from 0, blank and broken lines too")
    return tuple(found.values())


def files_of_sources(store: Store) -> dict[tuple[str, str], Path | None]:
    """(source, hash of the file) of all rows in the store → where that file lay when it was read; None if unknown."""
    places: dict[str, Path] = {}
    known: dict[tuple[str, str], None] = {}
    for artifact in _whole(store):
        places.update({value: artifact.folder / name for name, value in artifact.manifest["outputs"].items()})
        places.update({value: path for path, value in files_of(artifact)})
        known.update(dict.fromkeys(sorted(row_lineage.sources(artifact))))
    return {(source, file): places.get(file) for source, file in known}


def _origin(word: str, known: dict[str, set[str]]) -> Origin:
    source, *middle, said = word.split(":") if ":" in word else (word, "")
    row = whole_number(said)
    if len(middle) > 1 or row is None:
        raise Mistake("is no origin", where=word, mend="write SOURCE:ROW, rows counted from 0, or SOURCE:FILE:ROW")
    if source not in known:
        there = ", ".join(sorted(known)) or "none"
        raise Mistake(f"no table has rows of a source {source}", where=word, mend=f"the sources there are: {there}")
    begins = middle[0] if middle else ""
    fitting = sorted(file for file in known[source] if file.startswith(begins))
    if len(fitting) != 1:
        files = ", ".join(file[:12] for file in sorted(known[source]))
        what = f"rows of {len(fitting)} files are there" if fitting else "no rows of such a file are there"
        raise Mistake(what, where=word, mend=f"say which: {source}:FILE:{row}, FILE one of {files}")
    return Origin(source, fitting[0], row)


def erasure(store: Store, origins: Iterable[Origin]) -> Erasure:
    """What the rows went into, in every run that shares the store. Changes nothing."""
    found = Erasure(tuple(dict.fromkeys(origins)))
    with said_plainly(f"looking through the store {store.root}"), store.using():
        whole = {artifact.key: artifact for artifact in _whole(store)}
        where = spread(whole.values(), found.origins)
        hows = _hows(whole, where.rows, where.same)
        for key, how in hows.items():
            artifact = whole[key]
            names = artifact.manifest["outputs"]
            found.artifacts.append(Held(
                key, artifact.manifest["step"], artifact.folder, artifact.bytes, how, where.rows[key],
                any(name.endswith(WEIGHTS) for name in names)))
        found.same = [origin for origin in where.same if origin not in found.origins]
        found.near = list(where.near)
        found.places = _places(whole.values(), (*where.same, *where.near))
        without = whole.keys() - hows.keys()
        found.unknown = [path for name in UNFINISHED for path in sorted((store.root / name).iterdir())
                         if not _made_from_only(without, store.noted_inputs(path.name))]
        found.unknown += sorted((store.root / "damaged").iterdir())
        found.unknown += [one.folder for one in store.artifacts() if isinstance(one, Damaged)]
        _add_runs(store, found, lambda key: key in hows or key not in whole)
    return found


def _whole(store: Store) -> Iterator[Artifact]:
    return (found for found in store.artifacts() if isinstance(found, Artifact))


def _hows(whole: dict[str, Artifact], rows: Mapping[str, int], wanted: Collection[Origin]) -> dict[str, str]:
    """key → how, of every artifact that holds one of the rows, was made of it, or may hold it, parents first."""
    inputs = {key: _inputs(artifact, whole.values()) for key, artifact in whole.items()}
    ordered = _parents_first(inputs)
    files = {origin.file for origin in wanted}
    showing = {key for key in ordered if quotes(whole[key], wanted)}
    # What an artifact of curation holds its tables say, whatever has become of those that it was made from.
    orphans = {key for key in ordered if inputs[key] - whole.keys() and not curated(whole[key])}
    holding = {key for key in ordered if rows[key] or files & set(whole[key].manifest["outputs"].values())}
    rowless = {key for key in ordered if not tables(whole[key])}
    holding |= {key for key in rowless if files & {value for _, value in files_of(whole[key])}}

    def made_of(holding: set[str], made: set[str]) -> set[str]:
        made = set(made)
        for key in ordered:
            if inputs[key] & made or (key in rowless - holding and inputs[key] & holding):
                made.add(key)
        return made

    made, maybe = made_of(holding, set()), made_of(holding | showing, orphans)
    hows = {**dict.fromkeys(maybe, MAY), **dict.fromkeys(made, MADE), **dict.fromkeys(holding | showing, HOLDS)}
    return {key: hows[key] for key in ordered if key in hows}


def _made_from_only(keys: Collection[str], inputs: Mapping[str, Any]) -> bool:
    return bool(inputs) and all(source.get("key") in keys for source in inputs.values())


def _inputs(artifact: Artifact, every: Iterable[Artifact]) -> set[str]:
    """The keys of what it was made from: its parents, and of files of weights that it read the artifacts that gave them
    first, which a run folder shows.
    """
    found = set(parents(artifact).values())
    read = {value for path, value in files_of(artifact) if path.suffix == WEIGHTS}
    for other in every if read else ():
        given = set(other.manifest["outputs"].values()) - {value for _, value in files_of(other)}
        found |= {other.key} if read & given else set()
    return found


def _parents_first(inputs: Mapping[str, set[str]]) -> list[str]:
    ordered: dict[str, None] = {}
    for start in inputs:
        waiting = [start]
        while waiting:
            key = waiting[-1]
            missing = [parent for parent in sorted(inputs[key]) if parent in inputs and parent not in ordered]
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
    found = {(path, origin): None for artifact in artifacts for path, value in files_of(artifact)
             for origin in wanted.get(value, ())}
    return [Place(path, origin) for path, origin in found]


def _add_runs(store: Store, found: Erasure, affected: Callable[[str], bool]) -> None:
    """The run folders that refer to what is affected, and what runs wrote there. What is the user's own stays, and so
    does the store, wherever it lies.
    """
    for folder in registered(store).values():
        try:
            record = read_record(folder)
        except Mistake:  # the run folder is no more
            continue
        if any(affected(said["key"]) for said in record["steps"]):
            found.runs.append(folder)
            own = [store.root, *(place_of(Path(said["path"]), name, said["files"]).resolve()
                                 for said in record["files"] for name in said["files"])]
            for path in written(folder):
                if not any(one.is_relative_to(path.resolve()) for one in own):
                    found.copies.append(Copy(path, folder, size_of(path)))


def _nothing(path: Path) -> None:
    pass


def erase(store: Store, found: Erasure, on_removed: Callable[[Path], None] = _nothing) -> None:
    """Remove the artifacts, the copies and what may hold anything, as `erasure` named them. Sources stay as they are.

    Copies go first, so that a call that was cut off finds the rest again. Failure if a run is using the store.
    """
    with said_plainly(f"erasing from the store {store.root}"), store.alone():
        artifacts = [held.folder for held in reversed(found.artifacts)]  # what was made of a thing before it
        for path in [*(copy.path for copy in found.copies), *found.unknown, *artifacts]:
            # Out of artifacts/ in one move: it is there whole or not at all, whatever happens meanwhile.
            inside = path.parent == store.root / "artifacts"
            _remove(path.rename(store.root / "temporary" / path.name) if inside else path)
            on_removed(path)
        keys = {held.key for held in found.artifacts}
        for path in sorted((store.root / "plans").iterdir()):
            if store.planned(path.name) in keys:
                path.unlink()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
