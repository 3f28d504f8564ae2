"""The figures in docs/privacy.md are those that the detectors have."""

import re
from pathlib import Path

from data.pii.measuring import Figures, measure
from postgrad.data.pii.kinds import KINDS

DOCUMENT = Path(__file__).parents[3] / "docs" / "privacy.md"


def test_the_table_says_what_is_measured() -> None:
    said = {row[0]: row[1:] for line in DOCUMENT.read_text().splitlines()
            if (row := re.findall(r"[\w.]+", line)) and len(row) == 9 and row[0] in KINDS}
    halves = [measure("dev"), measure("test")]

    def cells(figures: Figures) -> list[str]:
        exact = figures.exact / figures.labelled
        return [str(figures.labelled), *(f"{share:.2f}" for share in (figures.precision, figures.recall, exact))]

    assert said == {kind: [*cells(halves[0][kind]), *cells(halves[1][kind])] for kind in KINDS}
