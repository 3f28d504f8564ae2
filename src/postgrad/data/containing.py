"""Which rows of a file hold a text: for a person who asks where their data is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postgrad.data.files import raw_rows
from postgrad.support.ngrams import folded


def rows_containing(path: Path, text: str) -> Iterator[int]:
    """The numbers, from 0, of the rows with a text anywhere in them that holds `text`, aside from case, runs of blanks,
    and how Unicode writes it (NFKC_Casefold).

    Rows that cannot be read are passed over: they went into nothing. Mistakes as `files.raw_rows`.
    """
    wanted = _plain(text)
    for row in raw_rows(path):
        if row.value is not None and any(wanted in _plain(said) for said in _texts(row.value)):
            yield row.number


def _plain(text: str) -> str:
    return " ".join(folded(text).split())


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, item in value.items():
                yield str(key)
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)
        case str():
            yield value
        case None | bool():
            return
        case _:
            yield str(value)
