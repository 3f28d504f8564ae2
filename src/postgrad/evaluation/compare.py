"""All stages side by side: the run's scores.json, with every stage compared to the one before on the same problems.

    {"scores": [{stage, task, capability, split, metric, value, low, high, n}],
     "comparisons": [{from, to, task, split, metric, difference, low, high, p_value, n, test}]}

The base has two scores, in chat format (`base`) and in plain text (`base_plain`): the first trained stage and the last
are also compared with the better of the two, so that what was merely elicited is not taken for learned. p-values are
of single tests; a reader of many corrects them (`statistics.holm`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from postgrad.evaluation.score import Resources, scores_of
from postgrad.records.tables import read_records
from postgrad.records.types import Outcome
from postgrad.statistics import paired_difference
from postgrad.support.errors import Failure
from postgrad.support.files import write_atomically
from postgrad.tasks import METRICS, Values

BASE, BASE_PLAIN = "base", "base_plain"


@dataclass(frozen=True)
class Scored:
    """One stage's outcomes: for each task what it is (task, capability, split, family) and its outcomes."""

    stage: str
    tasks: tuple[tuple[dict[str, Any], tuple[Outcome, ...]], ...]

    def values(self, task: str) -> dict[str, Values]:
        """metric → problem → value of one task; {} if the stage was not scored on it."""
        for about, found in self.tasks:
            if about["task"] == task:
                return METRICS[about["family"]](found)
        return {}


def read_scored(folder: Path) -> Scored:
    """What the artifact of an `evaluate` step holds. Failure if it cannot be read."""
    path = folder / "scores.json"
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error
    return Scored(said["stage"], tuple(
        (about, tuple(read_records(folder / f"{about['task']}.outcomes.parquet", Outcome))) for about in said["tasks"]))


def merged(parts: Sequence[Scored]) -> list[Scored]:
    """One entry a stage, in the order of first appearance: a stage may be scored in parts (unseen tasks apart)."""
    tasks: dict[str, list[tuple[dict[str, Any], tuple[Outcome, ...]]]] = {}
    for part in parts:
        tasks.setdefault(part.stage, []).extend(part.tasks)
    return [Scored(stage, tuple(found)) for stage, found in tasks.items()]


def difference(a: Scored, b: Scored, task: str, metric: str, confidence: float) -> dict[str, Any] | None:
    """How much `b` scores above `a` on the problems decided for both; None if they share none."""
    of_a, of_b = a.values(task).get(metric, {}), b.values(task).get(metric, {})
    shared = [problem for problem in of_a if problem in of_b]
    if not shared:
        return None
    found = paired_difference([of_a[p] for p in shared], [of_b[p] for p in shared], confidence)
    return {"from": a.stage, "to": b.stage, "task": task, "metric": metric, "difference": found.difference,
            "low": found.low, "high": found.high, "p_value": found.p_value, "n": len(shared), "test": found.test}


def pairs(stages: Sequence[Scored], task: str, metric: str) -> list[tuple[Scored, Scored]]:
    """The comparisons of one score: each stage with the one before; first and last with the better base score."""
    stages = [scored for scored in stages if scored.values(task).get(metric)]
    chat = [scored for scored in stages if scored.stage != BASE_PLAIN]
    plain = next((scored for scored in stages if scored.stage == BASE_PLAIN), None)
    made = list(pairwise(chat))
    bases = [scored for scored in (next((s for s in chat if s.stage == BASE), None), plain) if scored is not None]
    trained = [scored for scored in chat if scored.stage != BASE]
    if bases and trained:
        def mean(scored: Scored) -> float:
            values = scored.values(task)[metric]
            return sum(values.values()) / len(values)

        better = max(bases, key=mean)  # the chat score where they are equal
        for stage in (trained[0], trained[-1]):
            if not any(a is better and b is stage for a, b in made):
                made.append((better, stage))
    return made


def scores_of_run(parts: Sequence[Scored], confidence: float) -> dict[str, list[dict[str, Any]]]:
    """The run's scores.json. `parts` in the regimen's order; the base's two scores are called base and base_plain.

    A task's own metric comes before the ones that stand beside it.
    """
    stages = merged(parts)
    scores, comparisons, seen = [], [], set()
    for scored in stages:
        for about, found in scored.tasks:
            scores += scores_of(scored.stage, about, found, confidence)
    for scored in stages:
        for about, _ in scored.tasks:
            for metric in scored.values(about["task"]):
                if (about["task"], metric) in seen:
                    continue
                seen.add((about["task"], metric))
                for a, b in pairs(stages, about["task"], metric):
                    if (row := difference(a, b, about["task"], metric, confidence)) is not None:
                        comparisons.append(row | {"split": about["split"]})
    return {"scores": scores, "comparisons": comparisons}


def compare(inputs: Mapping[str, Path], config: Mapping[str, Any], resources: Resources) -> None:
    """Write the run's scores.json (a step). Inputs: the `evaluate` artifact of each stage, by any name.

    Config: {"stages": [input names in the order of the regimen], "confidence"}. A stage may come in several artifacts.
    """
    stages = [read_scored(inputs[name]) for name in config["stages"]]
    said = scores_of_run(stages, config["confidence"])
    write_atomically(resources.out / "scores.json", json.dumps(said, indent=1).encode())
