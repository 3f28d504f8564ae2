"""What curation did to the rows of a run, source by source: counted from the ledgers and tables, by lineage."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from postgrad.inspection.run_folder import Run, tally

KINDS = ("examples", "preferences", "problems")
LEDGER = "ledger.parquet"
TITLES = {
    "read": "read", "filter": "filter", "redact": "redact personal data",
    "deduplicate": "remove duplicates", "decontaminate": "decontaminate", "mix": "mixture"}  # fmt: skip
"""Parts, in the order in which a step that holds several of them does them, and what people call them."""
ORDER = tuple(TITLES)
FOUND = re.compile(r"([\w -]+): (\d+)")
MIXTURES = ("mixture", "problems")
"""What the name of a step that mixes ends with."""
KEEPER = r"^(?:[0-9.]+ )?of (.+), file [0-9a-f]+, row [0-9]+$"
"""What the ledger says of a duplicate: the source of the row that stayed for it."""


@dataclass(frozen=True)
class Passage:
    """One part of one step, and what it did to rows: entered + made = kept + dropped."""

    step: str
    part: str
    entered: int
    kept: int
    made: int
    dropped: dict[str, int]
    changed: dict[str, int]
    noted: dict[str, int]

    @property
    def title(self) -> str:
        return TITLES.get(self.part, self.part)


@dataclass(frozen=True)
class Use:
    """What rows were curated for: `sft`, or a stage with prompts or problems of its own. `end`: the last step."""

    name: str
    end: str


@dataclass(frozen=True)
class Overlaps:
    """A source's rows beside one development task. "": those of all sources together, or beside all unseen tasks."""

    source: str
    task: str
    rows: int
    items: int
    task_items: int
    share: float
    above_limit: bool
    action: str


@dataclass(frozen=True)
class Contamination:
    """What decontamination found for one source. Unseen tasks are counts only: how many, and what overlaps them."""

    rule: dict[str, Any]
    development: tuple[Overlaps, ...]
    unseen: Overlaps
    unseen_tasks: int


class Curation:
    """The curating steps of a run. What was counted once is kept: a card is written for every source."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.steps = [step for step in run.paths if run.file(step, LEDGER)]
        self._tallies: dict[str, Counter[tuple[Any, ...]]] = {}
        self._details: dict[str, Counter[tuple[Any, ...]]] = {}
        self._kept: dict[str, Counter[str]] = {}

    @cached_property
    def uses(self) -> list[Use]:
        """The steps that no other curating step was made from; of a run that stopped early, as far as it got."""
        given = {parent for step in self.steps for parent in self.run.inputs(step).values()}
        found = [Use(_use_name(step), step) for step in self.steps if step not in given]
        return sorted(found, key=lambda use: (use.name != "sft", self.steps.index(use.end)))

    def way(self, name: str, source: str | None = None) -> list[Passage]:
        """The passages of a use, as far as they got: of a run that stopped early it has one end for each source."""
        ends = [use.end for use in self.uses if use.name == name]
        return _joined([one for end in ends for one in self.passages(end, source)])

    def uses_of(self, source: str) -> list[Use]:
        return [use for use in self.uses if any(self.kept(step)[source] for step in self.chain(use.end))]

    def chain(self, end: str) -> list[str]:
        """The curating steps that lead to a step, in the order they ran, itself the last."""
        members = self.run.ancestors([end])
        return [step for step in self.steps if step in members]

    def before_mixing(self, end: str) -> str:
        """The step whose rows are those that curation left, before any were chosen or copied."""
        if not (self.run.file(end, "mixture.json")):
            return end
        given = [step for step in self.run.inputs(end).values() if step in self.steps]
        return given[0] if given else end

    def table(self, step: str) -> Path | None:
        """The rows that a step wrote."""
        return next((path for kind in KINDS if (path := self.run.file(step, f"{kind}.parquet"))), None)

    def tally(self, step: str) -> Counter[tuple[Any, ...]]:
        """(source, part, action, reason) → rows."""
        if step not in self._tallies:
            path = self.run.file(step, LEDGER)
            columns = ["origin.source", "step", "action", "reason"]
            self._tallies[step] = tally(path, columns) if path else Counter()
        return self._tallies[step]

    def kept(self, step: str) -> Counter[str]:
        """source → rows that the step wrote."""
        if step not in self._kept:
            path = self.table(step)
            counted = tally(path, ["source"]) if path else Counter()
            self._kept[step] = Counter({source: number for (source,), number in counted.items()})
        return self._kept[step]

    def passages(self, end: str, source: str | None = None) -> list[Passage]:
        """Every part on the way to a step, in order, for one source or for all of them together."""
        found: list[Passage] = []
        steps = self.chain(end)
        shared = {part for step in steps if part_of(step) == "read" for _, part, _, _ in self.tally(step)}
        for step in steps:
            of_source = self._parts(step, source, shared if source is None and part_of(step) == "read" else set())
            if of_source and (of_source[0].entered or of_source[-1].kept or any(one.dropped for one in of_source)):
                found += of_source
        return found if source is not None else _joined(found)

    def _parts(self, step: str, source: str | None, passed: set[str]) -> list[Passage]:
        """The parts of a step that its ledger tells of, and those of `passed`, which rows may pass without a word."""
        counts: dict[str, dict[str, Counter[str]]] = {part: {} for part in passed}
        for (origin, part, action, reason), number in self.tally(step).items():
            if source in (None, origin):
                counts.setdefault(part, {}).setdefault(action, Counter())[reason] += number
        named = part_of(step)
        if named == "read" or not counts:
            counts.setdefault(named, {})
        kept = self.kept(step).total() if source is None else self.kept(step)[source]
        found: list[Passage] = []
        for part in sorted(counts, key=lambda one: ORDER.index(one) if one in ORDER else len(ORDER), reverse=True):
            by = {action: dict(sorted(reasons.items())) for action, reasons in counts[part].items()}
            made, dropped = sum(by.get("make", {}).values()), by.get("drop", {})
            entered = kept + sum(dropped.values()) - made
            found.append(
                Passage(step, part, entered, kept, made, dropped, by.get("change", {}), by.get("keep", {}))
            )
            kept = entered
        return found[::-1]

    def personal_data(self, source: str | None, end: str) -> dict[str, tuple[int, int]]:
        """kind → (rows, places found), from what redaction told the ledger."""
        rows, places = Counter[str](), Counter[str]()
        for step in self.chain(end):
            for (origin, part, _, _, detail), number in self.details(step).items():
                if part == "redact" and source in (None, origin):
                    for kind, count in FOUND.findall(detail):
                        rows[kind.strip()] += number
                        places[kind.strip()] += number * int(count)
        return {kind: (rows[kind], places[kind]) for kind in sorted(rows)}

    def looked_for(self, end: str) -> dict[str, str]:
        """kind of personal data → what was done about it, of the kinds that redaction looked for on the way."""
        found: dict[str, str] = {}
        for step in self.chain(end):
            config = self.run.manifests.get(step, {}).get("config") or {}
            found |= (config.get("redact") or {}).get("treatments") or {}
        return found

    def keepers(self, source: str, end: str) -> dict[str, int]:
        """source of the row that stayed → how many duplicates of this source left for it."""
        found = Counter[str]()
        for step in self.chain(end):
            for (origin, part, action, _, detail), number in self.details(step).items():
                if part == "deduplicate" and action == "drop" and origin == source:
                    found[detail] += number
        return dict(found.most_common())

    def details(self, step: str) -> Counter[tuple[Any, ...]]:
        """(source, part, action, reason, what was found, or the keeper's source) → rows, where rows were redacted or
        compared.
        """
        if step not in self._details:
            path = self.run.file(step, LEDGER)
            told = path is not None and {part for _, part, _, _ in self.tally(step)} & {"redact", "deduplicate"}
            columns = ["origin.source", "step", "action", "reason", "detail"]
            self._details[step] = tally(path, columns, _without_rows) if path and told else Counter()
        return self._details[step]

    def contamination(self, source: str | None, end: str) -> Contamination | None:
        """What the rows have in common with the tasks; of all sources together if none is named."""
        said = self.findings(end)
        if said is None:
            return None
        return _contamination(said["rule"], [pair for pair in said["pairs"] if source in (None, pair["source"])])

    def findings(self, end: str) -> dict[str, Any] | None:
        """`findings.json` of the step that decontaminated on the way to this one."""
        told = (self.run.json(step, "findings.json") for step in reversed(self.chain(end)))
        return next((said for said in told if said), None)


def _without_rows(ledger: pa.Table) -> pa.Table:
    """A ledger whose details of duplicates name the keeper's source alone: else every row has one of its own."""
    detail = ledger["detail"]
    keeper = pc.replace_substring_regex(detail, KEEPER, r"\1")
    brief = pc.if_else(pc.equal(ledger["step"], "deduplicate"), keeper, detail)
    return ledger.set_column(ledger.schema.get_field_index("detail"), "detail", brief)


def _contamination(rule: dict[str, Any], pairs: list[dict[str, Any]]) -> Contamination:
    development = tuple(
        Overlaps(
            pair["source"], pair["task"], pair["rows"], pair["items"], pair["task_items"], pair["share"],
            pair["above_limit"], pair.get("action") or (rule["above_limit"] if pair["above_limit"] else rule["rows"]))
        for pair in pairs if not pair["unseen"])  # fmt: skip
    unseen = [pair for pair in pairs if pair["unseen"]]
    above = [pair for pair in unseen if pair["above_limit"]]
    action = rule.get("unseen_above_limit") or rule["above_limit"] if above else rule["rows"]
    together = Overlaps(
        "", "", sum(pair["rows"] for pair in unseen), sum(pair["items"] for pair in unseen),
        sum({pair["task"]: pair["task_items"] for pair in unseen}.values()),
        max((pair["share"] for pair in unseen), default=0.0), bool(above), action)  # fmt: skip
    return Contamination(rule, development, together, len({pair["task"] for pair in unseen}))


def _use_name(step: str) -> str:
    first = step.partition(".")[0]
    return "sft" if step in ("mixture", "decontaminate", "deduplicate") or first == "read" else first


def part_of(step: str) -> str:
    """What a step that moves rows does, or does first: `read.gsm8k` → read, `rlvr.problems` → mix."""
    first, last = step.partition(".")[0], step.rpartition(".")[2]
    return first if first == "read" else "mix" if last in MIXTURES else last


def _joined(passages: list[Passage]) -> list[Passage]:
    """Passages of the same part, one a source so far, as one each."""
    found: dict[str, Passage] = {}
    for one in passages:
        before = found.get(one.part)
        if before is None:
            found[one.part] = one
            continue
        sums = [dict(sorted((Counter(getattr(before, name)) + Counter(getattr(one, name))).items()))
                for name in ("dropped", "changed", "noted")]  # fmt: skip
        found[one.part] = Passage(
            one.part, one.part, before.entered + one.entered, before.kept + one.kept, before.made + one.made, *sums)
    return list(found.values())
