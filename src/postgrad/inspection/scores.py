"""Scores by stage and task, and what each stage changed: the numbers behind the score sections."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from postgrad.inspection.run_folder import BASES, Run
from postgrad.support.words import scale

SPLITS = ("development", "unseen")


@dataclass(frozen=True)
class Score:
    """One stage on one task, in points where the metric is a share."""

    stage: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class TaskScores:
    task: str
    capability: str
    split: str
    metric: str
    primary_of: tuple[str, ...]
    scores: tuple[Score, ...]

    def of(self, stage: str) -> Score | None:
        return next((score for score in self.scores if score.stage == stage), None)


@dataclass(frozen=True)
class Change:
    """A paired difference `to` − `start` on one task, in points; gain, loss, or unsure where the interval holds 0."""

    start: str
    to: str
    task: str
    capability: str
    split: str
    difference: float
    low: float
    high: float
    p_value: float | None
    n: int
    test: str
    primary: bool

    @property
    def verdict(self) -> str:
        return "gain" if self.low > 0 else "loss" if self.high < 0 else "unsure"


@dataclass(frozen=True)
class Step:
    """All changes from one stage to another; `lowered` are the capabilities whose mean difference is below zero."""

    start: str
    to: str
    changes: tuple[Change, ...]

    def count(self, verdict: str) -> int:
        return sum(change.verdict == verdict for change in self.changes)

    @property
    def lowered(self) -> list[tuple[str, str, float, list[Change]]]:
        """(split, capability, mean difference, its changes), most lowered first."""
        groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for change in self.changes:
            groups[change.split, change.capability].append(change)
        means = [
            (split, name, sum(c.difference for c in group) / len(group), group)
            for (split, name), group in groups.items()
        ]
        return sorted((found for found in means if found[2] < 0), key=lambda found: found[2])


def primaries(run: Run) -> dict[str, tuple[str, ...]]:
    """stage → the tasks that it named before the run."""
    return {stage["name"]: tuple(stage.get("primary") or ()) for stage in run.recipe.get("stages") or []}


def by_task(run: Run) -> dict[str, list[TaskScores]]:
    """split → its tasks in the order of the recipe's capabilities, each with the stages in order."""
    order = {stage: index for index, stage in enumerate(run.scored)}
    capabilities = list(run.recipe.get("capabilities") or {})
    named = primaries(run)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for score in run.scores["scores"]:
        groups[score["split"], score["task"]].append(score)
    result: dict[str, list[TaskScores]] = {split: [] for split in SPLITS}
    for (split, task), found in groups.items():
        found.sort(key=lambda score: order[score["stage"]])
        factor = scale(found[0]["metric"])
        scores = tuple(
            Score(s["stage"], s["value"] * factor, s["low"] * factor, s["high"] * factor, s["n"]) for s in found
        )
        result.setdefault(split, []).append(
            TaskScores(
                task,
                found[0]["capability"],
                split,
                found[0]["metric"],
                tuple(stage for stage, tasks in named.items() if task in tasks),
                scores,
            )
        )
    for tasks in result.values():
        tasks.sort(key=lambda t: (capabilities.index(t.capability) if t.capability in capabilities else 99, t.task))
    return result


def steps(run: Run) -> list[Step]:
    """Every pair of stages that was compared: each stage with the one before first, whole spans (base → last) after."""
    capability = {score["task"]: score["capability"] for score in run.scores["scores"]}
    named = primaries(run)
    groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for c in run.scores["comparisons"]:
        factor = scale(c["metric"])
        groups[c["from"], c["to"]].append(
            Change(
                c["from"],
                c["to"],
                c["task"],
                capability.get(c["task"], ""),
                c["split"],
                c["difference"] * factor,
                c["low"] * factor,
                c["high"] * factor,
                c.get("p_value"),
                c["n"],
                c.get("test", ""),
                c["task"] in named.get(c["to"], ()),
            )
        )
    order = {stage: index for index, stage in enumerate(run.scored)}
    found = [Step(start, to, tuple(changes)) for (start, to), changes in groups.items()]
    distance = {stage: index for index, stage in enumerate(run.stages)}
    span = lambda step: abs(distance.get(step.to, 0) - distance.get(step.start, 0))
    return sorted(found, key=lambda step: (span(step) > 1, order.get(step.to, 99), order.get(step.start, 99)))


def better_base(tasks: list[TaskScores]) -> dict[str, str]:
    """task → the base's own better reading (plain text or chat), which is what a gain must beat to be learning."""
    result = {}
    for task in tasks:
        found = [score for stage in BASES if (score := task.of(stage))]
        if found:
            result[task.task] = max(found, key=lambda score: score.value).stage
    return result


@dataclass(frozen=True)
class Average:
    """Means over the tasks of a split: plain, and over capabilities by priority. No interval: tasks are no sample."""

    stage: str
    split: str
    plain: float
    weighted: float | None
    tasks: int


def averages(run: Run) -> list[Average]:
    """Of every scored stage, over the tasks measured as shares that every scored stage was measured on."""
    priorities = {name: c.get("priority", 1.0) for name, c in (run.recipe.get("capabilities") or {}).items()}
    result = []
    for split, tasks in by_task(run).items():
        stages = [stage for stage in run.scored if any(task.of(stage) for task in tasks)]
        common = [
            t for t in tasks if scale(t.metric) == 100.0 and all(t.of(stage) for stage in stages if stage in run.stages)
        ]
        for stage in stages:
            values: dict[str, list[float]] = defaultdict(list)
            for task in common:
                score = task.of(stage)
                if score:
                    values[task.capability].append(score.value)
            flat = [value for group in values.values() for value in group]
            if len(flat) < len(common) or not flat:
                continue
            total = sum(priorities.get(name, 0.0) for name in values)
            weighted = (
                sum(priorities.get(name, 0.0) * sum(v) / len(v) for name, v in values.items()) / total
                if total
                else None
            )
            result.append(Average(stage, split, sum(flat) / len(flat), weighted, len(flat)))
    return result
