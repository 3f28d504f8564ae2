"""How wide words are in a picture, and where they break so as to fit: at spaces, after underscores and slashes."""

import re
import warnings
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

PIECE = re.compile(r" *(?:[^ _/]+[_/]*|[_/]+)")
FONT = "DejaVu Sans"
"""What measures. It is wider than most fonts that a page is read in, so what fits in it fits."""


@lru_cache(maxsize=4096)
def width(words: str, size: float, bold: bool = False) -> float:
    """In pixels, at this font size."""
    font = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        return float(text_to_path.get_text_width_height_descent(words, font, ismath=False)[0])


def broken(words: str, size: float, room: float, bold: bool = False) -> list[str]:
    """The words in lines no wider than `room`; a piece that alone is wider breaks where the room ends."""
    lines = [""]
    for piece in PIECE.findall(words):
        if lines[-1] and width(lines[-1] + piece, size, bold) > room:
            lines.append("")
        piece = piece if lines[-1] else piece.lstrip(" ")
        while len(piece) > 1 and width(lines[-1] + piece, size, bold) > room:
            fits = max((n for n in range(1, len(piece)) if width(piece[:n], size, bold) <= room), default=1)
            lines[-1], piece = piece[:fits], piece[fits:]
            lines.append("")
        lines[-1] += piece
    return lines
