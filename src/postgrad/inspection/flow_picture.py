"""Pictures of the data: the river of rows that narrows at each passage, and the mixture aimed at and reached."""

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from postgrad.inspection.curation import Passage
from postgrad.inspection.mixture import Share
from postgrad.inspection.palette import LIGHT
from postgrad.inspection.svg import Plot, drawing
from postgrad.support.words import percent, whole

STEP_HEIGHT = 92.0
REASONS_SHOWN = 4


def river(passages: list[Passage], width: float) -> str:
    """Rows from top to bottom; the band's width is their number, and what leaves turns off to the right by reason."""
    # a passage with many reasons needs room for their labels
    heights = [max(STEP_HEIGHT, 34 + 17.0 * min(len(s.dropped), REASONS_SHOWN + 1)) for s in passages]
    height = sum(heights) + 66
    most = max((max(passage.entered, passage.kept) for passage in passages), default=1) or 1
    left, full = 10.0, width * (0.55 if width > 500 else 0.42)  # a phone needs room for the reasons
    unit = full / most
    with drawing():
        plot = Plot(width, height)
        axes = plot.axes(0, 0, 0, 0)
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.axis("off")
        y = 10.0
        for passage, step in zip(passages, heights, strict=True):
            entered, stay = passage.entered * unit, (passage.kept - passage.made) * unit
            axes.add_patch(Rectangle((left, y), entered, 26, color=LIGHT["stage-1"], alpha=0.9, lw=0))
            axes.text(
                left + 8, y + 13.5, passage.title, va="center", fontsize=11, fontweight="bold", color=LIGHT["paper"]
            )
            axes.text(
                left + full + 14, y + 9, f"{whole(passage.entered)} rows", va="center", fontsize=11, fontweight="bold"
            )
            note = ", ".join(f"{whole(n)} {reason}" for reason, n in _most(passage.changed)[:2])
            said = f"changed: {note}" if note else f"+{whole(passage.made)} copies" if passage.made else ""
            if said:
                axes.text(left + full + 14, y + 25, said, va="center", fontsize=9.5, color=LIGHT["soft"])
            axes.add_patch(Rectangle((left, y + 26), stay, step - 26, color=LIGHT["stage-1"], alpha=0.28, lw=0))
            reasons = _most(passage.dropped)
            if len(reasons) > REASONS_SHOWN + 1:
                reasons = [*reasons[:REASONS_SHOWN], ("other reasons", sum(n for _, n in reasons[REASONS_SHOWN:]))]
            start, lane = left + stay, y + 46.0
            for reason, number in reasons:
                thick = max(1.2, number * unit)
                bend(
                    axes,
                    start,
                    y + 26,
                    lane,
                    thick,
                    left + full + 8,
                    plot.tip(
                        f"{whole(number)} rows left: {reason}\n{percent(number / passage.entered)} of {passage.title}"
                    ),
                )
                axes.text(
                    left + full + 14, lane, f"−{whole(number)}  {reason}", va="center", fontsize=10, color=LIGHT["text"]
                )
                start += number * unit
                lane += 17
            y += step
        kept = passages[-1].kept if passages else 0
        axes.add_patch(Rectangle((left, y), max(kept * unit, 1), 26, color=LIGHT["stage-3"], lw=0))
        axes.text(left + full + 14, y + 13, f"{whole(kept)} rows kept", va="center", fontsize=11, fontweight="bold")
        return plot.render("Rows at each step of curation and the reasons for which rows left")


def _most(reasons: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda one: -one[1])


def bend(axes: Axes, x: float, top: float, lane: float, thick: float, end: float, gid: str) -> None:
    """A thin stream that leaves the river at (x, top), falls, and turns right to (end, lane)."""
    middle = x + thick / 2
    line = min(thick, 9.0)
    path = Path(
        [(middle, top), (middle, lane), (min(middle + 26, end), lane), (end, lane)],
        [Path.MOVETO, Path.CURVE3, Path.CURVE3, Path.LINETO],
    )
    axes.add_patch(PathPatch(path, fc="none", ec=LIGHT["drop"], lw=line, alpha=0.85, capstyle="butt", gid=gid))


def shares(capabilities: list[Share], roles: dict[str, str]) -> str:
    """One bar a capability: filled to what the mixture reached, with a tick at what its priority aimed at."""
    height = 30.0 * len(capabilities) + 30
    most = max(max(share.reached, share.aimed) for share in capabilities) or 1.0
    with drawing():
        plot = Plot(420, height)
        axes = plot.axes(104, 4, 92, 4)
        axes.set_xlim(0, most * 1.02)
        axes.set_ylim(height - 8, 0)
        axes.axis("off")
        for index, share in enumerate(capabilities):
            middle = 30.0 * index + 15
            axes.barh([middle], [share.reached], height=16, color=LIGHT[roles[share.name]], zorder=2)
            axes.plot([share.aimed] * 2, [middle - 11, middle + 11], color=LIGHT["text"], lw=2, zorder=3)
            axes.annotate(
                share.name,
                (0, middle),
                xytext=(-8, 0),
                textcoords="offset pixels",
                ha="right",
                va="center",
                fontsize=11,
                annotation_clip=False,
            )
            axes.annotate(
                f"{percent(share.reached)} of {percent(share.aimed)}",
                (1, middle),
                xycoords=("axes fraction", "data"),
                xytext=(92, 0),
                textcoords="offset pixels",
                ha="right",
                va="center",
                fontsize=10,
                color=LIGHT["soft"],
                annotation_clip=False,
            )
            (_, y0), (_, y1) = axes.transData.transform([(0, middle - 15), (0, middle + 15)])
            plot.area(
                0,
                height - y0,
                420,
                y0 - y1,
                f"{share.name}\naimed {percent(share.aimed)}, reached {percent(share.reached)}\n"
                f"{whole(share.tokens)} tokens, {whole(share.rows)} rows, at most {share.epochs:.2g} epochs",
            )
        axes.plot([], [])
        return plot.render("Share of trained tokens by capability: aimed at and reached")
