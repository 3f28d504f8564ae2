"""Redaction of files without a recipe: every text of a row, wherever it stands in the object, or one field alone."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.data.chunks import PLAIN, Chunk, Inputs, lines_of
from postgrad.data.output import Form, Output, output
from postgrad.data.pii.kinds import KINDS, Kind, Redaction
from postgrad.data.pii.redact import STEP, Change, Redactor, Treated, rewrite_json
from postgrad.data.pii.tables import spoken
from postgrad.data.raw import Broken, RawRow, json_bytes
from postgrad.support.errors import Mistake
from postgrad.support.parallel import workers_for
from postgrad.support.progress import Progress


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one chunk, by row number: broken rows, and rows with findings, with their JSON if it changed."""

    chunk: Chunk
    broken: list[tuple[int, Broken]]
    treated: list[tuple[int, Treated]]
    changed: dict[int, bytes]


def redact_files(given: Sequence[str], out: Path, redaction: Redaction, *, field: str = "", form: Form = "jsonl",
                 workers: int | None = None, ray: str | None = None) -> dict[str, Any]:
    """Write the rows without what is not to stay in them, the ledger and the report to `out`; returns the report.

    Rows without a finding stay byte for byte. Mistake for whatever is wrong with a file.
    """
    inputs = Inputs(given)
    if ray is not None:
        _fit_for_ray(redaction, inputs.paths)
    total = inputs.count()
    crew = workers_for(total, workers, ray)
    redactor = Redactor(redaction)
    found: Counter[Kind] = Counter()
    rows: Counter[Kind] = Counter()
    with output(out, inputs, STEP, form) as made, Progress(STEP, total, "rows") as progress:
        for seen in crew.in_order(_looker, (redaction, field), inputs.chunks()):
            _take(seen, made, redactor)
            for _, treated in seen.treated:
                found.update(treated.found)
                rows.update(treated.found.keys())
            progress.advance(seen.chunk.rows)
        return made.close({
            "found": {kind: found[kind] for kind in KINDS if found[kind]},
            "rows_with": {kind: rows[kind] for kind in KINDS if rows[kind]},
            "treatments": {kind: redaction.treatments.get(kind, "keep") for kind in KINDS},
            "regions": redaction.regions})


def _fit_for_ray(redaction: Redaction, paths: Sequence[Path]) -> None:
    """Mistake for what would lie in Ray's object store, which spills to the disks of its nodes as it is: a key, names,
    or raw rows. Of plain JSONL only paths and byte ranges are handed over."""
    if redaction.key or redaction.names:
        raise Mistake("would put the key or the names into Ray's object store, which spills to disk", where="--ray",
                      mend="leave --ray out, or ask for neither pseudonyms nor names")
    for path in paths:
        if not path.name.endswith(PLAIN):
            raise Mistake("would put its rows into Ray's object store, which spills to disk", where=f"--ray: {path}",
                          mend="leave --ray out, or make it plain JSONL")


def _looker(redaction: Redaction, field: str) -> Callable[[Chunk], Seen]:
    """What a worker does with a chunk."""
    redactor = Redactor(redaction)

    def rewrite(value: dict[str, Any], change: Change) -> dict[str, Any]:
        if not field:
            return rewrite_json(value, change)
        return {**value, field: rewrite_json(value[field], change, spoken(field))}

    def look(chunk: Chunk) -> Seen:
        seen = Seen(chunk, [], [], {})
        for line in lines_of(chunk):
            try:
                treated = redactor.treat(_value(line, field), rewrite)
            except Broken as broken:
                seen.broken.append((line.number, broken))
                continue
            except RecursionError:
                seen.broken.append((line.number, Broken("nested too deeply")))
                continue
            if treated.found:
                if treated.changed:
                    seen.changed[line.number] = json_bytes(treated.value)
                seen.treated.append((line.number, Treated(None if treated.value is None else True, treated.found,
                                                          treated.changed)))
        return seen

    return look


def _value(line: RawRow, field: str) -> dict[str, Any]:
    """The row's object, with the field in it if only one is looked at."""
    value = line.sound()
    if field and field not in value:
        raise Broken("missing field", field)
    return value


def _take(seen: Seen, made: Output, redactor: Redactor) -> None:
    gone = set()
    for number, broken in seen.broken:
        made.broken(seen.chunk, number, broken)
        gone.add(number)
    for number, treated in seen.treated:
        for action, reason, detail in redactor.said(treated):
            made.note(seen.chunk, number, action, reason, detail)
        if treated.value is None:
            gone.add(number)
    made.keep(seen.chunk, gone, seen.changed)
