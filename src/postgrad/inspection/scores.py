"""Scores by stage and task, and what each stage changed: the numbers behind the score sections."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from postgrad.inspection.run_folder import Run
from postgrad.support.words import scale

BETTER = "base_better"
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
    """`own`: this is the task's own metric, and no further one that stands beside it."""

    task: str
    capability: str
    split: str
    metric: str
    own: bool
    primary_of: tuple[str, ...]
    scores: tuple[Score, ...]

    def of(self, stage: str) -> Score | None:
        return next((score for score in self.scores if score.stage == stage), None)


@dataclass(frozen=True)
class Change:
    """A paired difference `to` − `start` on one task, in points; gain, loss, or unsure where the interval holds 0.

    `own`: by the task's own metric.
    """

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
    own: bool

    @property
    def verdict(self) -> str:
        return "gain" if self.low > 0 else "loss" if self.high < 0 else "unsure"


@dataclass(frozen=True)
class Step:
    """Changes from one stage (or the base, better way) to another; `lowered`: capabilities with a mean below zero."""

    start: str
    to: str
    changes: tuple[Change, ...]

    def count(self, verdict: str) -> int:
        return sum(change.verdict == verdict for change in self.changes)

    @property
    def lowered(self) -> list[tuple[str, str, float, list[Change]]]:
        """(split, capability, mean difference by its tasks' own metrics, all its changes), most lowered first."""
        groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for change in self.changes:
            groups[change.split, change.capability].append(change)
        means = []
        for (split, name), group in groups.items():
            own = [change.difference for change in group if change.own]
            if own and sum(own) < 0:
                means.append((split, name, sum(own) / len(own), group))
        return sorted(means, key=lambda found: found[2])


def primaries(run: Run) -> dict[str, tuple[str, ...]]:
    """stage → the tasks that it named before the run."""
    return {stage["name"]: tuple(stage.get("primary") or ()) for stage in run.recipe.get("stages") or []}


def own_metrics(run: Run) -> dict[str, str]:
    """task → its own metric, which is the first that scores.json has of it."""
    own: dict[str, str] = {}
    for row in [*run.scores["scores"], *run.scores["comparisons"]]:
        own.setdefault(row["task"], row["metric"])
    return own


def labels(run: Run) -> dict[tuple[str, str], str]:
    """(task, metric) → what it is called: the task alone where it has one metric, else both."""
    metrics: dict[str, dict[str, None]] = defaultdict(dict)
    for row in [*run.scores["scores"], *run.scores["comparisons"]]:
        metrics[row["task"]][row["metric"]] = None
    return {(task, one): task if len(all_) == 1 else f"{task}: {one}" for task, all_ in metrics.items() for one in all_}


def by_task(run: Run) -> dict[str, list[TaskScores]]:
    """split → its tasks (a task and a metric each) in the order of the recipe's capabilities, stages in order."""
    order = {stage: index for index, stage in enumerate(run.scored)}
    capabilities = list(run.recipe.get("capabilities") or {})
    named, called, own = primaries(run), labels(run), own_metrics(run)
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for score in run.scores["scores"]:
        groups[score["split"], score["task"], score["metric"]].append(score)
    result: dict[str, list[TaskScores]] = {split: [] for split in SPLITS}
    for (split, task, metric), found in groups.items():
        found.sort(key=lambda score: order[score["stage"]])
        factor = scale(metric)
        scores = tuple(
            Score(s["stage"], s["value"] * factor, s["low"] * factor, s["high"] * factor, s["n"]) for s in found
        )
        primary_of = tuple(stage for stage, tasks in named.items() if task in tasks)
        label, capability = called[task, metric], found[0]["capability"]
        one = TaskScores(label, capability, split, metric, own[task] == metric, primary_of, scores)
        result.setdefault(split, []).append(one)
    for tasks in result.values():
        tasks.sort(key=lambda t: (capabilities.index(t.capability) if t.capability in capabilities else 99, t.task))
    return result


def changes(run: Run) -> list[Change]:
    """Every comparison of scores.json, in points, by (from, to) in the order of the stages."""
    capability = {score["task"]: score["capability"] for score in run.scores["scores"]}
    named, called, own = primaries(run), labels(run), own_metrics(run)
    order = {stage: index for index, stage in enumerate(run.scored)}
    rows = sorted(run.scores["comparisons"], key=lambda c: (order.get(c["to"], 99), -order.get(c["from"], 99)))
    result = []
    for c in rows:
        factor = scale(c["metric"])
        result.append(
            Change(
                start=c["from"],
                to=c["to"],
                task=called[c["task"], c["metric"]],
                capability=capability.get(c["task"], ""),
                split=c["split"],
                difference=c["difference"] * factor,
                low=c["low"] * factor,
                high=c["high"] * factor,
                p_value=c.get("p_value"),
                n=c["n"],
                test=c.get("test", ""),
                primary=c["task"] in named.get(c["to"], ()),
                own=own[c["task"]] == c["metric"],
            )
        )
    return result


def steps(run: Run) -> list[Step]:
    """Each stage against the one before."""
    groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes(run):
        groups[change.start, change.to].append(change)
    return [Step(*pair, tuple(groups[pair])) for pair in pairwise(run.stages) if pair in groups]


def spans(run: Run) -> list[Step]:
    """The first and the last trained stage against the base in its better way, task by task (`BETTER`).

    The first is left out where the base in chat form is the better way on every task: `steps` has it then.
    """
    better = better_base([task for group in by_task(run).values() for task in group])
    result = []
    for to in dict.fromkeys([*run.stages[1:2], *run.stages[1:][-1:]]):
        found = tuple(
            sorted(
                (c for c in changes(run) if c.to == to and c.start == better.get(c.task)),
                key=lambda c: list(better).index(c.task),
            )
        )
        if found and (to != run.stages[1] or any(c.start != "base" for c in found)):
            result.append(Step(BETTER, to, found))
    return result


def better_base(tasks: list[TaskScores]) -> dict[str, str]:
    """task → the base's better reading, plain text or chat (chat where equal): what a gain must beat to be learning."""
    result = {}
    for task in tasks:
        found = [score for stage in ("base", "base_plain") if (score := task.of(stage))]
        if found:
            result[task.task] = max(found, key=lambda score: score.value).stage
    return result


@dataclass(frozen=True)
class Average:
    """Means over a split's tasks: unweighted, and over capabilities by priority. No interval: tasks are no sample."""

    stage: str
    split: str
    unweighted: float
    weighted: float | None
    tasks: int


def averages(run: Run) -> list[Average]:
    """Of every scored stage, over the tasks measured as shares that every scored stage was measured on.

    A task counts once, by its own metric.
    """
    priorities = {name: c.get("priority", 1.0) for name, c in (run.recipe.get("capabilities") or {}).items()}
    result = []
    for split, tasks in by_task(run).items():
        stages = [stage for stage in run.scored if any(task.of(stage) for task in tasks)]
        common = [
            task
            for task in tasks
            if task.own
            and scale(task.metric) == 100.0
            and all(task.of(stage) for stage in stages if stage in run.stages)
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
