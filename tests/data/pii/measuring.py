"""Precision and recall on the labelled set, kind by kind; `python -m data.pii.measuring [SPLIT]` in tests/ prints them.

A found place is right if it overlaps a labelled one of its kind, a labelled place is found if a found one of its kind
overlaps it; `exact` is the share of labelled places found to the character.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.data.pii.find import find
from postgrad.data.pii.kinds import KINDS, Found, Redaction

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "SE", "CH", "AT", "BE", "BR", "IN", "AU",
           "IE", "NZ", "NO", "DK", "FI", "GR", "PT", "RU", "MX", "ZA", "NG")
SET = Path(__file__).parent / "labelled.jsonl"


@dataclass(frozen=True, slots=True)
class Figures:
    labelled: int
    found: int
    right: int
    reached: int
    exact: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.reached / self.labelled if self.labelled else 1.0


def lines(split: str) -> list[dict[str, Any]]:
    every = map(json.loads, SET.read_text(encoding="utf-8").splitlines())
    return [line for line in every if line["split"] == split]


def found_in(line: dict[str, Any]) -> list[Found]:
    names = tuple(line.get("names", ()))
    wanted = {kind: "replace" for kind in KINDS if names or kind != "name"}
    return find(line["text"], Redaction(wanted, REGIONS, names))


def misses(split: str) -> Iterator[tuple[str, str, dict[str, Any], tuple[int, int]]]:
    """("missed" or "wrong", kind, line, place)"""
    for line in lines(split):
        found = [(one.start, one.end, one.kind) for one in found_in(line)]
        spans = [tuple(span) for span in line["spans"]]
        for what, these, those in (("missed", spans, found), ("wrong", found, spans)):
            for start, end, kind in these:
                if not any(k == kind and s < end and start < e for s, e, k in those):
                    yield what, kind, line, (start, end)


def measure(split: str) -> dict[str, Figures]:
    labelled: Counter[str] = Counter()
    found: Counter[str] = Counter()
    exact: Counter[str] = Counter()
    for line in lines(split):
        places = {(one.start, one.end, one.kind) for one in found_in(line)}
        found.update(kind for _, _, kind in places)
        labelled.update(kind for _, _, kind in line["spans"])
        exact.update(kind for start, end, kind in line["spans"] if (start, end, kind) in places)
    bad = Counter((what, kind) for what, kind, _, _ in misses(split))
    return {kind: Figures(labelled[kind], found[kind], found[kind] - bad["wrong", kind],
                          labelled[kind] - bad["missed", kind], exact[kind]) for kind in KINDS}


def main() -> None:
    split = sys.argv[1] if len(sys.argv) > 1 else "dev"
    for kind, figures in measure(split).items():
        print(f"{kind:14} {figures.labelled:4} precision {figures.precision:.3f} recall {figures.recall:.3f} "
              f"exact {figures.exact / figures.labelled if figures.labelled else 1:.3f}")
    if split == "dev":
        for what, kind, line, (start, end) in sorted(misses(split), key=lambda one: one[:2]):
            text, around = line["text"], slice(max(0, start - 60), end + 40)
            print(f"{what} {kind} «{text[start:end]}» in {text[around]!r} {line.get('names', '')}")


if __name__ == "__main__":
    main()
