"""A source's own field names for ours: `columns: {prompt: question_text, completion: answers.0.text}`."""

from collections.abc import Mapping
from typing import Any

from postgrad.data.formats.detect import NAMES_A_ROW

MISSING = object()


def mapped(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The row under our names: those of `columns`, and what names the row. What has no value there is left out."""
    found = {name: _at(row, path) for name, path in columns.items()}
    kept = {name: row[name] for name in NAMES_A_ROW if name in row}
    return {**kept, **{name: value for name, value in found.items() if value is not MISSING}}


def _at(row: Any, path: str) -> Any:
    """What stands under a field's name, or under a path of names and places (from 0) with points between."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    for part in path.split("."):
        if isinstance(row, Mapping) and part in row:
            row = row[part]
        elif isinstance(row, list) and part.isdecimal() and int(part) < len(row):
            row = row[int(part)]
        else:
            return MISSING
    return row
