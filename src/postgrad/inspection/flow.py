"""Where every row went: counted from the ledgers and the tables themselves, not from what a step said about itself."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from postgrad.inspection.run_folder import Run, count, tally

TABLES = ("examples.parquet", "problems.parquet", "preferences.parquet")
PARTS = {  # what a step's name ends with, or begins with → the parts that its ledger tells apart, in order
    "read": ("read", "filter", "redact"),
    "deduplicate": ("deduplicate",),
    "decontaminate": ("decontaminate",),
    "mixture": ("mixture",),
    "prompts": ("mixture",),
}
TITLES = {"deduplicate": "remove duplicates"}


@dataclass
class Station:
    """One kind of work over all its sources: rows kept, and rows that left, changed or were made, by reason."""

    name: str
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    made: int = 0
    by_source: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def entered(self) -> int:
        """Rows in + rows made = rows kept + rows dropped."""
        return self.kept + self.dropped.total() - self.made

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name)


def work_of(step: str) -> str | None:
    """`read.gsm8k` → read, `rlvr.deduplicate` → deduplicate; None for steps that move no rows."""
    first, last = step.partition(".")[0], step.rpartition(".")[2]
    return first if first == "read" else last if last in PARTS else None


def examples(run: Run) -> list[Station]:
    """The way of the rows that SFT trains on; of a run that stopped before the mixture, as far as it got."""
    for end in ("mixture", "decontaminate", "deduplicate"):
        if end in run.paths:
            return way(run, [end])
    return way(run, [step for step in run.steps("read") if run.file(step, TABLES[0])])


def prompts(run: Run) -> list[tuple[str, list[Station]]]:
    """(stage, the way of its prompts or problems) for each stage that has its own."""
    return [(step.removesuffix(".prompts"), way(run, [step])) for step in run.paths if step.endswith(".prompts")]


def way(run: Run, ends: list[str]) -> list[Station]:
    """The stations that lead to these steps, from reading on, by the manifests' lineage."""
    members = run.ancestors(ends)
    found = []
    for work, parts in PARTS.items():
        steps = [
            step for step in run.paths if step in members and work_of(step) == work and run.file(step, "ledger.parquet")
        ]
        if steps:
            found += stations(run, steps, parts)
    return found


def stations(run: Run, steps: list[str], parts: tuple[str, ...]) -> list[Station]:
    """One station a part. The last keeps what the tables hold; an earlier part kept what the next one was given."""
    made = {part: Station(part) for part in parts}
    for step in steps:
        path = run.file(step, "ledger.parquet")
        found = tally(path, ["origin.source", "step", "action", "reason"]) if path else {}
        for (source, part, action, reason), number in found.items():
            station = made.get(part, made[parts[-1]])
            if action == "drop":
                station.dropped[reason] += number
                station.by_source[source][reason] += number
            elif action == "change":
                station.changed[reason] += number
            elif action == "make":
                station.made += number
    kept = sum(count(run.file(step, table)) for step in steps for table in TABLES)
    for part in reversed(parts):
        made[part].kept = kept
        kept = made[part].entered
    return list(made.values())


@dataclass(frozen=True)
class Share:
    """One source (or capability) in the mixture: aimed at and reached, in shares of its trained tokens, or of its rows
    where the budget is in rows. A capability is left out if all its sources are.
    """

    name: str
    capability: str
    rows: int
    tokens: int
    epochs: float
    aimed: float | None
    reached: float
    left_out: bool = False


def mixture(run: Run) -> tuple[list[Share], list[Share]]:
    """(capabilities, sources) of the mixture; empty lists before it was made. Aims are the recipe's priorities."""
    parts: list[dict[str, Any]] = (run.json("mixture", "mixture.json") or {}).get("parts", [])
    sources = [
        Share(
            part["source"],
            part["capability"],
            part["rows"],
            part["tokens"],
            float(part["epochs"]),
            part["target_share"],
            part["reached_share"],
            part["left_out"],
        )
        for part in parts
    ]
    priorities = {name: c.get("priority", 1.0) for name, c in (run.recipe.get("capabilities") or {}).items()}
    gone = {share.capability for share in sources if share.left_out} - {
        share.capability for share in sources if not share.left_out}
    all_priorities = sum(priority for name, priority in priorities.items() if name not in gone) or 1.0
    capabilities = []
    for name in dict.fromkeys([*priorities, *(share.capability for share in sources)]):
        own = [share for share in sources if share.capability == name]
        aimed = 0.0 if name in gone else priorities.get(name, 0.0) / all_priorities
        most = max((share.epochs for share in own), default=0.0)
        reached = sum(share.reached for share in own)
        rows, tokens = sum(share.rows for share in own), sum(share.tokens for share in own)
        capabilities.append(Share(name, name, rows, tokens, most, aimed, reached, name in gone))
    return (capabilities, sources) if parts else ([], [])
