"""Decontamination: rows that give test items away, the sources that they come from, and what is done about them.

A source is contaminated for a task when its rows give away MORE than `source_limit` (2 %) of the task's items (Tülu 3,
section 3.2). Then `above_limit` says what happens: "stop", "drop_source" (all its rows), "drop_rows" (those that
overlap), "accept" (nothing). Below the limit `rows` says: "drop" the overlapping rows, or "keep" them, as published.

Tasks are known as hashes only (`support.hashed_items`). The findings show rows beside development tasks, so that a
person can judge them; of unseen tasks they hold counts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from postgrad.data.overlaps import ItemIndex, Overlap
from postgrad.data.rows import Handled, Record, Records, dropped, entry, user_turns
from postgrad.records.types import Origin
from postgrad.support.errors import Failure, Mistake

STEP = "decontaminate"
EXAMPLES_SHOWN = 5
EXAMPLE_CHARS = 200
AboveLimit = Literal["stop", "drop_source", "drop_rows", "accept"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about overlapping rows and contaminated sources."""

    rows: Literal["drop", "keep"] = "drop"
    source_limit: float = 0.02
    above_limit: AboveLimit = "stop"

    def __post_init__(self) -> None:
        for key, value, known in (("rows", self.rows, ("drop", "keep")),
                                  ("above_limit", self.above_limit, ("stop", "drop_source", "drop_rows", "accept"))):
            if value not in known:
                raise Mistake(f"{key} {value!r} is unknown", where="curate.decontaminate",
                              mend=f"known: {', '.join(known)}")


@dataclass(slots=True)
class Findings:
    """What was found in all rows, before anything is done about it."""

    sizes: dict[str, int]
    unseen: dict[str, bool]
    source_rows: Counter[str] = field(default_factory=Counter)
    rows: dict[Origin, tuple[Overlap, ...]] = field(default_factory=dict)
    items: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    row_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    shown: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def share(self, source: str, task: str) -> float:
        """Share of the task's items that the source's rows give away."""
        return len(self.items.get((source, task), ())) / self.sizes[task]

    def above(self, limit: float) -> list[tuple[float, str, str]]:
        """(share, source, task) of every pair above the limit, the largest first."""
        pairs = [(self.share(source, task), source, task) for source, task in self.items]
        return sorted((pair for pair in pairs if pair[0] > limit), key=lambda pair: (-pair[0], pair[1], pair[2]))


def find(records: Iterable[Record], index: ItemIndex) -> Findings:
    """Look at every row once. Memory grows with the overlapping rows only."""
    findings = Findings(dict(index.sizes), dict(index.unseen))
    for record in records:
        findings.source_rows[record.source] += 1
        turns = user_turns(record)
        overlaps = index.overlaps(turns)
        if not overlaps:
            continue
        origin = record.parents[0]
        findings.rows[origin] = tuple(overlaps)
        for overlap in overlaps:
            findings.items.setdefault((record.source, overlap.task), set()).add(overlap.item)
        for task in {overlap.task for overlap in overlaps}:
            findings.row_counts[record.source, task] += 1
        _show(findings, record, turns, overlaps)
    return findings


def _show(findings: Findings, record: Record, turns: list[str], overlaps: list[Overlap]) -> None:
    """Remember the row's text beside each development task it overlaps, unless it overlaps an unseen one too."""
    if any(findings.unseen[overlap.task] for overlap in overlaps):
        return
    text = "\n".join(turns)
    for task in dict.fromkeys(overlap.task for overlap in overlaps):
        shown = findings.shown.setdefault((record.source, task), [])
        if len(shown) < EXAMPLES_SHOWN:
            best = next(overlap for overlap in overlaps if overlap.task == task)
            shown.append({"row": record.parents[0].row, "file": record.parents[0].file, "item": best.item,
                          "share": round(best.share, 4), "text": text[:EXAMPLE_CHARS]})


def decontaminate(records: Records, findings: Findings, policy: Policy) -> Iterator[Handled]:
    """Do what the policy says to every row. Failure if it says stop and a source is above the limit."""
    above = findings.above(policy.source_limit)
    if above and policy.above_limit == "stop":
        share, source, task = above[0]
        more = f" (and {len(above) - 1} more pairs of source and task)" if len(above) > 1 else ""
        raise Failure(
            f"{share:.1%} of the items of task {task} are given away by the source{more}, more than "
            f"{policy.source_limit:.1%}", where=f"sources.{source}",
            mend="take the source out, or set curate.decontaminate.above_limit to drop_source, drop_rows or accept")
    contaminated = {source for _, source, _ in above}
    for record in records():
        yield _treat(record, findings.rows.get(record.parents[0], ()), record.source in contaminated, policy)


def _treat(record: Record, overlaps: tuple[Overlap, ...], contaminated: bool, policy: Policy) -> Handled:
    if contaminated and policy.above_limit == "drop_source":
        return dropped(record, STEP, "source overlaps a task", "")
    if not overlaps:
        return Handled(record)
    detail = ", ".join(dict.fromkeys(overlap.task for overlap in overlaps))
    drop = policy.above_limit == "drop_rows" if contaminated else policy.rows == "drop"
    if drop:
        return dropped(record, STEP, "overlaps a task", detail)
    return Handled(record, (entry(record, STEP, "keep", "overlaps a task", detail),))


def findings_json(findings: Findings, policy: Policy, index: ItemIndex, overlap: float) -> dict[str, Any]:
    """The findings as `findings.json` has them: the rule, a table source × task, and rows to look at."""
    above = {(source, task) for _, source, task in findings.above(policy.source_limit)}
    table = [
        {"source": source, "task": task, "unseen": findings.unseen[task], "rows": findings.row_counts[source, task],
         "source_rows": findings.source_rows[source], "items": len(findings.items.get((source, task), ())),
         "task_items": findings.sizes[task], "share": findings.share(source, task),
         "above_limit": (source, task) in above}
        for source in sorted(findings.source_rows) for task in sorted(findings.sizes) if findings.sizes[task]]
    return {
        "rule": {"ngram": index.ngram, "overlap": overlap, "rows": policy.rows, "source_limit": policy.source_limit,
                 "above_limit": policy.above_limit},
        "overlapping_rows": len(findings.rows),
        "pairs": table,
        "examples": [{"source": source, "task": task, **shown}
                     for (source, task), rows in sorted(findings.shown.items()) for shown in rows],
    }


@dataclass(frozen=True, slots=True)
class FalseCondemnations:
    """Of `rows` rows, `planted` were put there to be found. `found` of them were; `clean_condemned` others were too."""

    rows: int
    planted: int
    found: int
    clean_condemned: int

    @property
    def false_share(self) -> float:
        """Share of the rows that were not planted and are condemned all the same."""
        clean = self.rows - self.planted
        return self.clean_condemned / clean if clean else 0.0


def false_condemnations(condemned: Collection[Origin], rows: int, planted: Collection[Origin]) -> FalseCondemnations:
    """How far the rule is right on `rows` rows of which the planted ones are known by their origin."""
    both = len(set(condemned) & set(planted))
    return FalseCondemnations(rows, len(set(planted)), both, len(set(condemned)) - both)
