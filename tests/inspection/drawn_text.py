"""Where the words of a drawn picture stand, measured by Pillow."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from PIL import ImageFont

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@dataclass(frozen=True)
class Text:
    words: str
    left: float
    right: float
    y: float


def measured(words: str, size: float, bold: bool) -> float:
    font = ImageFont.truetype(FONTS / f"DejaVuSans{'-Bold' if bold else ''}.ttf", 100)
    return font.getlength(words) * size / 100


def texts(svg: str) -> list[Text]:
    """Level texts, from the top."""
    found = []
    for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        style, place = element.attrib["style"], element.attrib
        if "rotate(-90" in place.get("transform", ""):
            continue
        moved = re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", place.get("transform", ""))
        x, y = map(float, moved.groups() if moved else (place["x"], place["y"]))
        size = re.search(r"([\d.]+)px", style)
        assert size
        words = element.text or ""
        wide = measured(words, float(size[1]), "bold" in style or "700" in style)
        left = x - wide * {"middle": 0.5, "end": 1.0}.get(_anchor(style), 0.0)
        found.append(Text(words, left, left + wide, y))
    return sorted(found, key=lambda one: one.y)


def outside(svg: str) -> list[Text]:
    """Words that stick out of the picture on the left or right by more than a pixel."""
    width = float(ET.fromstring(svg).attrib["viewBox"].split()[2])
    return [one for one in texts(svg) if one.left < -1 or one.right > width + 1]


def overlapping(svg: str, height: float = 9.0) -> list[tuple[Text, Text]]:
    """Pairs of words that stand over each other."""
    found = texts(svg)
    return [(a, b) for index, a in enumerate(found) for b in found[index + 1 :]
            if b.y - a.y < height and a.left < b.right - 1 and b.left < a.right - 1]


def _anchor(style: str) -> str:
    anchor = re.search(r"text-anchor: (\w+)", style)
    return anchor[1] if anchor else ""
