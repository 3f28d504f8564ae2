"""Sources: files of rows → records with their origin. Which file, which line, and what is wrong with the bad ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postgrad.data.chunks import Inputs, lines_of
from postgrad.data.detection import check_headers, detect
from postgrad.data.files import line_of
from postgrad.data.formats import (
    FIELD_NAMES,
    FORMATS,
    KINDS,
    Kind,
    Parsed,
    formats_of,
    nearest_format,
    parse,
)
from postgrad.data.raw import Broken, RawRow
from postgrad.data.rows import Handled, Record
from postgrad.records.types import Example, LedgerEntry, Message, Origin, Preference, Problem, content_id
from postgrad.support.errors import Mistake
from postgrad.support.hashing import hash_file
from postgrad.support.nearest import nearest

STEP = "read"

BARE: dict[str, Callable[[str], dict[str, Any]]] = {
    "math": lambda text: {"answer": text},
    "match": lambda text: {"answers": [text]},
}
"""The form in which a verifier reads a ground truth that a row gives as a bare text."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """How a source is read, and what is known of it.

    `kind` "" means what the format is for (the first in `formats.KINDS`). `columns`: our name of a field → the rows'
    own, or a path to it. `verifier` is for problems whose rows name none. `rows`: only so many rows, from the first on.
    """

    name: str
    licence: str
    capability: str = ""
    format: str = "auto"
    kind: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    verifier: str = ""
    split: str = "train"
    rows: int | None = None

    def __post_init__(self) -> None:
        where = f"sources.{self.name}"
        for key, value, known in (
            ("format", self.format, ("auto", *FORMATS)),
            ("kind", self.kind, ("", "examples", "problems", "preferences")),
        ):
            if value not in known:
                raise Mistake(f"{key} {value!r} is unknown", where=where, mend=f"known: {', '.join(known)}")
        if unknown := [name for name in self.columns if name not in FIELD_NAMES]:
            raise Mistake(f"columns: no format has a field {unknown[0]}", where=where,
                          mend=nearest(unknown[0], FIELD_NAMES))
        if self.format != "auto" and self.kind and self.kind not in KINDS[self.format]:
            lacks = {"examples": "answers to train on", "preferences": "pairs of answers"}[self.kind]
            raise Mistake(f"{self.format} rows have no {lacks}", where=where,
                          mend=f"use the source for {' or '.join(KINDS[self.format])}")


def kind_of(spec: SourceSpec) -> Kind:
    """What the source's records are, once its format is known."""
    return KINDS[spec.format][0] if not spec.kind else next(kind for kind in KINDS[spec.format] if kind == spec.kind)


def read_from(files: Iterable[Path], origin: Origin) -> str:
    """How messages name the line of one of these files that a row was read from."""
    return line_of(next(file for file in files if hash_file(file) == origin.file), origin.row)


def resolve(paths: Iterable[Path], spec: SourceSpec) -> SourceSpec:
    """The spec with `auto` made into the format that `columns` name, or else that the files have. Mistake if those are
    tables without the columns.
    """
    files, where = list(paths), f"sources.{spec.name}"
    if spec.format == "auto" and not spec.columns:
        return replace(spec, format=detect(files, where))
    check_headers(files, spec.columns, where)
    if spec.format != "auto":
        return spec
    fitting = formats_of(spec.columns)
    if len(fitting) == 1:
        return replace(spec, format=fitting[0])
    near = nearest_format(spec.columns)
    what = f"fit {' and '.join(fitting)}" if fitting else f"make no format{f'; {near}' if near else ''}"
    raise Mistake(f"columns {what}", where=where,
                  mend="say `format:` too" if fitting else "name the fields of one format, e.g. prompt and completion")


def read(paths: Iterable[Path], spec: SourceSpec) -> Iterator[Handled]:
    """Every row of the files, in the order given: a record, or none and the reason in the ledger entry.

    Mistake: an empty or torn file, an unknown format, two files with the same bytes (their rows would have one origin).
    Failure: a file changed while it was read.
    """
    files = list(paths)
    spec, inputs = resolve(files, spec), Inputs([str(file) for file in files])
    hashes = inputs.distinct()
    for chunk in inputs.chunks(spec.rows):
        for line in lines_of(chunk):
            yield handle(line, Origin(spec.name, hashes[chunk.file], line.number), spec)
    inputs.check()


def handle(raw: RawRow, origin: Origin, spec: SourceSpec) -> Handled:
    """One row as a record, or as none with the reason. `spec` has its format found."""
    try:
        parsed = parse(raw.sound(), spec.format, kind_of(spec), spec.columns)
        record = _record(parsed, origin, spec)
    except Broken as broken:
        return Handled(None, (LedgerEntry(origin, STEP, "drop", broken.reason, broken.detail),))
    notes = ((raw.note,) if raw.note else ()) + parsed.notes
    return Handled(record, tuple(LedgerEntry(origin, STEP, "change", note) for note in notes))


def _record(parsed: Parsed, origin: Origin, spec: SourceSpec) -> Record:
    match kind_of(spec):
        case "examples":
            return Example(content_id(parsed.messages), (origin,), parsed.messages, spec.name, spec.licence,
                           spec.capability, parsed.meta)
        case "preferences":
            answers = (parsed.chosen, parsed.rejected, parsed.completion)
            said = tuple(Message("assistant", answer) for answer in answers if answer is not None)
            return Preference(
                content_id((*parsed.messages, *said)), (origin,), parsed.messages, spec.name, spec.licence,
                spec.capability, *answers, parsed.label, parsed.meta)
        case "problems":
            return _problem(parsed, origin, spec)


def _problem(parsed: Parsed, origin: Origin, spec: SourceSpec) -> Problem:
    verifier = parsed.verifier or spec.verifier
    truth = parsed.ground_truth
    if truth is not None and not verifier:
        raise Broken("no verifier", f"neither the row nor the source names a known one: add `verifier:` to {spec.name}")
    if isinstance(truth, str) and verifier in BARE:
        truth = BARE[verifier](truth)
    return Problem(content_id(parsed.messages), (origin,), parsed.messages, truth, verifier,
                   parsed.split or spec.split, spec.name, spec.licence, spec.capability, parsed.plain, parsed.meta)
