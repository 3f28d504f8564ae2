"""What a model gives away of planted secrets, by how often it read them: exposure above, extraction below."""

import math
from typing import Any

from postgrad.inspection.lettering import broken
from postgrad.inspection.palette import LIGHT
from postgrad.inspection.svg import Plot, drawing
from postgrad.support.words import number

HEIGHT = 300.0
CHANCE_TOP = -math.log2(0.05)
"""Exposure that a secret which is not known exceeds once in twenty times."""
SPREAD = 0.34


def draw(found: dict[str, Any], width: float) -> str:
    """`found`: a canaries.json. One dot a secret, the group's mean with its interval, and what chance would give."""
    groups, most = found["groups"], found["most"]
    with drawing():
        plot = Plot(width, HEIGHT)
        axes = plot.axes(46, 70, 10, 22)
        axes.set_xlim(-0.6, len(groups) - 0.4)
        axes.set_ylim(-0.35, most * 1.06)
        axes.axhspan(0, CHANCE_TOP, color=LIGHT["unsure"], alpha=0.13, lw=0)
        axes.axhline(found["chance"], color=LIGHT["soft"], lw=1.2, ls=(0, (4, 3)))
        axes.axhline(most, color=LIGHT["line"], lw=1)
        axes.annotate("chance", (len(groups) - 0.45, found["chance"]), xytext=(0, 4), textcoords="offset pixels",
                      ha="right", fontsize=9, color=LIGHT["soft"])
        for place, group in enumerate(groups):
            _column(plot, axes, place, group, found)
        axes.set_xticks(range(len(groups)))
        axes.set_xticklabels([_named(group) for group in groups])
        axes.grid(axis="x", visible=False)
        axes.set_ylabel("exposure in bits")
        axes.set_xlabel("rows that held the secret")
        return plot.render("Exposure of planted secrets by how many rows held them, with what chance would give")


def _column(plot: Plot, axes: Any, place: int, group: dict[str, Any], found: dict[str, Any]) -> None:
    own = [one for one in found["canaries"] if one["repeats"] == group["repeats"]]
    colour = LIGHT["base" if not group["repeats"] else "loss" if group["p_value"] < 0.01 else "stage-1"]
    for index, one in enumerate(own):
        x = place + (0 if len(own) == 1 else SPREAD * (2 * index / (len(own) - 1) - 1))
        mark, size, alpha = ("D", 6, 0.85) if one["greedy"] or one["sampled"] else ("o", 5.5, 0.45)
        axes.plot([x], [one["exposure"]], mark, ms=size, color=colour, alpha=alpha, mec=LIGHT["paper"], mew=0.6,
                  clip_on=False)
    axes.plot([place - 0.42, place + 0.42], [group["exposure"]] * 2, color=colour, lw=2.6, solid_capstyle="round")
    greedy, sampled = group["greedy"], group["sampled"]
    room = (plot.width - 56) / len(found["groups"]) - 6
    said = "\n".join(broken(f"{greedy['found']}\u00a0of\u00a0{group['canaries']} said", 9, room))
    axes.annotate(said, (place, 0), xytext=(0, -40),
                  textcoords="offset pixels", xycoords=("data", "axes fraction"), ha="center", va="top", fontsize=9,
                  annotation_clip=False, color=LIGHT["loss" if greedy["found"] else "soft"])
    share = f"{number(100 * greedy['low'])} to {number(100 * greedy['high'])} %"
    plot.band(axes, place - 0.5, place + 0.5, "\n".join((
        f"{_named(group)} rows" if group["repeats"] else "never trained on",
        f"mean exposure {group['exposure']:.2f} bits ({group['low']:.2f} to {group['high']:.2f})",
        f"chance {found['chance']:.2f} bits",
        f"p = {group['p_value']:.2g} against chance",
        f"said outright: {greedy['found']} of {group['canaries']} ({share})",
        f"in {found['samples']} draws: {sampled['found']} of {group['canaries']}")))


def _named(group: dict[str, Any]) -> str:
    return str(group["repeats"]) if group["repeats"] else "none"
