"""Sources: files of rows → records with their origin. Which file, which line, and what is wrong with the bad ones."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from postgrad.data.files import line_of, raw_rows
from postgrad.data.formats import FORMATS, PROBLEMS_ONLY, Kind, Parsed, find_format, parse
from postgrad.data.raw import Broken, RawRow
from postgrad.data.rows import Handled, Record
from postgrad.records.types import Example, LedgerEntry, Origin, Problem, content_id
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import file_identity, hash_file

STEP = "read"
LOOKED_AT = 100
"""Rows that `auto` looks at before it says what the format is."""

BARE: dict[str, Callable[[str], dict[str, Any]]] = {
    "math": lambda text: {"answer": text},
    "match": lambda text: {"answers": [text]},
}
"""The form in which a verifier reads a ground truth that a row gives as a bare text."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """How a source is read.

    `kind` "" means what the format is for (problems and ifeval: problems, the others: examples). `verifier` is for
    problems whose rows name none. `calculator` "strip" takes GSM8K's `<<…>>` out of the answers. `rows`: only so many
    rows, from the first on.
    """

    name: str
    licence: str
    capability: str = ""
    format: str = "auto"
    kind: str = ""
    verifier: str = ""
    split: str = "train"
    calculator: str = "strip"
    rows: int | None = None

    def __post_init__(self) -> None:
        for key, value, known in (
            ("format", self.format, ("auto", *FORMATS)),
            ("kind", self.kind, ("", "examples", "problems")),
            ("calculator", self.calculator, ("strip", "keep")),
        ):
            if value not in known:
                raise Mistake(f"{key} {value!r} is unknown", where=f"sources.{self.name}",
                              mend=f"known: {', '.join(known)}")
        if self.format in PROBLEMS_ONLY and self.kind == "examples":
            raise Mistake(f"{self.format} rows have no answers to train on", where=f"sources.{self.name}",
                          mend="use the source for problems, or give rows with answers")


def kind_of(spec: SourceSpec) -> Kind:
    """What the source's records are, once its format is known."""
    if spec.kind:
        return "problems" if spec.kind == "problems" else "examples"
    return "problems" if spec.format in PROBLEMS_ONLY else "examples"


def detect(paths: Iterable[Path], name: str) -> str:
    """The format of a source, from its first usable rows. Mistake if they fit none, several, or differ."""
    votes: dict[str, tuple[Path, int]] = {}
    unknown: tuple[Path, int, list[str]] | None = None
    rows = ((path, raw) for path in paths for raw in raw_rows(path))
    for path, raw in islice(((path, raw) for path, raw in rows if raw.value is not None), LOOKED_AT):
        fitting = find_format(raw.value or {})
        if len(fitting) > 1:
            raise Mistake(f"format is ambiguous: it fits {' and '.join(fitting)}", where=line_of(path, raw.number),
                          mend=f"say `format:` under sources.{name}")
        if fitting:
            votes.setdefault(fitting[0], (path, raw.number))
        elif unknown is None:
            unknown = (path, raw.number, sorted(raw.value or {}))
    if len(votes) > 1:
        said = ", ".join(f"{found} ({line_of(Path(path.name), row)})" for found, (path, row) in votes.items())
        raise Mistake(f"format is ambiguous: {said}", where=f"sources.{name}", mend="say `format:`, or part the files")
    if votes:
        return next(iter(votes))
    if unknown is None:
        raise Mistake("holds no row that can be read", where=f"sources.{name}", mend="wanted one JSON object a line")
    path, row, keys = unknown
    raise Mistake(f"format is unknown: the fields are {', '.join(keys) or '(none)'}", where=line_of(path, row),
                  mend=f"known formats: {', '.join(FORMATS)}")


def read_from(files: Iterable[Path], origin: Origin) -> str:
    """How messages name the line of one of these files that a row was read from."""
    return line_of(next(file for file in files if hash_file(file) == origin.file), origin.row)


def resolve(paths: Iterable[Path], spec: SourceSpec) -> SourceSpec:
    """The spec with `auto` made into the format that the files have."""
    if spec.format != "auto":
        return spec
    fields = {name: getattr(spec, name) for name in spec.__slots__}
    return SourceSpec(**{**fields, "format": detect(paths, spec.name)})


def read(paths: Iterable[Path], spec: SourceSpec) -> Iterator[Handled]:
    """Every row of the files, in the order given: a record, or none and the reason in the ledger entry.

    Mistake: an empty or torn file, an unknown format, two files with the same bytes (their rows would have one origin).
    Failure: a file changed while it was read.
    """
    files = list(paths)
    spec = resolve(files, spec)
    return islice(chain.from_iterable(_read_files(files, spec)), spec.rows)


def _read_files(paths: list[Path], spec: SourceSpec) -> Iterator[Iterator[Handled]]:
    seen: dict[str, Path] = {}
    for path in paths:
        before = _identity(path)
        file_hash = hash_file(path)
        if file_hash in seen:
            raise Mistake(f"holds the same bytes as {seen[file_hash].name}", where=str(path),
                          mend="keep one of the two")
        seen[file_hash] = path
        yield _read_file(path, file_hash, spec)
        if _identity(path) != before:
            raise Failure("changed while it was read", where=str(path), mend="run again when nothing writes to it")


def _identity(path: Path) -> tuple[str, int, int, int]:
    try:
        return file_identity(path)
    except OSError as error:
        raise Mistake(f"cannot be read ({error.strerror})", where=str(path), mend="check the file") from error


def _read_file(path: Path, file_hash: str, spec: SourceSpec) -> Iterator[Handled]:
    for raw in raw_rows(path):
        yield _handle(raw, Origin(spec.name, file_hash, raw.number), spec)


def _handle(raw: RawRow, origin: Origin, spec: SourceSpec) -> Handled:
    try:
        if raw.broken is not None:
            raise raw.broken
        parsed = parse(raw.value or {}, spec.format, kind_of(spec), keep_calculator=spec.calculator == "keep")
        record = _record(parsed, origin, spec)
    except Broken as broken:
        return Handled(None, (LedgerEntry(origin, STEP, "drop", broken.reason, broken.detail),))
    notes = ((raw.note,) if raw.note else ()) + parsed.notes
    return Handled(record, tuple(LedgerEntry(origin, STEP, "change", note) for note in notes))


def _record(parsed: Parsed, origin: Origin, spec: SourceSpec) -> Record:
    if kind_of(spec) == "examples":
        return Example(content_id(parsed.messages), (origin,), parsed.messages, spec.name, spec.licence,
                       spec.capability, parsed.meta)
    verifier = parsed.verifier or spec.verifier
    if parsed.ground_truth is not None and not verifier:
        raise Broken("no verifier", "neither the row nor the source names one")
    truth = parsed.ground_truth
    if isinstance(truth, str) and verifier in BARE:
        truth = BARE[verifier](truth)
    return Problem(content_id(parsed.messages), (origin,), parsed.messages, truth, verifier,
                   parsed.split or spec.split, spec.name, spec.licence, spec.capability, parsed.plain, parsed.meta)
