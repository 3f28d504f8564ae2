"""Decontamination of files without a recipe: every training file is a source, every test file a task, each row an item.

The rule is that of `overlaps.py`. Overlapping rows are dropped, whatever share of a task they give away; the report
says which sources are above the limit, and every overlap by the places of row and item.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgrad.data.chunks import Chunk, Inputs, lines_of
from postgrad.data.output import Form, Output, output
from postgrad.data.overlaps import ItemIndex, Overlap, check_rule
from postgrad.data.raw import Broken
from postgrad.data.texts import Texts, readers
from postgrad.support.errors import Mistake
from postgrad.support.hashed_items import HashedItem, HashedItems, hash_field
from postgrad.support.parallel import workers_for
from postgrad.support.progress import Progress

STEP = "decontaminate"
MOST_ITEMS = 100_000
"""Overlaps that the report lists one by one; those beyond are counted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one chunk: rows that cannot be read, and rows with overlaps, by their numbers."""

    chunk: Chunk
    broken: list[tuple[int, Broken]]
    overlaps: list[tuple[int, tuple[Overlap, ...]]]


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
    found = _Found(inputs.names, dict(index.sizes))
    with output(out, inputs, STEP, form) as made, Progress(STEP, total, "rows") as progress:
        for seen in crew.in_order(_looker, (index, texts), inputs.chunks()):
            _take(seen, made, found)
            progress.advance(seen.chunk.rows)
        rule = {"ngram": ngram, "overlap": overlap, "source_limit": source_limit,
                "tokens": "runs of letters or of digits, after NFKC and case folding"}
        return made.close({"rule": rule, **found.said(source_limit, inputs.rows)})


def _items(tests: Inputs, field_name: str, ngram: int) -> list[HashedItems]:
    """One task a file. Mistake if a row cannot be read: a test set must be sound to the last row."""
    texts = readers(tests.paths, tests.names, field_name)
    items: list[list[HashedItem]] = [[] for _ in tests.paths]
    for chunk in tests.chunks():
        for line in lines_of(chunk):
            try:
                fields = texts[chunk.file].user(line.sound())
            except Broken as broken:
                raise Mistake(str(broken), where=f"{tests.names[chunk.file]}:{line.number + 1}",
                              mend="correct the row, or take it out of the test set") from None
            items[chunk.file].append(HashedItem(str(line.number), tuple(hash_field(text, ngram) for text in fields)))
    tests.check()
    return [HashedItems(name, False, ngram, tuple(rows)) for name, rows in zip(tests.names, items, strict=True)]


def _looker(index: ItemIndex, texts: Sequence[Texts]) -> Callable[[Chunk], Seen]:
    """What a worker does with a chunk."""
    def look(chunk: Chunk) -> Seen:
        seen, numbers, turns = Seen(chunk, [], []), [], []
        for line in lines_of(chunk):
            try:
                said = texts[chunk.file].user(line.sound())
            except Broken as broken:
                seen.broken.append((line.number, broken))
                continue
            numbers.append(line.number)
            turns.append(said)
        found = zip(numbers, index.overlaps_of(turns), strict=True)
        seen.overlaps.extend((number, overlaps) for number, overlaps in found if overlaps)
        return seen

    return look


def _take(seen: Seen, made: Output, found: "_Found") -> None:
    for number, broken in seen.broken:
        made.broken(seen.chunk, number, broken)
    for number, overlaps in seen.overlaps:
        tasks = ", ".join(dict.fromkeys(overlap.task for overlap in overlaps))
        made.note(seen.chunk, number, "drop", "overlaps a task", tasks)
    found.take(seen)
    made.keep(seen.chunk, {number for number, _ in (*seen.broken, *seen.overlaps)})


@dataclass(slots=True)
class _Found:
    """All overlaps, counted by training file and task; the first ones in full."""

    names: list[str]
    sizes: dict[str, int]
    items: list[dict[str, Any]] = field(default_factory=list)
    beyond: int = 0
    rows: dict[tuple[int, str], int] = field(default_factory=dict)
    given: dict[tuple[int, str], set[int]] = field(default_factory=dict)

    def take(self, seen: Seen) -> None:
        known: set[int] = set()
        for number, overlaps in seen.overlaps:
            for task in {overlap.task for overlap in overlaps}:
                pair = (seen.chunk.file, task)
                self.rows[pair] = self.rows.get(pair, 0) + 1
            if id(overlaps) not in known:  # rows of one template share the very tuple
                known.add(id(overlaps))
                for overlap in overlaps:
                    self.given.setdefault((seen.chunk.file, overlap.task), set()).add(overlap.item)
            room = max(0, MOST_ITEMS - len(self.items))
            self.beyond += max(0, len(overlaps) - room)
            self.items += [
                {"against": overlap.task, "item": overlap.item, "train": self.names[seen.chunk.file],
                 "train_row": number, "overlap": overlap.share, "spans": overlap.spans, "field": overlap.field}
                for overlap in overlaps[:room]]

    def said(self, limit: float, rows: list[int]) -> dict[str, Any]:
        """The overlaps as the report has them."""
        table = []
        for file, name in enumerate(self.names):
            for task, size in self.sizes.items():
                items = len(self.given.get((file, task), ()))
                share = items / size if size else 0.0
                table.append({"train": name, "against": task, "rows": self.rows.get((file, task), 0),
                              "train_rows": rows[file], "items": items, "task_items": size, "share": share,
                              "above_limit": share > limit})
        return {"pairs": table, "items": self.items, "items_not_listed": self.beyond}
