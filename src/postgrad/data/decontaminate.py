"""Decontamination: rows that give test items away, the sources that they come from, and what is done about them.

A source is contaminated for a task when its rows give away MORE than `source_limit` (2 %) of the task's items (Tülu 3,
section 3.2). Then `above_limit` says what happens, for development and unseen tasks apart: "stop", "drop_source" (all
its rows), "drop_rows" (those that overlap the task), "accept" (nothing). Below the limit `rows` says: "drop" the
overlapping rows, or "keep" them, as published.

Tasks are known as hashes only (`support.hashed_items`). The findings show rows beside development tasks, so that a
person can judge them; of unseen tasks they name rows and opaque item ids, and no text or place in it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from postgrad.data.batches import Batch, own_origins, user_turns, without
from postgrad.data.overlaps import Given, ItemIndex
from postgrad.data.tally import Tally
from postgrad.records.types import Action, LedgerEntry, Origin
from postgrad.support.errors import Failure, Mistake
from postgrad.support.parallel import ALONE, Workers

STEP = "decontaminate"
EXAMPLES_SHOWN = 5
EXAMPLE_CHARS = 200
MOST_LISTED = 10_000
"""Overlaps of rows with items that the findings list one by one; those beyond are counted."""
AboveLimit = Literal["stop", "drop_source", "drop_rows", "accept"]
ABOVE_LIMIT = ("stop", "drop_source", "drop_rows", "accept")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about overlapping rows and contaminated sources. `unseen_above_limit` None: as `above_limit`."""

    rows: Literal["drop", "keep"] = "drop"
    source_limit: float = 0.02
    above_limit: AboveLimit = "stop"
    unseen_above_limit: AboveLimit | None = None

    def __post_init__(self) -> None:
        for key, value, known in (("rows", self.rows, ("drop", "keep")),
                                  ("above_limit", self.above_limit, ABOVE_LIMIT),
                                  ("unseen_above_limit", self.unseen_above_limit, (*ABOVE_LIMIT, None))):
            if value not in known:
                raise Mistake(f"{key} {value!r} is unknown", where="curate.decontaminate",
                              mend=f"known: {', '.join(filter(None, known))}")

    def above(self, unseen: bool) -> AboveLimit:
        """What happens to a source that is contaminated for such a task."""
        return self.unseen_above_limit or self.above_limit if unseen else self.above_limit


@dataclass(slots=True)
class Findings:
    """What was found in all rows, before anything is done about it. `rows`: the tasks that each overlaps."""

    sizes: dict[str, int]
    unseen: dict[str, bool]
    source_rows: Counter[str] = field(default_factory=Counter)
    rows: dict[Origin, tuple[str, ...]] = field(default_factory=dict)
    tally: Tally[Origin] = field(default_factory=lambda: Tally(MOST_LISTED))
    shown: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def share(self, source: str, task: str) -> float:
        """Share of the task's items that the source's rows give away."""
        return len(self.tally.items.get((source, task), ())) / self.sizes[task]

    def above(self, limit: float) -> list[tuple[float, str, str]]:
        """(share, source, task) of every pair above the limit, the largest first."""
        pairs = [(self.share(source, task), source, task) for source, task in self.tally.items]
        return sorted((pair for pair in pairs if pair[0] > limit), key=lambda pair: (-pair[0], pair[1], pair[2]))

    def extend(self, later: "Findings") -> None:
        """Take up what was found in the rows after these."""
        self.source_rows.update(later.source_rows)
        self.rows |= later.rows
        self.tally.extend(later.tally)
        for pair, shown in later.shown.items():
            known = self.shown.setdefault(pair, [])
            known += shown[: EXAMPLES_SHOWN - len(known)]


def find(batches: Iterable[Batch], index: ItemIndex, workers: Workers = ALONE) -> Findings:
    """Look at every row once. Memory grows with the rows that overlap, and for each of them by the same."""
    findings = Findings(dict(index.sizes), dict(index.unseen))
    for seen in workers.in_order(_looker, (index,), batches):
        findings.extend(seen)
    return findings


def _looker(index: ItemIndex) -> Callable[[Batch], Findings]:
    """What a worker does with a batch. It hands on what it has not handed on of an earlier one."""
    tally: Tally[Origin] = Tally(MOST_LISTED)
    shown: Counter[tuple[str, str]] = Counter()

    def look(batch: Batch) -> Findings:
        findings = Findings(dict(index.sizes), dict(index.unseen))
        turns, sources = user_turns(batch), batch["source"].to_pylist()
        own = pc.list_element(batch["parents"], 0)
        findings.source_rows.update(sources)
        for number, given in index.overlaps_of(turns):
            origin = Origin(**own[number].as_py())
            findings.rows[origin] = given.tasks
            tally.add(sources[number], origin, given)
            for task in given.tasks:
                pair = sources[number], task
                if shown[pair] < EXAMPLES_SHOWN and not any(index.unseen[other] for other in given.tasks):
                    shown[pair] += 1
                    findings.shown.setdefault(pair, []).append(_shown(origin, turns[number], task, given))
        findings.tally = tally.handed_on()
        return findings

    return look


def _shown(origin: Origin, turns: list[str], task: str, given: Given) -> dict[str, Any]:
    """A row's text beside the item of a development task that it is most like."""
    best = next(overlap for overlap in given.overlaps() if overlap.task == task)
    return {"row": origin.row, "file": origin.file, "item": best.item, "share": round(best.share, 4),
            "text": "\n".join(turns)[:EXAMPLE_CHARS]}


def decontaminate(batches: Iterable[Batch], findings: Findings, policy: Policy,
                  enter: Callable[[LedgerEntry], None]) -> Iterator[pa.Table]:
    """What is left of each batch when the policy has been carried out; `enter` takes what the ledger says.

    Failure if the policy says stop and a source is above the limit.
    """
    above = findings.above(policy.source_limit)
    stopping = [pair for pair in above if policy.above(findings.unseen[pair[2]]) == "stop"]
    if stopping:
        share, source, task = stopping[0]
        more = f" (and {len(stopping) - 1} more pairs of source and task)" if len(stopping) > 1 else ""
        raise Failure(
            f"{share:.1%} of the items of task {task} are given away by the source{more}, more than "
            f"{policy.source_limit:.1%}", where=f"sources.{source}",
            mend="take the source out, or set curate.decontaminate.above_limit to drop_source, drop_rows or accept")
    actions = {(source, task): policy.above(findings.unseen[task]) for _, source, task in above}
    lost = {source for (source, _), action in actions.items() if action == "drop_source"}
    for batch in batches:
        gone = []
        for number, (origin, source) in enumerate(zip(own_origins(batch), batch["source"].to_pylist(), strict=True)):
            said = _judged(findings.rows.get(origin, ()), source, source in lost, actions, policy)
            if said is not None:
                action, reason, detail = said
                enter(LedgerEntry(origin, STEP, action, reason, detail))
                if action == "drop":
                    gone.append(number)
        yield without(batch, gone)


def _judged(tasks: tuple[str, ...], source: str, lost: bool, actions: dict[tuple[str, str], AboveLimit],
            policy: Policy) -> tuple[Action, str, str] | None:
    """What happens to a row and why; None if there is nothing to say."""
    if lost:
        return "drop", "source overlaps a task", ""
    if not tasks:
        return None
    drops = any(actions[source, task] == "drop_rows" if (source, task) in actions else policy.rows == "drop"
                for task in tasks)
    return "drop" if drops else "keep", "overlaps a task", ", ".join(tasks)


def findings_json(findings: Findings, policy: Policy, index: ItemIndex) -> dict[str, Any]:
    """The findings as `findings.json` has them: the rule, a table source × task, overlaps one by one, rows to see."""
    above = {(source, task) for _, source, task in findings.above(policy.source_limit)}
    table = [
        {"source": source, "task": task, "unseen": findings.unseen[task], "rows": findings.tally.rows[source, task],
         "source_rows": findings.source_rows[source], "items": len(findings.tally.items.get((source, task), ())),
         "task_items": findings.sizes[task], "share": findings.share(source, task),
         "above_limit": (source, task) in above,
         "action": policy.above(findings.unseen[task]) if (source, task) in above else policy.rows}
        for source in sorted(findings.source_rows) for task in sorted(findings.sizes) if findings.sizes[task]]
    return {
        "rule": {"ngram": index.ngram, "overlap": index.overlap, "rows": policy.rows,
                 "source_limit": policy.source_limit, "above_limit": policy.above_limit,
                 "unseen_above_limit": policy.above(unseen=True)},
        "overlapping_rows": len(findings.rows),
        "pairs": table,
        "overlaps": list(_listed(findings, index)),
        "overlaps_not_listed": findings.tally.beyond,
        "examples": [{"source": source, "task": task, **shown}
                     for (source, task), rows in sorted(findings.shown.items()) for shown in rows],
    }


def _listed(findings: Findings, index: ItemIndex) -> Iterator[dict[str, Any]]:
    for origin, overlap in findings.tally.listed:
        said = {"source": origin.source, "file": origin.file, "row": origin.row, "task": overlap.task,
                "item": index.ids[overlap.task][overlap.item]}
        if not findings.unseen[overlap.task]:
            said |= {"share": round(overlap.share, 4), "field": overlap.field, "spans": overlap.spans}
        yield said
