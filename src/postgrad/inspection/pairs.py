"""The preference pairs of one `prefer` stage: who judged, how the aspects fell out, and a few pairs to look at."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from postgrad.inspection.answers import shortened
from postgrad.inspection.run_folder import Run, count, read_json, rows
from postgrad.support.hashing import hash_text

SHOWN = 2


@dataclass(frozen=True)
class Aspect:
    """Ratings of one aspect by one judge over all completions: 1 (worst) to 5; `untold` had no value."""

    judge: str
    name: str
    mean: float | None
    shares: tuple[float, ...]
    untold: int


@dataclass(frozen=True)
class Pair:
    prompt: str
    chosen: str
    rejected: str


@dataclass(frozen=True)
class Pairs:
    stage: str
    pairs: int
    completions: int
    capabilities: dict[str, int]
    longer_chosen: float
    aspects: tuple[Aspect, ...]
    summary: dict[str, Any]
    shown: tuple[Pair, ...]


def of_stage(run: Run, stage: str) -> Pairs | None:
    """None if no pairs were made. `longer_chosen` is the share of pairs whose chosen answer has more characters."""
    path = run.found(stage, "preferences.parquet")
    if path is None:
        return None
    capabilities: Counter[str] = Counter()
    longer = total = 0
    found: list[tuple[str, Pair]] = []
    columns = ["content_id", "capability", "chosen", "rejected", "prompt.list.element.content"]
    for row in rows(path, columns):
        if row["chosen"] is None or row["rejected"] is None:
            continue
        total += 1
        capabilities[row["capability"]] += 1
        longer += len(row["chosen"]) > len(row["rejected"])
        prompt = row["prompt"][-1]["content"] if row["prompt"] else ""
        found.append((hash_text(row["content_id"]), Pair(prompt, shortened(row["chosen"]), shortened(row["rejected"]))))
        found = sorted(found, key=lambda one: one[0])[:SHOWN]
    told = run.found(stage, "pairs.json")
    summary = read_json(told) if told else {}
    return Pairs(
        stage,
        total,
        count(run.found(stage, "completions.parquet")),
        dict(capabilities.most_common()),
        longer / total if total else 0.0,
        aspects(run, stage),
        {key: value for key, value in summary.items() if isinstance(value, (int, float, str))},
        tuple(pair for _, pair in found),
    )


def aspects(run: Run, stage: str) -> tuple[Aspect, ...]:
    path = run.found(stage, "ratings.parquet")
    values: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for row in rows(path, ["judge", "aspect", "value"]) if path else ():
        values[row["judge"], row["aspect"]].append(row["value"])
    result = []
    for (judge, name), all_values in values.items():
        told = [value for value in all_values if value is not None]
        shares = tuple(
            sum(round(value) == level for value in told) / len(told) if told else 0.0 for level in range(1, 6)
        )
        result.append(Aspect(judge, name, sum(told) / len(told) if told else None, shares, len(all_values) - len(told)))
    return tuple(result)
