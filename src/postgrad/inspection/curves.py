"""Training curves of one stage from its `metrics.jsonl`: small multiples, each with its own scale."""

import math
from itertools import pairwise
from typing import Any

from postgrad.inspection.palette import LIGHT
from postgrad.inspection.run_folder import Run, read_lines
from postgrad.inspection.svg import Plot, drawing

SHOWN = {
    "loss": "loss",
    "reward": "reward",
    "pass_rate": "share that passes",
    "accuracy": "chosen above rejected",
    "margin": "reward margin",
    "chosen_logprob": "log-probability, chosen",
    "rejected_logprob": "log-probability, rejected",
    "kl": "KL to the reference",
    "entropy": "entropy (nats a token)",
    "length": "completion length (tokens)",
    "zero_variance": "groups without variance",
    "truncated": "cut by the length limit",
    "clip_share": "clipped ratios",
    "mismatch": "sampler against trainer",
    "grad_norm": "gradient norm",
    "learning_rate": "learning rate",
}
POINTS = 240
HOVER_BANDS = 48
WINDOW_SHARE = 0.08


def of_stage(run: Run, stage: str, role: str) -> list[tuple[str, str]]:
    """(title, svg) for each known measure with at least two different finite values; [] if the stage logged nothing."""
    path = run.file(stage, "metrics.jsonl")
    if path is None:
        return []
    lines = read_lines(path)
    result = []
    for key, title in SHOWN.items():
        points = series(lines, key)
        if len(points) > 1 and any(y != points[0][1] for _, y in points):
            result.append((title, draw(points, f"{stage}: {title}", role)))
    return result


def series(lines: list[dict[str, Any]], key: str) -> list[tuple[float, float]]:
    """(step, value) of one measure where it is a finite number."""
    found = [
        (line.get("step", index), line[key])
        for index, line in enumerate(lines)
        if isinstance(line.get(key), (int, float))
    ]
    return [(float(x), float(y)) for x, y in found if math.isfinite(y)]


def thinned(points: list[tuple[float, float]], most: int = POINTS) -> list[tuple[float, float]]:
    """At most about `most` points: means of equal runs of steps, so that a long training costs no long page."""
    width = max(1, math.ceil(len(points) / most))
    runs = [points[start : start + width] for start in range(0, len(points), width)]
    return [(sum(x for x, _ in run) / len(run), sum(y for _, y in run) / len(run)) for run in runs]


def smoothed(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A centred running mean over 8 % of the points, with a window that narrows at the ends so as not to lag."""
    half = int(len(points) * WINDOW_SHARE / 2)
    result = []
    for index, (x, _) in enumerate(points):
        reach = min(half, index, len(points) - 1 - index)
        window = points[index - reach : index + reach + 1]
        result.append((x, sum(y for _, y in window) / len(window)))
    return result


def tick(value: float, _: object = None) -> str:
    """Short and never `1e-05` with a stray plus: 0.25, 12k, 3e−5."""
    if value and (abs(value) < 1e-3):
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e−{-int(exponent)}"
    return (f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:.4g}").replace("-", "−")


def draw(points: list[tuple[float, float]], label: str, role: str) -> str:
    raw = thinned(points)
    smooth = smoothed(raw)
    with drawing():
        plot = Plot(320, 150)
        axes = plot.axes(44, 22, 8, 8)
        colour = LIGHT[role]
        if len(raw) > 20:
            axes.plot(*zip(*raw, strict=True), color=colour, lw=1, alpha=0.35)
        axes.plot(*zip(*smooth, strict=True), color=colour, lw=2.2, solid_capstyle="round", solid_joinstyle="round")
        axes.margins(x=0.01, y=0.12)
        axes.locator_params(axis="y", nbins=4)
        axes.locator_params(axis="x", nbins=5, integer=True)
        axes.yaxis.set_major_formatter(tick)
        axes.xaxis.set_major_formatter(tick)
        axes.grid(axis="x", visible=False)
        few = thinned(points, HOVER_BANDS)
        edges = [few[0][0], *((a[0] + b[0]) / 2 for a, b in pairwise(few)), few[-1][0]]
        axes.set_xlim(*axes.get_xlim())
        axes.set_ylim(*axes.get_ylim())
        for (x, y), low, high in zip(few, edges, edges[1:], strict=False):
            plot.band(axes, low, high, f"step {x:.0f}\n{tick(float(f'{y:.4g}'))}")
        return plot.render(f"Curve of {label} by step")
