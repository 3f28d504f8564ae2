"""Which format a source's files have, by the first rows of each."""

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from postgrad.data.compression import bare_name
from postgrad.data.containers import delimited
from postgrad.data.files import line_of, raw_rows
from postgrad.data.formats import FIELD_NAMES, find_format, nearest_format
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

LOOKED_AT, LOOKED_AT_IN_ALL = 100, 1_000
"""Rows of a file, and of all files together, that `auto` looks at before it says what the format is."""
SHOWN_FIELDS, SHOWN_LETTERS = 12, 40
"""How much of a row's field names a message shows."""


def detect(paths: Iterable[Path], where: str, mend: str = "") -> str:
    """The format of the source that stands at `where`, from the first rows of its files. Mistake if they fit none,
    several, or differ; its mend is for a recipe, unless there is none and another is given.

    Of each file LOOKED_AT rows are read, of many files fewer, so that about LOOKED_AT_IN_ALL are read of all; of more
    files than that, as many, evenly spread. A file none of whose rows fits is read on, up to LOOKED_AT rows.
    """
    files = list(paths)
    files = files[:: max(1, -(-len(files) // LOOKED_AT_IN_ALL))]
    rows_each = max(1, min(LOOKED_AT, LOOKED_AT_IN_ALL // max(1, len(files))))
    found: dict[str, str] = {}
    unknown: Mistake | None = None
    broken = ""
    for path in files:
        sample = _Sample(path, mend or f"say `format:` under {where}", rows_each)
        for form, row in sample.formats.items():
            found.setdefault(form, line_of(path, row))
        if sample.unknown is not None:
            naming = mend or f"say which is which, e.g. `columns: {{prompt: …, completion: …}}` under {where}"
            unknown = unknown or _unknown_format(*sample.unknown, path, naming)
            if not sample.formats:
                found.setdefault("unknown", line_of(path, sample.unknown[1]))
        broken = broken or sample.broken
    if len(found) > 1:
        said = ", ".join(f"{form} ({line})" for form, line in found.items())
        raise Mistake(f"format is ambiguous: {said}", where=where, mend=mend or "say `format:`, or part the files")
    if unknown is not None and found.keys() <= {"unknown"}:
        raise unknown
    if not found:
        why = f"; the first is broken: {broken}" if broken else ""
        raise Mistake(f"holds no row that can be read{why}", where=where,
                      mend="wanted one JSON object a line, or one of the other containers")
    return next(iter(found))


class _Sample:
    """The first usable rows of a file: `formats` (each with its first row's number), `unknown` (fields and number of
    the first row that fits none), and `broken` (the first row that is none, in words).
    """

    def __init__(self, path: Path, mend: str, rows: int) -> None:
        self.formats: dict[str, int] = {}
        self.unknown: tuple[list[str], int] | None = None
        self.broken = ""
        looked_at = 0
        for row in raw_rows(path):
            if row.value is None:
                self.broken = self.broken or f"{row.broken} ({line_of(path, row.number)})"
                continue
            fitting = find_format(row.value)
            if len(fitting) > 1:
                raise Mistake(f"format is ambiguous: it fits {' and '.join(fitting)}", where=line_of(path, row.number),
                              mend=mend)
            if fitting:
                self.formats.setdefault(fitting[0], row.number)
            elif self.unknown is None:
                self.unknown = (sorted(row.value), row.number)
            looked_at += 1
            if looked_at >= (rows if self.formats else LOOKED_AT):
                return


def _unknown_format(keys: list[str], row: int, path: Path, mend: str) -> Mistake:
    near = nearest_format(keys)
    return Mistake(f"format is unknown: {fields_said(keys, path)}{f'; {near}' if near else ''}",
                   where=line_of(path, row), mend=mend)


def fields_said(fields: Iterable[str], path: Path) -> str:
    """What a row's fields are called, in words. Of a table known names alone: without a header they would be the first
    row's texts.
    """
    keys = sorted(fields)
    if is_table(path):
        known = [key for key in keys if key in FIELD_NAMES]
        return f"of {len(keys)} columns the header calls {' and '.join(known) or 'none'} by a known name"
    shown = [key if len(key) <= SHOWN_LETTERS else f"{key[:SHOWN_LETTERS]}…" for key in keys[:SHOWN_FIELDS]]
    return f"the fields are {', '.join(shown + (['…'] if len(keys) > SHOWN_FIELDS else [])) or '(none)'}"


def is_table(path: Path) -> bool:
    """Whether the names of fields stand in a header, which may be missing."""
    return bare_name(path).endswith(delimited.SUFFIXES)


def check_headers(paths: Iterable[Path], columns: Mapping[str, str], where: str) -> None:
    """Mistake if the header of a table lacks a name that the `columns` of the source at `where` say, or without them
    has no name that a format knows.
    """
    for path in filter(is_table, paths):
        header = next((list(row.value) for row in islice(raw_rows(path), LOOKED_AT) if row.value is not None), None)
        if header is None:
            continue  # reading it says why
        if not columns and not {*header} & {*FIELD_NAMES}:
            raise Mistake(fields_said(header, path), where=str(path),
                          mend=f"give it a header, or say which is which: `columns: {{prompt: …}}` under {where}")
        for name in columns.values():
            if name not in header:
                count = f"{len(header)} column{'' if len(header) == 1 else 's'}"
                # Others may be the first row's texts.
                near = nearest(name, (one for one in header if one in FIELD_NAMES or one in columns.values()))
                if not near.startswith("did you mean"):
                    near = f"correct `columns:` under {where}, or give the file a header"
                raise Mistake(f"no column `{name}`; the header has {count}", where=str(path), mend=near)
