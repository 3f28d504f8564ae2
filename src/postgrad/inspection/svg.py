"""matplotlib figure → one inline `<svg>` that takes its colours from the page and tells values on hover or tap.

One unit is one CSS pixel at natural width. Text stays text (searchable, in the page's font). The same figure gives
the same bytes.
"""

import io
import re
import warnings
import xml.etree.ElementTree as ET
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from postgrad.inspection.palette import LIGHT

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "postgrad",
    "font.size": 11,
    "font.family": ["DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": LIGHT["line"],
    "axes.labelcolor": LIGHT["soft"],
    "axes.labelsize": 10,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT["line"],
    "grid.linewidth": 0.8,
    "xtick.color": LIGHT["soft"],
    "ytick.color": LIGHT["soft"],
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": LIGHT["text"],
    "path.simplify": True,
    "text.parse_math": False,
}
COLOURS = {value: f"var(--{name})" for name, value in LIGHT.items()}
POINTS_AN_INCH = 72
TIP = "tip|"

ET.register_namespace("", SVG)


class Plot:
    """A figure of `width` × `height` pixels and the words that its marks say. Use within `drawing()`."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / POINTS_AN_INCH, height / POINTS_AN_INCH), dpi=POINTS_AN_INCH)
        self.figure.patch.set_alpha(0)
        self._tips: list[str] = []
        self._areas: list[tuple[float, float, float, float, str]] = []

    def axes(self, left: float, bottom: float, right: float, top: float) -> Axes:
        """Axes with these margins in pixels."""
        return self.figure.add_axes(
            (
                left / self.width,
                bottom / self.height,
                (self.width - left - right) / self.width,
                (self.height - bottom - top) / self.height,
            )
        )

    def tip(self, words: str) -> str:
        """A `gid` that makes the artist it is given to say `words`."""
        self._tips.append(words)
        return f"{TIP}{len(self._tips) - 1}"

    def area(self, x: float, y: float, width: float, height: float, words: str) -> None:
        """An unseen rectangle (pixels from the top left) that says `words` on hover or tap."""
        self._areas.append((x, y, width, height, words))

    def band(self, axes: Axes, low: float, high: float, words: str) -> None:
        """An area over x from `low` to `high`, as high as the axes. Call when the limits are final."""
        (x0, y0), (x1, y1) = axes.transData.transform([(low, axes.get_ylim()[0]), (high, axes.get_ylim()[1])])
        self.area(x0, self.height - max(y0, y1), x1 - x0, abs(y1 - y0), words)

    def render(self, label: str) -> str:
        """The `<svg>` text; `label` is what a screen reader says of it."""
        buffer = io.StringIO()
        with warnings.catch_warnings():
            # text stays text, so the page's font draws what the measuring font lacks
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            FigureCanvasSVG(self.figure).print_svg(
                buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
            )
        root = ET.fromstring(buffer.getvalue())
        for child in list(root):
            if child.tag == f"{{{SVG}}}metadata":
                root.remove(child)
        root.attrib = {
            "viewBox": f"0 0 {self.width:g} {self.height:g}",
            "role": "img",
            "aria-label": label,
            "style": f"max-width:{self.width * 1.3:.0f}px",
        }
        for element in root.iter():
            self._clean(element)
        for x, y, width, height, words in self._areas:
            ET.SubElement(
                root,
                f"{{{SVG}}}rect",
                {
                    "x": f"{x:.1f}",
                    "y": f"{y:.1f}",
                    "width": f"{width:.2f}",
                    "height": f"{height:.1f}",
                    "class": "area",
                    "data-tip": words,
                },
            )
        return ET.tostring(root, encoding="unicode")

    def _clean(self, element: ET.Element) -> None:
        name = element.attrib.get("id", "")
        if name.startswith(TIP):
            element.set("data-tip", self._tips[int(name.removeprefix(TIP))])
        if re.fullmatch(r"[a-z_0-9]+_\d+", name) or name.startswith(TIP):
            del element.attrib["id"]
        target = element.attrib.pop(f"{{{XLINK}}}href", None)
        if target:
            element.set("href", target)  # without a namespace HTML understands it as well
        style = element.attrib.get("style")
        if style:
            style = re.sub(r"#[0-9a-f]{6}", lambda found: COLOURS.get(found[0], found[0]), style)
            style = re.sub(r"font(?:-family)?: ((?:(?:\d+|bold) )?[\d.]+px )?'[^;]*", _page_font, style)
            element.set("style", style)


def _page_font(found: re.Match[str]) -> str:
    """The page's font in place of the one that measured, in both forms that matplotlib writes."""
    return f"font: {found[1]}var(--font)" if found[1] else "font-family: var(--font)"


def drawing() -> AbstractContextManager[None]:
    """The context in which every plot of the page is drawn: `with drawing(): ...`."""
    return matplotlib.rc_context(STYLE)
