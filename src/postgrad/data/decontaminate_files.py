"""Decontamination of files without a recipe: every training file is a source, every test file a task, each row an item.

The rule is that of `overlaps.py`. Overlapping rows are dropped, whatever share of a task they give away; the report
says which sources are above the limit, and every overlap by the places of row and item.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.data.chunks import Chunk, Inputs, lines_of
from postgrad.data.files import line_of
from postgrad.data.output import Form, Output, output
from postgrad.data.overlaps import ItemIndex, check_rule
from postgrad.data.raw import Broken
from postgrad.data.tally import Tally
from postgrad.data.texts import MISSING, Texts, readers
from postgrad.support.errors import Mistake
from postgrad.support.hashed_items import HashedItem, HashedItems, hash_field
from postgrad.support.nearest import nearest
from postgrad.support.parallel import workers_for
from postgrad.support.progress import Progress

STEP = "decontaminate"
MOST_ITEMS = 100_000
"""Overlaps that the report lists one by one; those beyond are counted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one chunk: rows that cannot be read, and the tasks that rows overlap, by their numbers."""

    chunk: Chunk
    broken: list[tuple[int, Broken]]
    tasks: list[tuple[int, tuple[str, ...]]]
    tally: Tally[tuple[str, int]]


def decontaminate_files(train: Sequence[str], against: Sequence[str], out: Path, *, ngram: int = 8,
                        overlap: float = 0.5, source_limit: float = 0.02, train_field: str = "",
                        against_field: str = "", form: Form = "jsonl", workers: int | None = None,
                        ray: str | None = None) -> dict[str, Any]:
    """Write what is left of the training files, the ledger and the report to `out`; returns the report.

    Mistake for whatever is wrong with a file, its format or a setting.
    """
    if not 0 <= source_limit <= 1:
        raise Mistake(f"is {source_limit}", where="--source-limit", mend="give a share from 0 to 1")
    check_rule(ngram, overlap)
    inputs, tests = Inputs(train), Inputs(against)
    index = ItemIndex(_items(tests, against_field, ngram), ngram=ngram, overlap=overlap)
    texts = readers(inputs.paths, inputs.names, train_field)
    total = inputs.count()
    crew = workers_for(total, workers, ray)
    tally: Tally[tuple[str, int]] = Tally(MOST_ITEMS)
    with output(out, inputs, STEP, form, tests.paths) as made, Progress(STEP, total, "rows") as progress:
        for seen in crew.in_order(_looker, (index, inputs.names, texts), inputs.chunks()):
            _take(seen, made)
            tally.extend(seen.tally)
            progress.advance(seen.chunk.rows)
        rule = {"ngram": ngram, "overlap": overlap, "source_limit": source_limit,
                "tokens": "runs of letters or of digits, after NFKC and case folding"}
        return made.close({"rule": rule, **_said(tally, inputs, index.sizes, source_limit)})


def _items(tests: Inputs, field_name: str, ngram: int) -> list[HashedItems]:
    """One task a file. Mistake if a row cannot be read: a test set must be sound to the last row."""
    texts = readers(tests.paths, tests.names, field_name, "--against-field")
    items: list[list[HashedItem]] = [[] for _ in tests.paths]
    for chunk in tests.chunks():
        for line in lines_of(chunk):
            try:
                fields = texts[chunk.file].user(line.sound())
            except Broken as broken:
                mend = "correct the row, or take it out of the test set"
                if broken.reason == MISSING:
                    mend = nearest(field_name, line.sound())
                raise Mistake(str(broken), where=line_of(chunk.path, line.number), mend=mend) from None
            items[chunk.file].append(HashedItem(str(line.number), tuple(hash_field(text, ngram) for text in fields)))
    tests.check()
    return [HashedItems(name, False, ngram, tuple(rows)) for name, rows in zip(tests.names, items, strict=True)]


def _looker(index: ItemIndex, names: Sequence[str], texts: Sequence[Texts]) -> Callable[[Chunk], Seen]:
    """What a worker does with a chunk. It hands on what it has not handed on of an earlier one."""
    tally: Tally[tuple[str, int]] = Tally(MOST_ITEMS)

    def look(chunk: Chunk) -> Seen:
        broken: list[tuple[int, Broken]] = []
        tasks: list[tuple[int, tuple[str, ...]]] = []
        numbers, turns = [], []
        for line in lines_of(chunk):
            try:
                said = texts[chunk.file].user(line.sound())
            except Broken as found:
                broken.append((line.number, found))
                continue
            numbers.append(line.number)
            turns.append(said)
        for place, given in index.overlaps_of(turns):
            tasks.append((numbers[place], given.tasks))
            tally.add(names[chunk.file], (names[chunk.file], numbers[place]), given)
        return Seen(chunk, broken, tasks, tally.handed_on())

    return look


def _take(seen: Seen, made: Output) -> None:
    for number, broken in seen.broken:
        made.broken(seen.chunk, number, broken)
    for number, tasks in seen.tasks:
        made.note(seen.chunk, number, "drop", "overlaps a task", ", ".join(tasks))
    made.keep(seen.chunk, {number for number, _ in (*seen.broken, *seen.tasks)})


def _said(tally: Tally[tuple[str, int]], inputs: Inputs, sizes: Mapping[str, int], limit: float) -> dict[str, Any]:
    """The overlaps as the report has them."""
    pairs = []
    for name, rows in zip(inputs.names, inputs.rows, strict=True):
        for task, size in sizes.items():
            items = len(tally.items.get((name, task), ()))
            share = items / size if size else 0.0
            pairs.append({"train": name, "against": task, "rows": tally.rows[name, task], "train_rows": rows,
                          "items": items, "task_items": size, "share": share, "above_limit": share > limit})
    listed = [{"against": overlap.task, "item": overlap.item, "train": name, "train_row": number,
               "overlap": overlap.share, "spans": overlap.spans, "field": overlap.field}
              for (name, number), overlap in tally.listed]
    return {"pairs": pairs, "items": listed, "items_not_listed": tally.beyond}
