"""Scores as dots with whiskers, and what each stage changed as a forest of paired differences."""

import math
from collections.abc import Iterable

from postgrad.inspection import lettering
from postgrad.inspection.lettering import broken
from postgrad.inspection.palette import LIGHT
from postgrad.inspection.scores import SPLITS, Change, Step, TaskScores
from postgrad.inspection.svg import Plot, drawing
from postgrad.support.words import interval, number, p_value, scale, signed, signed_interval, stage_name

ROW, LINE, HEAD_LINE, WIDTH = 17.0, 12.0, 13.0, 384.0
NAMES_ROOM, VALUES_ROOM = 150.0, 46.0
MARKS = {"gain": "o", "loss": "D", "unsure": "o"}


def dots(tasks: list[TaskScores], split: str, roles: dict[str, str]) -> str:
    """All tasks of a split that are measured in points: a heading a task, a row a stage, x from 0 to 100."""
    shown = [task for task in tasks if scale(task.metric) == 100.0]
    names = {score.stage: broken(stage_name(score.stage), 10, NAMES_ROOM) for task in shown for score in task.scores}
    heads = [_head(task) for task in shown]
    rows = {stage: _row(ROW, name) for stage, name in names.items()}
    height = sum(len(head) * HEAD_LINE + 11 + sum(rows[score.stage] for score in task.scores)
                 for task, head in zip(shown, heads, strict=True)) + 40  # fmt: skip
    left = _margin(names.values())
    with drawing():
        plot = Plot(WIDTH, height)
        axes = plot.axes(left, 28, VALUES_ROOM, 6)
        axes.set_xlim(0, 100)
        axes.set_ylim(height - 34, 0)
        axes.set_yticks([])
        axes.set_xticks([0, 25, 50, 75, 100])
        axes.grid(axis="y", visible=False)
        axes.spines["bottom"].set_visible(False)
        y = 0.0
        for task, head in zip(shown, heads, strict=True):
            for title, note in head:
                y += HEAD_LINE
                sides = ((title, (-left, 0), "left"), (note, (VALUES_ROOM, 0), "right"))
                for words, side, anchor in (one for one in sides if one[0]):
                    axes.annotate(
                        words,
                        (anchor == "right", y + 2),
                        xytext=side,
                        textcoords="offset pixels",
                        xycoords=("axes fraction", "data"),
                        ha=anchor,
                        fontsize=11 if anchor == "left" else 9,
                        fontweight="bold" if anchor == "left" else "normal",
                        color=LIGHT["text" if anchor == "left" else "soft"],
                        bbox={"fc": LIGHT["paper"], "ec": "none", "pad": 1},
                        va="center",
                        annotation_clip=False,
                    )
            y += 11
            for score in task.scores:
                colour = LIGHT[roles[score.stage]]
                said = f"{number(score.value)} ({interval(score.low, score.high)}) · n {score.n}"
                words = f"{task.task} · {stage_name(score.stage)}\n{said}"
                row = rows[score.stage]
                middle = y + row / 2 - 1
                axes.plot(
                    [score.low, score.high], [middle, middle], color=colour, lw=2.4, alpha=0.55, solid_capstyle="round"
                )
                axes.plot([score.value], [middle], "o", ms=7.5, color=colour, mec=LIGHT["paper"], mew=1, clip_on=False)
                axes.annotate(
                    "\n".join(names[score.stage]),
                    (0, middle),
                    xytext=(-10, 0),
                    textcoords="offset pixels",
                    ha="right",
                    va="center",
                    xycoords=("axes fraction", "data"),
                    fontsize=10,
                    color=LIGHT["soft"],
                    annotation_clip=False,
                )
                axes.annotate(
                    number(score.value),
                    (1, middle),
                    xytext=(VALUES_ROOM, 0),
                    textcoords="offset pixels",
                    ha="right",
                    va="center",
                    xycoords=("axes fraction", "data"),
                    fontsize=10,
                    annotation_clip=False,
                )
                (_, y0), (_, y1) = axes.transData.transform([(0, y), (100, y + row)])
                plot.area(0, plot.height - y0, WIDTH, y0 - y1, words)
                y += row
        return plot.render(f"Scores on {split} tasks by stage with their intervals")


def forest(step: Step) -> str:
    """One step's paired differences, development above unseen. Its scale is its own: a step of a few points would
    look flat on that of one which teaches everything.
    """
    low, high = limits(step)
    groups = [(split, [change for change in step.changes if change.split == split]) for split in SPLITS]
    groups = [(split, changes) for split, changes in groups if changes]
    names = [[broken(label, 10, NAMES_ROOM) for label in _labels(changes)] for _, changes in groups]
    height = sum(22 + sum(_row(20, name) for name in group) for group in names) + 34
    left = _margin(name for group in names for name in group)
    with drawing():
        plot = Plot(WIDTH, height)
        axes = plot.axes(left, 26, VALUES_ROOM, 4)
        axes.set_xlim(low, high)
        axes.set_ylim(height - 30, 0)
        axes.set_yticks([])
        axes.grid(axis="y", visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.xaxis.set_major_formatter(lambda value, _: signed(value, 0))
        axes.axvline(0, color=LIGHT["soft"], lw=1)
        y = 0.0
        for (split, changes), group in zip(groups, names, strict=True):
            axes.annotate(
                split,
                (0, y + 12),
                xytext=(-left, 0),
                textcoords="offset pixels",
                xycoords=("axes fraction", "data"),
                fontsize=9,
                color=LIGHT["soft"],
                va="center",
                annotation_clip=False,
            )
            y += 22
            for change, name in zip(changes, group, strict=True):
                row = _row(20, name)
                colour, middle = LIGHT[change.verdict], y + row / 2
                words = (
                    f"{change.task} ({change.capability})\n"
                    f"{signed(change.difference)} points ({signed_interval(change.low, change.high)})\n"
                    f"p {p_value(change.p_value)} · n {change.n} · {change.test}"
                )
                axes.plot(
                    [max(change.low, low), min(change.high, high)],
                    [middle, middle],
                    color=colour,
                    lw=2.4,
                    alpha=0.6,
                    solid_capstyle="round",
                )
                axes.plot(
                    [max(low, min(high, change.difference))],
                    [middle],
                    MARKS[change.verdict],
                    ms=7,
                    color=colour,
                    mfc=LIGHT["paper"] if change.verdict == "unsure" else colour,
                    mew=1.5,
                    clip_on=False,
                )
                axes.annotate(
                    "\n".join(name),
                    (0, middle),
                    xytext=(-10, 0),
                    textcoords="offset pixels",
                    ha="right",
                    va="center",
                    xycoords=("axes fraction", "data"),
                    fontsize=10,
                    annotation_clip=False,
                )
                axes.annotate(
                    signed(change.difference),
                    (1, middle),
                    xytext=(VALUES_ROOM, 0),
                    textcoords="offset pixels",
                    ha="right",
                    va="center",
                    xycoords=("axes fraction", "data"),
                    fontsize=10,
                    fontweight="bold",
                    color=colour,
                    annotation_clip=False,
                )
                (_, y0), (_, y1) = axes.transData.transform([(low, y), (high, y + row)])
                plot.area(0, plot.height - y0, WIDTH, y0 - y1, words)
                y += row
        return plot.render(f"Paired differences from {step.start} to {step.to}, with intervals")


def _head(task: TaskScores) -> list[tuple[str, str]]:
    """Lines of a task's heading: its name on the left, its capability on the right, below where both do not fit."""
    note = f"{task.capability} · primary of {', '.join(task.primary_of)}" if task.primary_of else task.capability
    if lettering.width(task.task, 11, bold=True) + lettering.width(note, 9) + 12 <= WIDTH:
        return [(task.task, note)]
    titles = broken(task.task, 11, WIDTH, bold=True)
    return [*((title, "") for title in titles), *(("", words) for words in broken(note, 9, WIDTH))]


def _labels(changes: list[Change]) -> list[str]:
    """What stands beside each change: its task, or below the task's name a further metric alone."""
    labels, before = [], ""
    for change in changes:
        task, _, metric = change.task.partition(": ")
        labels.append(("★ " if change.primary else "") + (metric if metric and task == before else change.task))
        before = task
    return labels


def _row(single: float, name: list[str]) -> float:
    return single + LINE * (len(name) - 1)


def _margin(names: Iterable[list[str]]) -> float:
    """Room for the longest line of all names."""
    return max((lettering.width(line, 10) for name in names for line in name), default=0.0) + 14


def limits(step: Step) -> tuple[float, float]:
    """The x range of one step's forest: it holds every interval and zero, in steps of 5."""
    lowest = min((change.low for change in step.changes), default=0.0)
    highest = max((change.high for change in step.changes), default=0.0)
    return 5.0 * math.floor(min(lowest, -2.5) / 5), 5.0 * math.ceil(max(highest, 2.5) / 5)
