"""Pictures of the data: the river of rows that narrows at each passage, and the mixture aimed at and reached."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from postgrad.inspection import lettering
from postgrad.inspection.curation import Passage
from postgrad.inspection.lettering import broken
from postgrad.inspection.mixture import Share
from postgrad.inspection.palette import LIGHT
from postgrad.inspection.svg import Plot, drawing
from postgrad.support.words import percent, whole

STEP_HEIGHT = 92.0
BAR = 26.0
REASONS_SHOWN = 4
NAMES_ROOM = 130.0
CHANGES_SHOWN = 6
"""Lines of what a passage changed."""


@dataclass(frozen=True)
class Line:
    """Words beside the river, `y` below the top of their passage."""

    y: float
    words: str
    size: float = 10.0
    bold: bool = False
    colour: str = "text"


@dataclass(frozen=True)
class Beside:
    """What stands beside the river at a passage, and how high the passage is for it."""

    lines: tuple[Line, ...]
    lanes: tuple[tuple[float, str, int], ...]  # (y, reason, rows)
    title_in_bar: bool
    height: float


def river(passages: list[Passage], width: float) -> str:
    """Rows from top to bottom; the band's width is their number, and what leaves turns off to the right by reason."""
    most = max((max(passage.entered, passage.kept) for passage in passages), default=1) or 1
    left, full = 10.0, width * (0.55 if width > 500 else 0.42)  # a phone needs room for the reasons
    unit, beside = full / most, left + full + 14
    stations = [_beside(passage, passage.entered * unit, width - beside) for passage in passages]
    with drawing():
        plot = Plot(width, sum(station.height for station in stations) + 66)
        axes = plot.axes(0, 0, 0, 0)
        axes.set_xlim(0, width)
        axes.set_ylim(plot.height, 0)
        axes.axis("off")
        y = 10.0
        for passage, station in zip(passages, stations, strict=True):
            entered, stay = passage.entered * unit, (passage.kept - passage.made) * unit
            axes.add_patch(Rectangle((left, y), entered, BAR, color=LIGHT["stage-1"], alpha=0.9, lw=0))
            axes.add_patch(
                Rectangle((left, y + BAR), stay, station.height - BAR, color=LIGHT["stage-1"], alpha=0.28, lw=0)
            )
            if station.title_in_bar:
                _write(axes, left + 8, y, Line(13.5, passage.title, 11, True, "paper"))
            start = left + stay
            for lane, reason, rows in station.lanes:
                said = f"{whole(rows)} rows left: {reason}\n{percent(rows / passage.entered)} of {passage.title}"
                bend(axes, start, y + BAR, y + lane, max(1.2, rows * unit), left + full + 8, plot.tip(said))
                start += rows * unit
            for line in station.lines:
                _write(axes, beside, y, line)
            head = station.lanes[0][0] - 8 if station.lanes else station.height
            for x, wide, high in ((left, full, BAR), (beside, width - beside, head)):
                plot.area(x, y, wide, high, _told(passage))
            y += station.height
        kept = passages[-1].kept if passages else 0
        axes.add_patch(Rectangle((left, y), max(kept * unit, 1), BAR, color=LIGHT["stage-3"], lw=0))
        _write(axes, beside, y, Line(9, f"{whole(kept)} rows kept", 11, True))
        if passages and passages[-1].made:
            _write(axes, beside, y, Line(25, f"{whole(passages[-1].made)} of them copies", 9.5, colour="soft"))
        return plot.render("Rows at each step of curation and the reasons for which rows left")


def _beside(passage: Passage, bar: float, room: float) -> Beside:
    """The title where the bar is too short for it, rows in, what was changed, copies made, and the reasons to leave."""
    lines: list[Line] = []
    at = 9.0
    inside = lettering.width(passage.title, 11, bold=True) + 16 <= bar
    for words in (() if inside else (passage.title,)) + (f"{whole(passage.entered)} rows",):
        lines += [Line(at + 16 * n, said, 11, True) for n, said in enumerate(broken(words, 11, room, bold=True))]
        at = lines[-1].y + 16
    for words in (*_changes(passage.changed, room), *([f"+{whole(passage.made)} copies"] if passage.made else [])):
        lines.append(Line(at, words, 9.5, colour="soft"))
        at += 13
    reasons = _most(passage.dropped)
    if len(reasons) > REASONS_SHOWN + 1:
        reasons = [*reasons[:REASONS_SHOWN], ("other reasons", sum(rows for _, rows in reasons[REASONS_SHOWN:]))]
    lanes = []
    at = max(at + 5, BAR + 20)
    for reason, rows in reasons:
        lanes.append((at, reason, rows))
        for words in broken(f"−{whole(rows)}\u00a0{_spoken(reason)}", 10, room):
            lines.append(Line(at, words))
            at += 13
        at += 4
    return Beside(tuple(lines), tuple(lanes), inside, max(STEP_HEIGHT, at))


def _changes(changed: dict[str, int], room: float) -> list[str]:
    """All that was changed, in lines; of very much the most frequent, and how many more there are."""
    said = [f"{whole(rows)}\u00a0{_spoken(reason)}" for reason, rows in _most(changed)]
    for shown in range(len(said), 0, -1):
        more = f" and {len(said) - shown} more" if shown < len(said) else ""
        lines = broken(f"changed: {', '.join(said[:shown])}{more}", 9.5, room)
        if len(lines) <= CHANGES_SHOWN or shown == 1:
            return lines
    return []


def _told(passage: Passage) -> str:
    """All that is known of a passage but why rows left, which the streams say."""
    made = [f"{whole(passage.made)} copies made"] if passage.made else []
    changed = [f"changed: {whole(rows)} {_spoken(reason)}" for reason, rows in _most(passage.changed)]
    return "\n".join((passage.title, f"{whole(passage.entered)} rows in, {whole(passage.kept)} out", *made, *changed))


def _spoken(reason: str) -> str:
    return reason.replace("_", " ")


def _write(axes: Axes, x: float, top: float, line: Line) -> None:
    axes.text(x, top + line.y, line.words, va="center", fontsize=line.size, color=LIGHT[line.colour],
              fontweight="bold" if line.bold else "normal")  # fmt: skip


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
        names = [broken(share.name, 11, NAMES_ROOM) for share in capabilities]
        axes = plot.axes(max(lettering.width(line, 11) for name in names for line in name) + 10, 4, 92, 4)
        axes.set_xlim(0, most * 1.02)
        axes.set_ylim(height - 8, 0)
        axes.axis("off")
        for index, share in enumerate(capabilities):
            middle = 30.0 * index + 15
            axes.barh([middle], [share.reached], height=16, color=LIGHT[roles[share.name]], zorder=2)
            axes.plot([share.aimed] * 2, [middle - 11, middle + 11], color=LIGHT["text"], lw=2, zorder=3)
            axes.annotate(
                "\n".join(names[index]),
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
