"""Scores as dots with whiskers, and what each stage changed as a forest of paired differences."""

import math

from postgrad.inspection.palette import LIGHT
from postgrad.inspection.scores import SPLITS, Step, TaskScores
from postgrad.inspection.svg import Plot, drawing
from postgrad.support.words import interval, number, p_value, scale, signed, signed_interval, stage_name

ROW, HEAD, WIDTH = 17.0, 24.0, 384.0
MARKS = {"gain": "o", "loss": "D", "unsure": "o"}


def dots(tasks: list[TaskScores], split: str, roles: dict[str, str]) -> str:
    """All tasks of a split that are measured in points: a heading a task, a row a stage, x from 0 to 100."""
    shown = [task for task in tasks if scale(task.metric) == 100.0]
    height = sum(HEAD + ROW * len(task.scores) for task in shown) + 40
    with drawing():
        plot = Plot(WIDTH, height)
        axes = plot.axes(104, 28, 44, 6)
        axes.set_xlim(0, 100)
        axes.set_ylim(height - 34, 0)
        axes.set_yticks([])
        axes.set_xticks([0, 25, 50, 75, 100])
        axes.grid(axis="y", visible=False)
        axes.spines["bottom"].set_visible(False)
        y = 0.0
        for task in shown:
            y += HEAD
            note = f" · primary of {', '.join(task.primary_of)}" if task.primary_of else ""
            axes.annotate(
                f"{task.task}",
                (0, y - 9),
                xytext=(-104, 0),
                textcoords="offset pixels",
                xycoords=("axes fraction", "data"),
                fontsize=11,
                fontweight="bold",
                va="center",
                annotation_clip=False,
            )
            axes.annotate(
                f"{task.capability}{note}",
                (1, y - 9),
                xytext=(44, 0),
                textcoords="offset pixels",
                ha="right",
                xycoords=("axes fraction", "data"),
                fontsize=9,
                color=LIGHT["soft"],
                va="center",
                annotation_clip=False,
            )
            for score in task.scores:
                colour = LIGHT[roles[score.stage]]
                said = f"{number(score.value)} ({interval(score.low, score.high)}) · n {score.n}"
                words = f"{task.task} · {stage_name(score.stage)}\n{said}"
                middle = y + ROW / 2 - 1
                axes.plot(
                    [score.low, score.high], [middle, middle], color=colour, lw=2.4, alpha=0.55, solid_capstyle="round"
                )
                axes.plot([score.value], [middle], "o", ms=7.5, color=colour, mec=LIGHT["paper"], mew=1, clip_on=False)
                axes.annotate(
                    stage_name(score.stage),
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
                    xytext=(44, 0),
                    textcoords="offset pixels",
                    ha="right",
                    va="center",
                    xycoords=("axes fraction", "data"),
                    fontsize=10,
                    annotation_clip=False,
                )
                (x0, y0), (x1, y1) = axes.transData.transform([(0, y), (100, y + ROW)])
                plot.area(x0 - 104, plot.height - y0, x1 - x0 + 148, y0 - y1, words)
                y += ROW
        return plot.render(f"Scores on {split} tasks by stage with their intervals")


def forest(step: Step) -> str:
    """One step's paired differences, development above unseen. Its scale is its own: a step of a few points would
    look flat on that of one which teaches everything.
    """
    low, high = limits(step)
    groups = [(split, [change for change in step.changes if change.split == split]) for split in SPLITS]
    groups = [(split, changes) for split, changes in groups if changes]
    height = sum(22 + 20 * len(changes) for _, changes in groups) + 34
    with drawing():
        plot = Plot(384, height)
        axes = plot.axes(118, 26, 46, 4)
        axes.set_xlim(low, high)
        axes.set_ylim(height - 30, 0)
        axes.set_yticks([])
        axes.grid(axis="y", visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.xaxis.set_major_formatter(lambda value, _: signed(value, 0))
        axes.axvline(0, color=LIGHT["soft"], lw=1)
        y = 0.0
        for split, changes in groups:
            axes.annotate(
                split,
                (0, y + 12),
                xytext=(-118, 0),
                textcoords="offset pixels",
                xycoords=("axes fraction", "data"),
                fontsize=9,
                color=LIGHT["soft"],
                va="center",
                annotation_clip=False,
            )
            y += 22
            before = ""
            for change in changes:
                # a task's further metrics stand below its name, which would not fit beside them
                task, _, metric = change.task.partition(": ")
                label, before = metric if metric and task == before else change.task, task
                colour, middle = LIGHT[change.verdict], y + 10
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
                    ("★ " if change.primary else "") + label,
                    (0, middle),
                    xytext=(-8, 0),
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
                    xytext=(46, 0),
                    textcoords="offset pixels",
                    ha="right",
                    va="center",
                    xycoords=("axes fraction", "data"),
                    fontsize=10,
                    fontweight="bold",
                    color=colour,
                    annotation_clip=False,
                )
                (x0, y0), (x1, y1) = axes.transData.transform([(low, y), (high, y + 20)])
                plot.area(x0 - 118, plot.height - y0, x1 - x0 + 164, y0 - y1, words)
                y += 20
        return plot.render(f"Paired differences from {step.start} to {step.to}, with intervals")


def limits(step: Step) -> tuple[float, float]:
    """The x range of one step's forest: it holds every interval and zero, in steps of 5."""
    lowest = min((change.low for change in step.changes), default=0.0)
    highest = max((change.high for change in step.changes), default=0.0)
    return 5.0 * math.floor(min(lowest, -2.5) / 5), 5.0 * math.ceil(max(highest, 2.5) / 5)
