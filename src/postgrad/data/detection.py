"""Which format a source's files have, by the first rows of each."""

from collections.abc import Iterable
from pathlib import Path

from postgrad.data.compression import bare_name
from postgrad.data.containers import delimited
from postgrad.data.files import line_of, raw_rows
from postgrad.data.formats import FIELD_NAMES, find_format, nearest_format
from postgrad.support.errors import Mistake

LOOKED_AT, LOOKED_AT_IN_ALL = 100, 1_000
"""Rows of a file, and of all files together, that `auto` looks at before it says what the format is."""
SHOWN_FIELDS, SHOWN_LETTERS = 12, 40
"""How much of a row's field names a message shows."""


def detect(paths: Iterable[Path], name: str, option: str = "") -> str:
    """The format of a source, from the first rows of its files. Mistake if they fit none, several, or differ; its mend
    is for the recipe's source of that name, or where there is no recipe the `option` that names a field.

    Of each file LOOKED_AT rows are read, of many files fewer, so that about LOOKED_AT_IN_ALL are read of all; of more
    files than that, as many, evenly spread. A file none of whose rows fits is read on, up to LOOKED_AT rows.
    """
    files = list(paths)
    files = files[:: max(1, -(-len(files) // LOOKED_AT_IN_ALL))]
    rows_each = max(1, min(LOOKED_AT, LOOKED_AT_IN_ALL // max(1, len(files))))
    where = name if option else f"sources.{name}"
    field = f"name the field that holds the text: {option} NAME" if option else ""
    found: dict[str, str] = {}
    unknown: Mistake | None = None
    broken = ""
    for path in files:
        sample = _Sample(path, field or f"say `format:` under {where}", rows_each)
        for form, row in sample.formats.items():
            found.setdefault(form, line_of(path, row))
        if sample.unknown is not None:
            mend = field or f"say which is which, e.g. `columns: {{prompt: …, completion: …}}` under {where}"
            unknown = unknown or _unknown_format(*sample.unknown, path, mend)
            if not sample.formats:
                found.setdefault("unknown", line_of(path, sample.unknown[1]))
        broken = broken or sample.broken
    if len(found) > 1:
        said = ", ".join(f"{form} ({where})" for form, where in found.items())
        raise Mistake(f"format is ambiguous: {said}", where=where, mend=field or "say `format:`, or part the files")
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
    """Whether the rows' names stand in a header, which may be missing."""
    return bare_name(path).endswith(delimited.SUFFIXES)
