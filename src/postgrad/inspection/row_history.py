"""What happened to one row, from the line it was read from to the stages that trained on it; and to all, by reason."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from postgrad.inspection.curation import KINDS, LEDGER, ORDER, Curation, part_of
from postgrad.inspection.run_folder import Run, rows
from postgrad.inspection.shown_rows import batches
from postgrad.inspection.source_facts import facts, sources
from postgrad.records.types import Origin
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest
from postgrad.support.words import whole_number

FEW = 5
LEAST_HASH = 6
"""Digits of a file's hash that may stand for it."""
UNSEEN = "an unseen task"


@dataclass(frozen=True)
class Event:
    """What a step did to the row. `action`: a ledger's word, or `pass` (nothing was said, it went on), or `stand`
    (another row that says the same went on and stands for it)."""

    step: str
    part: str
    action: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Trained:
    """A stage that trained on the row, or (not `itself`) on one that stands for it: so many copies in its table, each
    for so many epochs (None: drawn from it, step by step)."""

    stage: str
    kind: str
    copies: int
    epochs: float | None
    itself: bool


@dataclass(frozen=True)
class History:
    """One row. `file`: the name of the file with that hash, as far as the run knows it."""

    origin: Origin
    file: str
    events: tuple[Event, ...]
    trained: tuple[Trained, ...]

    def json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Line:
    """So many rows of a source had the same entry in a step's ledger."""

    source: str
    step: str
    part: str
    action: str
    reason: str
    rows: int


def find_origins(curation: Curation, said: str) -> list[tuple[Origin, str]]:
    """(origin, file name) of the rows that `SOURCE:ROW` or `FILE:ROW` may mean; rows are counted from 0.

    Mistake if there is no such source or file, if the row is not a number, or if the source has several files.
    """
    name, _, number = said.rpartition(":")
    row = whole_number(number)
    if not name or row is None:
        raise Mistake("names no row", where=said, mend="say SOURCE:ROW or FILE:ROW, rows counted from 0")
    files = {source: {file.sha256: file.name for file in facts(curation, source).files}
             for source in sources(curation)}  # fmt: skip
    if name in files:
        own = files[name]
        if len(own) > 1:
            named = ", ".join(f"{file}:{row}" for file in list(own.values())[:FEW])
            raise Mistake(f"has rows {row} in {len(own)} files", where=f"source {name}", mend=f"say which: {named}")
        return [(Origin(name, value, row), file) for value, file in own.items()]
    found = [(Origin(source, value, row), file) for source, own in files.items() for value, file in own.items()
             if _is_called(name, file, value)]  # fmt: skip
    if not found:
        known = [*files, *dict.fromkeys(file for own in files.values() for file in own.values())]
        raise Mistake(f"no source and no file is called {name}", where=said, mend=nearest(name, known))
    return found


def _is_called(said: str, file: str, sha256: str) -> bool:
    return said in (file, Path(file).name) or Path(said).name == file or (
        len(said) >= LEAST_HASH and sha256.startswith(said))  # fmt: skip


def history(curation: Curation, origin: Origin, file: str = "") -> History:
    """Everything that the run's ledgers and tables say of the row, in the order of the steps.

    Mistake if its source has no such row.
    """
    unseen = _unseen(curation)
    events: list[Event] = []
    held: dict[bool, dict[str, int]] = {True: {}, False: {}}  # itself, or one that stands for it
    for step in _steps(curation):
        own, others = _held(curation.run, step, origin)
        entries = [] if step not in curation.steps else list(_entries(curation.run, step, origin, unseen))
        if not (own or others or entries):
            continue
        events += entries
        if others and not own:
            held[False][step] = len(others)
            if not entries:
                standing = [f"{one.source}:{one.row}" for one in dict.fromkeys(others)]
                events.append(Event(step, part_of(step), "stand", "", ", ".join(standing)))
        elif own:
            held[True][step] = own
            if not entries:
                events.append(Event(step, part_of(step), "pass", "", ""))
    if not events:
        raise Mistake(f"no step of the run has seen row {origin.row}", where=f"source {origin.source}",
                      mend="rows are counted from 0; blank and broken lines count")  # fmt: skip
    return History(origin, file, tuple(events), tuple(_trained(curation.run, held)))


def _steps(curation: Curation) -> list[str]:
    """Curating steps, and those that made preferences of prompts."""
    run = curation.run
    return [step for step in run.paths if step in curation.steps or run.file(step, "preferences.parquet")]


def _entries(run: Run, step: str, origin: Origin, unseen: set[str]) -> Iterator[Event]:
    """The ledger's entries of the row, in the order of the parts."""
    path = run.file(step, LEDGER)
    found = []
    for batch in batches(path) if path else ():
        found += batch.filter(_equal(batch.column("origin"), origin)).drop_columns(["origin"]).to_pylist()
    for one in sorted(found, key=lambda one: ORDER.index(one["step"]) if one["step"] in ORDER else len(ORDER)):
        if one["action"] != "make":
            detail = ", ".join(dict.fromkeys(UNSEEN if word in unseen else word for word in one["detail"].split(", ")))
            yield Event(step, one["step"], one["action"], one["reason"], detail)
    if copies := [one for one in found if one["action"] == "make"]:
        times = f"{len(copies)} more cop{'ies' if len(copies) > 1 else 'y'}"
        yield Event(step, copies[0]["step"], "make", ", ".join(one["reason"] for one in copies), times)


def _unseen(curation: Curation) -> set[str]:
    """Names of unseen tasks: a row that overlaps one must not say which."""
    tasks = set()
    for step in curation.steps:
        for pair in (curation.run.json(step, "findings.json") or {}).get("pairs", []):
            tasks |= {pair["task"]} if pair["unseen"] else set()
    return tasks


def _held(run: Run, step: str, origin: Origin) -> tuple[int, list[Origin]]:
    """How many rows of the step's tables are the row itself, and the origins of those that stand for it."""
    own, others = 0, []
    for kind in KINDS:
        path = run.file(step, f"{kind}.parquet")
        for batch in batches(path) if path else ():
            parents = batch.column("parents")
            places_M = np.flatnonzero(_equal(parents.flatten(), origin).to_numpy(zero_copy_only=False))
            starts_N = np.concatenate([[0], np.cumsum(pc.list_value_length(parents).to_numpy(zero_copy_only=False))])
            for place in places_M.tolist():
                index = int(np.searchsorted(starts_N, place, side="right")) - 1
                if place == starts_N[index]:
                    own += 1
                else:
                    others.append(Origin(**parents[index][0].as_py()))
    return own, others


def _equal(origins: pa.Array, wanted: Origin) -> pa.Array:
    """Which of these origins are the wanted one."""
    same_row = pc.equal(origins.field("row"), wanted.row)
    same_source = pc.equal(origins.field("source"), wanted.source)
    return pc.and_(same_row, pc.and_(same_source, pc.equal(origins.field("file"), wanted.file)))


def _trained(run: Run, held: dict[bool, dict[str, int]]) -> Iterator[Trained]:
    for stage in run.stages[1:]:
        said: dict[str, Any] = next((one for one in run.recipe.get("stages") or [] if one["name"] == stage), {})
        kind = str(said.get("kind", ""))
        for given in run.inputs(stage).values():
            for itself, rows_of in held.items():
                if given in rows_of:
                    yield Trained(stage, kind, rows_of[given], None if kind == "rlvr" else said.get("epochs"), itself)


def summary(curation: Curation, source: str | None = None, reason: str | None = None) -> list[Line]:
    """Every entry of the ledgers, counted, in the order of the steps. Mistake for an unknown source or reason."""
    known = sources(curation)
    if source is not None and source not in known:
        raise Mistake(f"unknown source {source}", where="--source", mend=nearest(source, known))
    lines = [
        Line(origin, step, part, action, why, number)
        for step in curation.steps for (origin, part, action, why), number in sorted(curation.tally(step).items())
        if source in (None, origin)]  # fmt: skip
    if reason is not None:
        reasons = Counter(line.reason for line in lines)
        if reason not in reasons:
            raise Mistake(f"no row has the reason {reason!r}", where="--reason", mend=nearest(reason, reasons))
        lines = [line for line in lines if line.reason == reason]
    return lines


def having(curation: Curation, lines: list[Line], most: int) -> list[dict[str, Any]]:
    """The first rows that have such an entry: {"source", "row", "file", "step", "action", "reason", "detail"}."""
    unseen, found = _unseen(curation), []
    wanted = {(line.step, line.source, line.part, line.action, line.reason) for line in lines}
    for step in dict.fromkeys(line.step for line in lines):
        path = curation.run.file(step, LEDGER)
        for one in rows(path, ["origin", "step", "action", "reason", "detail"]) if path else ():
            origin = one["origin"]
            if (step, origin["source"], one["step"], one["action"], one["reason"]) in wanted:
                detail = ", ".join(UNSEEN if word in unseen else word for word in one["detail"].split(", "))
                found.append({**origin, "step": step, "action": one["action"], "reason": one["reason"],
                              "detail": detail})  # fmt: skip
            if len(found) == most:
                return found
    return found
