"""Deduplication of files without a recipe, by the rule of `deduplicate.py`: within files and across them.

Rows of files have no priority and no licence: the longer one stays, of equals the earlier, in the order of the files.
The files are read twice: by all cores to compare, and again to write what stays.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from postgrad.data.chunks import Chunk, Inputs, changed, lines_of
from postgrad.data.deduplicate import BEST, STAYS, STEP, Comparison, Decided, Rule, Signed, said_of, sign
from postgrad.data.output import Form, Output, output
from postgrad.data.parts import Said
from postgrad.data.raw import Broken
from postgrad.data.shingles import SHINGLE
from postgrad.data.texts import Texts, readers
from postgrad.support.parallel import workers_for
from postgrad.support.progress import Progress


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of one chunk: the numbers of those that can be read, and why the others cannot."""

    file: int
    rows: int
    numbers: Sequence[int]
    broken: list[tuple[int, Broken]]


def deduplicate_files(given: Sequence[str], out: Path, rule: Rule, *, field: str = "", form: Form = "jsonl",
                      workers: int | None = None, ray: str | None = None) -> dict[str, Any]:
    """Write the rows that stay, the ledger and the report to `out`; returns the report.

    Mistake for whatever is wrong with a file, its format or a setting; Failure if a file changes meanwhile.
    """
    inputs = Inputs(given)
    texts = readers(inputs.paths, inputs.names, field)
    total = inputs.count()
    crew = workers_for(total, workers, ray)
    places = _Places(inputs)
    with output(out, inputs, STEP, form) as made:
        with Comparison(rule, made.folder) as comparison:
            with Progress("compare rows", total, "rows") as progress:
                for seen, signed in crew.in_order(_signer, (rule, texts), inputs.chunks()):
                    comparison.add(signed)
                    places.add(seen)
                    progress.advance(seen.rows)
            decided = comparison.decide()
        with Progress("write rows", total, "rows") as progress:
            _write(made, inputs, decided, places, progress)
        asked = {"exact": rule.exact, "near": rule.near, "turns": rule.turns, "shingle": SHINGLE}
        return made.close({"rule": asked, "comparisons": decided.comparisons, "capped": decided.capped})


def _signer(rule: Rule, texts: Sequence[Texts]) -> Callable[[Chunk], tuple[Seen, Signed]]:
    """What a worker does with a chunk."""
    def look(chunk: Chunk) -> tuple[Seen, Signed]:
        numbers: list[int] = []
        rows: list[list[Said]] = []
        broken: list[tuple[int, Broken]] = []
        reader = texts[chunk.file]
        for line in lines_of(chunk):
            try:
                rows.append(reader.said(line.sound()))
                numbers.append(line.number)
            except Broken as found:
                broken.append((line.number, found))
        every = range(chunk.first, chunk.first + chunk.rows)
        return Seen(chunk.file, chunk.rows, numbers if broken else every, broken), sign(reader.kind, rows, rule)

    return look


class _Places:
    """Where the compared rows lie, by their number in the comparison."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.chunks: list[Seen] = []
        self.starts = [0]

    def add(self, seen: Seen) -> None:
        self.chunks.append(seen)
        self.starts.append(self.starts[-1] + len(seen.numbers))

    def said(self, number: int) -> str:
        """The row's place in words."""
        place = bisect_right(self.starts, number) - 1
        chunk = self.chunks[place]
        return f"{self.inputs.names[chunk.file]}, row {chunk.numbers[number - self.starts[place]]}"


def _write(made: Output, inputs: Inputs, decided: Decided, places: _Places, progress: Progress) -> None:
    """Read the files again and keep the rows that stay. Failure if a file is not what it was."""
    sizes = np.bincount(decided.keeper[decided.keeper != STAYS], minlength=len(decided.keeper))
    for place, chunk in enumerate(inputs.chunks()):
        seen = places.chunks[place]
        if (chunk.file, chunk.rows) != (seen.file, seen.rows):
            raise changed(chunk.path)
        start, end = places.starts[place], places.starts[place + 1]
        keepers, stands_for = decided.keeper[start:end], sizes[start:end]
        dropped = {number for number, _ in seen.broken}
        for number, broken in seen.broken:
            made.broken(chunk, number, broken)
        for at in np.flatnonzero((keepers != STAYS) | (stands_for > 0)).tolist():
            number = seen.numbers[at]
            if keepers[at] == STAYS:
                made.note(chunk, number, "keep", BEST, f"of {stands_for[at] + 1}")
                continue
            reason, detail = said_of(places.said(int(keepers[at])), float(decided.likeness[start + at]))
            made.note(chunk, number, "drop", reason, detail)
            dropped.add(number)
        made.keep(chunk, dropped)
        progress.advance(chunk.rows)
