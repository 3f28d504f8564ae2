"""The section for a data-protection officer says what the artifacts hold, and is there when somebody's data may be."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fake_run import make
from test_report import Outline

from postgrad.inspection import protection, report
from postgrad.inspection.curation import Curation
from postgrad.inspection.run_folder import read
from postgrad.records.tables import write_records
from postgrad.records.types import Example, LedgerEntry, Message, Origin, content_id
from postgrad.support.hashing import hash_file, hash_text

BASIS = "consent of 12 May, <file 7> & “register”"
ENTRIES = [("change", "name pseudonymised", "name: 3")] * 40 + [("change", "phone replaced", "phone: 1")] * 25 + [
    ("keep", "email found", "email: 2")] * 5 + [("drop", "holds national_id", "name: 1, national_id: 2")] * 7


def ranks(repeats: int) -> list[int]:
    return {0: [3, 210, 512, 900], 1: [40, 300, 7, 610], 16: [1, 1, 2, 1]}[repeats]


def canaries() -> dict[str, Any]:
    made: dict[str, Any] = {"stage": "sft", "candidates": 1023, "most": 10.0, "chance": 1.4427, "samples": 4,
                            "confidence": 0.95, "canaries": [], "groups": []}
    for repeats in (0, 1, 16):
        bits = [10 - math.log2(rank) for rank in ranks(repeats)]
        said = repeats == 16
        made["canaries"] += [
            {"number": number, "repeats": repeats, "rank": rank, "exposure": bits[number], "greedy": said and rank == 1,
             "sampled": 4 * said} for number, rank in enumerate(ranks(repeats))]
        share = {"found": 3 * said, "share": 0.75 * said, "low": 0.3 * said, "high": 0.95 if said else 0.49}
        made["groups"].append({"repeats": repeats, "canaries": 4, "exposure": sum(bits) / 4, "low": min(bits),
                               "high": max(bits), "p_value": 1e-9 if said else 0.4, "greedy": share, "sampled": share})
    return made


def protect(run: Path, key: Path) -> Path:
    """Add to a made-up run a redacted source with a legal basis, canaries, and a run without a network."""
    about = json.loads((run / "run.json").read_text())
    store = (run / about["store"]).resolve()
    source = {"path": "/data/notes.jsonl", "licence": "LicenseRef-internal", "legal_basis": BASIS, "origin": "ward 3"}
    about["recipe"]["sources"]["notes"] = source
    about["recipe"]["capabilities"]["math"]["sources"].append("notes")
    about["recipe"].setdefault("curate", {})["redact"] = {
        "name": "pseudonym", "phone": "replace", "email": "report", "national_id": "drop", "iban": "keep"}
    about["network"] = {"mode": "none", "how": "a network namespace of its own", "interfaces": ["lo (down)"],
                        "connect": "192.0.2.1: Network is unreachable", "attempts": 2, "tried": ["example.org"]}
    about.setdefault("seal", {})["openings"] = [
        {"time": "2025-01-07T10:00:00+00:00", "reason": "for <release> 1", "tasks": ["facts_new"]}]
    for name in ("read.notes", "canaries.sft"):
        folder = store / "artifacts" / hash_text(name)
        folder.mkdir()
        inputs = {"pseudonyms": {"path": str(key), "files": {key.name: hash_file(key)}}} if name == "read.notes" else {}
        (folder / "manifest.json").write_text(json.dumps({"step": name, "inputs": inputs, "config": {}}))
        about["steps"].append({"name": name, "key": hash_text(name), "outputs": hash_text(name), "stage": None})
    folder = store / "artifacts" / hash_text("read.notes")
    messages = (Message("user", "q"), Message("assistant", "a"))
    rows = [Example(content_id(messages), (Origin("notes", "f", number),), messages, "notes", "x", "math")
            for number in range(70)]
    write_records(folder / "examples.parquet", Example, rows)
    write_records(folder / "ledger.parquet", LedgerEntry, [
        LedgerEntry(Origin("notes", "f", number), "redact", action, reason, detail)  # type: ignore[arg-type]
        for number, (action, reason, detail) in enumerate(ENTRIES)])
    (folder / "counts.json").write_text(json.dumps({"rows_in": 77, "by_source": {"notes": {}}}))
    (store / "artifacts" / hash_text("canaries.sft") / "canaries.json").write_text(json.dumps(canaries()))
    (run / "run.json").write_text(json.dumps(about))
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("protected")
    (folder / "pseudonym.key").write_bytes(bytes(range(32)))
    made = protect(make(folder, until="sft", items=20), folder / "pseudonym.key")
    (folder / ".store").chmod(0o700)
    made.chmod(0o755)
    return made


def test_what_was_found_is_what_the_ledger_says(run: Path) -> None:
    found = protection.of_run(Curation(read(run)))
    assert found is not None
    rows = Counter({"name": 40 + 7, "phone": 25, "email": 5, "national_id": 7})
    places = Counter({"name": 40 * 3 + 7, "phone": 25, "email": 10, "national_id": 14})
    said = {kind.kind: (kind.rows, kind.places) for kind in found.kinds}
    assert said == {kind: (rows[kind], places[kind]) for kind in rows}
    notes = next(source for source in found.sources if source.name == "notes")
    assert notes.found == places and notes.rows == 77 and notes.basis == BASIS
    assert "bank accounts" in found.not_looked_for and "names" not in found.not_looked_for


def test_the_key_the_folders_and_who_can_read_them(run: Path) -> None:
    found = protection.of_run(Curation(read(run)))
    assert found is not None and found.key is not None
    assert found.key.there and hash_file(Path(found.key.path)).startswith(found.key.fingerprint)
    store, folder = found.places
    assert store.private and "owner alone" in store.access
    assert not folder.private and "755" in folder.access


def test_the_page_says_it_and_is_whole(run: Path) -> None:
    text = report.page(read(run))
    outline = Outline()
    outline.feed(text)
    assert not outline.open and not outline.fetched
    said = " ".join(" ".join(outline.words).split())
    for words in (BASIS, "192.0.2.1: Network is unreachable", "2 attempts", "(example.org)", "for <release> 1",
                  "postgrad data erase", "Redaction is not anonymisation", "3 of 4 said", "chmod 700"):
        assert words in said, words


def test_what_the_model_gives_away_is_promised_only_where_canaries_ran(run: Path, tmp_path: Path) -> None:
    assert "what the model still gives away, and what" in report.page(read(run))
    page = report.page(read(make(tmp_path, until="none")))
    assert "data-protection officer" in page and "still gives away" not in page


def test_kinds_that_were_not_looked_for_are_said_plainly_names_above_all(run: Path, tmp_path: Path) -> None:
    plainly = "<b>Not looked for: "
    assert f"{plainly}dates of birth, record numbers, bank accounts" in report.page(read(run))
    assert "every name in them" not in report.page(read(run))
    page = report.page(read(make(tmp_path, until="none")))
    assert f"{plainly}names, dates of birth" in page and "every name in them, too" in page


def test_a_key_that_was_destroyed_is_said_to_be(run: Path, tmp_path: Path) -> None:
    found = read(run)
    key = Path(protection.of_run(Curation(found)).key.path)  # type: ignore[union-attr]
    before = key.read_bytes()
    try:
        key.write_bytes(bytes(32))
        assert not protection.of_run(Curation(found)).key.there  # type: ignore[union-attr]
        key.unlink()
        assert "not there any more" in report.page(found)
    finally:
        key.write_bytes(before)


def test_a_run_without_personal_data_has_no_such_section(tmp_path: Path) -> None:
    made = make(tmp_path, until="none")
    about = json.loads((made / "run.json").read_text())
    about["recipe"]["curate"] = {}
    (made / "run.json").write_text(json.dumps(about))
    assert protection.of_run(Curation(read(made))) is None
    assert "data-protection officer" not in report.page(read(made))


def test_a_legal_basis_alone_brings_the_section(tmp_path: Path) -> None:
    made = make(tmp_path, until="none")
    about = json.loads((made / "run.json").read_text())
    about["recipe"]["curate"] = {}
    next(iter(about["recipe"]["sources"].values()))["legal_basis"] = "contract"
    (made / "run.json").write_text(json.dumps(about))
    found = protection.of_run(Curation(read(made)))
    assert found is not None and not found.kinds and "Nothing was looked for" in report.page(read(made))
