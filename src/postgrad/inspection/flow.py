"""Where every row went: counted from the ledgers and the tables themselves, not from what a step said about itself."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from postgrad.inspection.run_folder import Run, count, rows

EXAMPLES, PROBLEMS = "examples.parquet", "problems.parquet"
TITLES = {"read": "read", "filter": "filter", "redact": "redact", "deduplicate": "remove duplicates",
          "decontaminate": "decontaminate", "mixture": "mixture"}


@dataclass
class Station:
    """One kind of step over all its sources: rows that entered, and rows that left, changed or were made, by reason."""

    name: str
    kept: int
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


def stations(run: Run, table: str) -> list[Station]:
    """The stations that rows of one table (`examples.parquet` or `problems.parquet`) passed, in the order of the run."""
    sources = {step.removeprefix("read.") for step in run.steps("read") if run.file(step, table)}
    names = dict.fromkeys(name for step in run.paths if (name := station_of(step)))
    found = [station(run, name, table, sources) for name in names]
    return [one for one in found if one.entered or one.kept]


def station_of(step: str) -> str | None:
    """`read.gsm8k` → read, `curate.filter` → filter, `mixture` → mixture; None for steps that move no rows."""
    first, _, rest = step.partition(".")
    if first == "curate" and rest:
        return rest.partition(".")[0]
    return first if first in ("read", "mixture") else None


def station(run: Run, name: str, table: str, sources: set[str]) -> Station:
    steps = [step for step in run.paths if station_of(step) == name]
    found = Station(name, sum(count(run.file(step, table)) for step in steps))
    for step in steps:
        path = run.file(step, "ledger.parquet")
        for row in rows(path, ["origin.source", "action", "reason"]) if path else ():
            source, reason = row["origin"]["source"], row["reason"]
            if source not in sources:
                continue
            if row["action"] == "drop":
                found.dropped[reason] += 1
                found.by_source[source][reason] += 1
            elif row["action"] == "change":
                found.changed[reason] += 1
            elif row["action"] == "make":
                found.made += 1
    return found


@dataclass(frozen=True)
class Share:
    """One source (or capability) in the mixture: what was aimed at and what was reached, in shares of trained tokens."""

    name: str
    capability: str
    rows: int
    tokens: int
    epochs: float
    aimed: float | None
    reached: float


def mixture(run: Run) -> tuple[list[Share], list[Share]]:
    """(capabilities, sources) of the mixture; empty lists before it was made. Aims are the recipe's priorities."""
    told = run.json("mixture", "mixture.json")
    entries: list[dict[str, Any]] = told if isinstance(told, list) else (told or {}).get("sources", [])
    total = sum(entry["tokens"] for entry in entries) or 1
    sources = [Share(e["source"], e["capability"], e["rows"], e["tokens"], float(e["epochs"]), None, e["tokens"] / total)
               for e in entries]
    priorities = {name: c.get("priority", 1.0) for name, c in (run.recipe.get("capabilities") or {}).items()}
    all_priorities = sum(priorities.values()) or 1.0
    capabilities = []
    for name in dict.fromkeys([*priorities, *(share.capability for share in sources)]):
        own = [share for share in sources if share.capability == name]
        tokens = sum(share.tokens for share in own)
        capabilities.append(Share(name, name, sum(share.rows for share in own), tokens, max((s.epochs for s in own), default=0.0),
                                  priorities.get(name, 0.0) / all_priorities, tokens / total))
    return (capabilities, sources) if entries else ([], [])
