"""The cards that a real run writes: every source and the mixture, counts that agree with the steps, nothing sealed."""

import json
import re
import shutil

from .making import SECRET, Place

SOURCES = {"sums", "shapes"}


def test_a_run_writes_a_card_of_every_source_and_of_the_mixture(finished: Place) -> None:
    cards = finished.out / "cards"
    names = {f"{name}{suffix}" for name in (*SOURCES, "mixture") for suffix in (".md", ".croissant.json")}
    assert {path.name for path in cards.iterdir()} == names
    for path in cards.iterdir():
        text = path.read_text()
        assert SECRET not in text and "sums_new" not in text and str(finished.folder) not in text
    counts = json.loads((finished.artifacts()["mixture"] / "counts.json").read_text())
    card = (cards / "mixture.md").read_text()
    row = next(line for line in card.splitlines() if line.startswith("| mixture |"))
    found = [int(re.sub(r"\D", "", cell) or 0) for cell in row.split("|")[2:5]]
    assert found == [counts["rows_in"], counts["rows_made"], counts["rows_kept"]]


def test_cards_that_are_lost_are_written_again(finished: Place) -> None:
    cards = finished.out / "cards"
    before = {path.name: path.read_bytes() for path in cards.iterdir()}
    shutil.rmtree(cards)
    assert finished.run()[0].ran == 0
    assert {path.name: path.read_bytes() for path in cards.iterdir()} == before
