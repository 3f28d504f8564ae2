"""The cards of a small run whose rows are known (`curated_run`), and Croissant by its reference library."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from curated_run import DEVELOPMENT_TEXT, REPORTED, SECRET_HASH, UNSEEN_TASK, UNSEEN_TEXT, make

from postgrad.inspection import report
from postgrad.inspection.run_folder import read
from postgrad.pipeline import Store
from postgrad.pipeline.runs import open_run
from postgrad.release import card as model_card
from postgrad.release.cards import card_texts, write_cards
from postgrad.release.croissant import CONTEXT

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("mlcroissant") is None, reason="needs the extra `croissant` (mlcroissant)")  # fmt: skip
NAMES = {"alpha.md", "alpha.croissant.json", "beta.md", "beta.croissant.json", "mixture.md", "mixture.croissant.json"}


def english(text: str) -> tuple[str, float]:
    return "en", 1.0


def cells(card: str, first: str) -> list[str]:
    """The cells of the table row that begins with this one."""
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_card_says_where_every_row_went(curated: Path) -> None:
    texts = card_texts(curated, english)
    assert texts.keys() == NAMES
    card = texts["alpha.md"]
    assert cells(card, "read")[1:5] == ["10", "", "9", "broken JSON 1"]
    assert cells(card, "redact personal data")[-1] == "email replaced 1"
    assert cells(card, "mixture")[1:5] == ["6", "1", "6", "beyond its share 1"]
    assert cells(card, "origin")[1] == "https://example.org/alpha"
    assert cells(card, "version")[1] == "2.1"
    assert cells(card, "legal basis for personal data")[1] == "Art. 6(1)(a) GDPR"
    assert cells(card, "email") == ["email", "replace", "1", "2"]
    assert cells(card, "sums")[1:] == ["1", "1 of 10", "10 %", "dropped"]
    assert "[CC-BY-SA-4.0](https://spdx.org/licenses/CC-BY-SA-4.0.html)" in card
    assert "1 of 4 rows left as duplicates (25 %); of these 1 for a row of alpha" in texts["beta.md"]


def test_the_mixture_joins_the_licences_and_names_their_conflict(curated: Path) -> None:
    card = card_texts(curated, english)["mixture.md"]
    assert "**Not for commercial use.**" in card and "not legal advice" in card
    assert re.search(r"\*\*Conflict:\*\* alpha \(CC-BY-SA-4.0\) and beta \(CC-BY-NC-4.0\) do not go", card)
    assert "| beta | CC-BY-NC-4.0 | no commercial use, credit the authors | not given |" in card
    assert 'license: other\nlicense_name: "CC-BY-SA-4.0 AND CC-BY-NC-4.0"\n' in card


def test_no_card_gives_away_an_unseen_task_or_a_person(curated: Path) -> None:
    for name, text in card_texts(curated, english).items():
        for secret in (UNSEEN_TASK, UNSEEN_TEXT, DEVELOPMENT_TEXT, REPORTED, SECRET_HASH, "/home/someone"):
            assert secret not in text, name


def test_samples_are_of_rows_that_may_be_shown(curated: Path) -> None:
    card = card_texts(curated, english)["alpha.md"]
    assert card.count("**user**") == 3
    shown = set(re.findall(r"answer (\d+)", card))
    assert shown <= {"2", "3", "7", "8", "9"} and len(shown) == 3


def test_rows_that_redaction_has_not_been_over_are_not_quoted(tmp_path: Path) -> None:
    texts = card_texts(make(tmp_path, redact=False), english)
    for name in NAMES:
        if name.endswith(".md"):
            assert "Not looked for: the recipe asks for no redaction." in texts[name]
            assert "**user**" not in texts[name] and "question" not in texts[name]


def test_what_was_accepted_stays_on_the_card(tmp_path: Path) -> None:
    accepted = card_texts(make(tmp_path / "a", action="accept"), english)
    assert "Accepted contamination" in accepted["alpha.md"] and "Accepted contamination" in accepted["mixture.md"]
    assert "Accepted contamination" not in accepted["beta.md"] and UNSEEN_TASK not in accepted["alpha.md"]
    assert "Accepted contamination" not in card_texts(make(tmp_path / "b"), english)["alpha.md"]


@pytest.mark.parametrize("action", ["accept", "drop"])
def test_what_was_accepted_stays_on_the_model_card_and_in_the_report(tmp_path: Path, action: str) -> None:
    Store(tmp_path / ".store")
    run = make(tmp_path, action=action)
    said = model_card.card(open_run(run), "sft")
    for text in (said, report.page(read(run))):
        assert ("Accepted contamination" in text) == (action == "accept") and UNSEEN_TEXT not in text
    assert UNSEEN_TASK not in said
    assert "Accepted contamination" not in model_card.card(open_run(run), "base")  # made of none of these rows


def test_texts_that_look_like_markup_stay_texts(curated: Path) -> None:
    record = json.loads((curated / "run.json").read_text())
    hostile = "```\n# not a heading | <b>"
    record["recipe"]["sources"]["beta"] |= {"origin": hostile, "licence": hostile}
    (curated / "run.json").write_text(json.dumps(record))
    text = card_texts(curated, english)["beta.md"]
    assert "\n# not a heading" not in text and "<b>" not in text.split("---\n", 2)[2]
    assert "Do not take it for free." in text


def test_cards_are_written_whole_and_left_alone_when_they_are_the_same(curated: Path) -> None:
    folder = write_cards(curated, english)
    assert folder == curated / "cards" and {path.name for path in folder.iterdir()} == NAMES
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()}
    (curated / ".cards.half-dead").mkdir()
    write_cards(curated, english)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
            for path in folder.iterdir()} == before  # fmt: skip
    assert not list(curated.glob(".cards.*"))
    (folder / "mixture.md").write_text("changed")
    (folder / "stray.md").write_text("does not belong")
    write_cards(curated, english)
    assert {path: path.read_bytes() for path in folder.iterdir()} == {path: one[0] for path, one in before.items()}


def test_dates_are_those_of_the_manifests(tmp_path: Path) -> None:
    for started in ("2025-03-04", "2026-01-02"):
        said = json.loads(card_texts(make(tmp_path / started, started=started), english)["mixture.croissant.json"])
        assert said["datePublished"] == started


def test_a_run_without_rows_has_no_cards(curated: Path) -> None:
    write_cards(curated, english)
    record = json.loads((curated / "run.json").read_text())
    (curated / "run.json").write_text(json.dumps({**record, "steps": []}))
    write_cards(curated, english)
    assert not (curated / "cards").exists()


def dataset(path: Path, **more: Any) -> Any:
    import mlcroissant

    return mlcroissant.Dataset(jsonld=str(path), **more)


@needs_library
def test_the_reference_library_finds_nothing_to_complain_of(curated: Path) -> None:
    from mlcroissant._src.core.rdf import make_context

    folder = write_cards(curated, english)
    for path in sorted(folder.glob("*.json")):
        metadata = dataset(path).metadata
        assert not metadata.ctx.issues.errors and not metadata.ctx.issues.warnings, metadata.ctx.issues.report()
        assert metadata.ctx.is_v1_1()
        assert make_context(metadata.ctx) == CONTEXT


@needs_library
def test_the_reference_library_reads_the_rows_by_the_card(curated: Path) -> None:
    path = write_cards(curated, english) / "mixture.croissant.json"
    said = json.loads(path.read_text())
    (table,) = said["distribution"]
    place = curated.parent / ".store" / table["contentUrl"]
    rows = list(dataset(path, mapping={table["@id"]: str(place)}).records(said["recordSet"][0]["@id"]))
    real = pq.read_table(place).to_pylist()
    text = lambda value: value.decode() if isinstance(value, bytes) else value
    assert [text(row["mixture/content_id"]) for row in rows] == [row["content_id"] for row in real]
    for row, wanted in zip(rows, real, strict=True):
        assert [text(turn["mixture/messages/content"]) for turn in row["mixture/messages"]] == [
            turn["content"] for turn in wanted["messages"]]  # fmt: skip
