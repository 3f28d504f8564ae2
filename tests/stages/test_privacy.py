"""What a redaction removes is nowhere: not in the store, the run folder, the cards or the report."""

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.cli.main import main
from postgrad.support.errors import Mistake

from .making import Place

SECRETS = ("jane.doe@example.org", "631-555-4867", "+44 20 7946 0018")


@pytest.fixture
def private(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    """A source in which personal data is planted, and a key of its own."""
    monkeypatch.setenv("POSTGRAD_PSEUDONYM_KEY", str(tmp_path / "keys" / "pseudonym.key"))
    path = place.folder / "sums.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for number, row in enumerate(rows):
        asked = f" Write to {SECRETS[0]}." if number % 2 else f" Call {SECRETS[1 + number % 3 // 2]}."
        row["question"] += asked
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def everything(folder: Path) -> str:
    """All that the files below a folder say, tables decoded."""
    said = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            said.append(str(pq.read_table(path).to_pylist()))
        elif path.is_file():
            said.append(path.read_bytes().decode("latin-1"))
    return "\n".join(said)


def test_nothing_that_was_redacted_is_left_anywhere(private: Place) -> None:
    options = ("--set", "curate.redact.email=pseudonym", "--set", "curate.redact.phone=replace", "--until", "sft")
    assert main(private.command(*options)) == 0
    said = everything(private.store) + everything(private.out)
    for secret in SECRETS:
        assert secret not in said
    assert "<phone>" in said and "<email-" in said


def test_the_same_search_finds_what_is_kept(private: Place) -> None:
    assert main(private.command("--until", "sft")) == 0
    said = everything(private.store)
    assert all(secret in said for secret in SECRETS[:2])


def test_the_key_is_in_no_file_and_another_key_gives_other_pseudonyms(private: Place) -> None:
    options = ("--set", "curate.redact.email=pseudonym", "--until", "sft")
    assert main(private.command(*options)) == 0
    key = Path(os.environ["POSTGRAD_PSEUDONYM_KEY"])
    said = everything(private.store) + everything(private.out)
    assert key.read_bytes().decode("latin-1") not in said and key.read_bytes().hex() not in said
    before = private.hashes()["read.sums"]
    key.unlink()
    assert main(private.command(*options)) == 0
    assert private.hashes()["read.sums"] != before


def test_a_key_beside_the_data_that_it_protects_is_a_mistake(
    private: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTGRAD_PSEUDONYM_KEY", str(private.store / "pseudonym.key"))
    assert main(private.command("--set", "curate.redact.email=pseudonym")) == Mistake.exit_code
    assert "with the data that it protects" in capsys.readouterr().err
    assert not (private.store / "pseudonym.key").exists()
    assert main(["plan", str(private.recipe), "--store", str(private.store), "--set",
                 "curate.redact.email=pseudonym"]) == 0  # fmt: skip
    assert not (private.store / "pseudonym.key").exists()


def test_a_plan_makes_no_key_and_knows_what_a_run_would_do(
    private: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Path(os.environ["POSTGRAD_PSEUDONYM_KEY"])
    planned = ["plan", str(private.recipe), "--store", str(private.store), "--set", "curate.redact.email=pseudonym",
               "--json"]  # fmt: skip

    def in_store() -> dict[str, bool]:
        assert main(planned) == 0
        return {row["step"]: row["cached"] for row in json.loads(capsys.readouterr().out)["steps"]}

    assert not any(in_store().values()) and not key.parent.exists()
    assert main(private.command("--set", "curate.redact.email=pseudonym", "--until", "sft")) == 0
    capsys.readouterr()
    assert in_store()["read.sums"] and in_store()["sft"]
    key.unlink()
    there = in_store()
    assert there["base"] and not there["read.sums"] and not there["sft"] and not key.exists()


@pytest.mark.parametrize("said", ["curate.redact.email=report", "sources.sums.legal_basis=consent", None])
def test_the_run_folder_of_rows_of_people_is_its_owners_alone(
    private: Place, no_report: None, said: str | None
) -> None:
    before = os.umask(0o022)
    try:
        assert main(private.command("--until", "sft", *(("--set", said) if said else ()))) == 0
    finally:
        os.umask(before)
    assert private.out.stat().st_mode & 0o777 == (0o700 if said else 0o755)
