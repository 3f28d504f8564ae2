"""`postgrad redact` on files: what it writes, what it leaves alone, and what it says of mistakes."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.cli.main import main

LINES = [
    '{"text": "write to jane@example.com",   "n": 1}',
    '{"text":"nothing here"  , "n":2.0}',
    '{"text": "MRN 883412", "other": "883412 again, jane@example.com"}',
    '{"a": "jane@example.com", "a": "hidden"}',
    "not json",
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(LINES) + "\n")
    return path


def redact(rows: Path, *words: str) -> int:
    return main(["redact", "--input", str(rows), "--out", str(rows.parent / "out"), *words])


def kept(rows: Path) -> Sequence[str]:
    return (rows.parent / "out" / "kept.jsonl").read_text().splitlines()


def test_findings_go_other_rows_stay_byte_for_byte_and_nothing_written_holds_them(rows: Path) -> None:
    assert redact(rows) == 0
    out = rows.parent / "out"
    assert list(map(json.loads, kept(rows))) == [
        {"text": "write to <email>", "n": 1}, {"text": "nothing here", "n": 2.0},
        {"text": "MRN <record_number>", "other": "<record_number> again, <email>"}]
    assert kept(rows)[1] == LINES[1]
    report = json.loads((out / "report.json").read_text())
    assert {name: report[name] for name in ("rows_in", "rows_kept", "rows_dropped", "by_reason", "found")} == {
        "rows_in": 5, "rows_kept": 3, "rows_dropped": 2, "by_reason": {"broken JSON": 1, "doubled key": 1},
        "found": {"email": 2, "record_number": 2}}
    ledger = pq.read_table(out / "ledger.parquet").to_pylist()
    assert {(row["origin"]["row"], row["action"], row["reason"]) for row in ledger} == {
        (0, "change", "email replaced"), (2, "change", "email replaced"), (2, "change", "record_number replaced"),
        (3, "drop", "doubled key"), (4, "drop", "broken JSON")}
    for file in out.iterdir():
        assert b"jane@" not in file.read_bytes() and b"883412" not in file.read_bytes()


def test_treatments_by_kind(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert redact(rows, "--kind", "all=keep", "--kind", "email=drop") == 0
    assert kept(rows) == [LINES[1]]
    assert redact(rows, "--kind", "email=pseudonym", "--key", str(rows.parent / "key")) == 0
    marks = {word for line in kept(rows) for word in line.replace('"', " ").split() if word.startswith("<email-")}
    assert len(marks) == 1
    capsys.readouterr()
    assert redact(rows, "--report-only", "--json") == 0
    assert json.loads(capsys.readouterr().out)["found"] == {"email": 2, "record_number": 1}
    assert kept(rows) == LINES[:3]


def test_one_field_alone(rows: Path) -> None:
    rows.write_text("\n".join(LINES[:3]) + "\n")
    assert redact(rows, "--field", "text") == 0
    assert json.loads(kept(rows)[2]) == {"text": "MRN <record_number>", "other": "883412 again, jane@example.com"}


def test_a_field_is_the_heading_of_its_value(rows: Path) -> None:
    for row in ({"mrn": "1234567"}, {"patientId": 771204}):
        rows.write_text(json.dumps(row) + "\n")
        for words in ((), ("--field", next(iter(row)))):
            assert redact(rows, *words) == 0
            assert json.loads(kept(rows)[0]) == dict.fromkeys(row, "<record_number>")


def test_nothing_secret_goes_into_the_object_store_of_ray(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names, packed = rows.parent / "names.txt", rows.with_suffix(".csv")
    names.write_text("Anna Smith\n")
    packed.write_text("text\nhello\n")
    for path, words in ((rows, ("--names", str(names))), (rows, ("--kind", "email=pseudonym")), (packed, ())):
        assert redact(path, "--ray", "local", "--key", str(rows.parent / "key"), *words) == 2
        assert "object store" in capsys.readouterr().err


def test_names_of_a_file(rows: Path) -> None:
    names = rows.parent / "names.txt"
    names.write_text("Anna Smith\n")
    rows.write_text('{"text": "Mrs Smith and Anna Smith"}\n')
    assert redact(rows, "--names", str(names)) == 0
    assert kept(rows) == ['{"text":"Mrs <name> and <name>"}']


def test_the_same_rows_with_any_number_of_workers(rows: Path) -> None:
    rows.write_text("".join(f'{{"text": "row {n} jane{n}@example.com"}}\n' for n in range(50)))
    assert redact(rows, "--workers", "1") == 0
    alone = kept(rows)
    assert redact(rows, "--workers", "2") == 0
    assert kept(rows) == alone


def test_what_was_not_looked_for_is_said(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = rows.parent / "names.txt"
    names.write_text("Anna Smith\n")
    for words, said in (((), "not looked for: name (names are looked for with --names FILE or --presidio MODEL)\n"),
                        (("--kind", "iban=keep", "--json"), "not looked for: iban, name (names"),
                        (("--names", str(names)), ""), (("--names", str(names), "--kind", "ip=keep"),
                                                        "not looked for: ip\n")):
        assert redact(rows, *words) == 0
        error = capsys.readouterr().err
        assert error.startswith(said) and bool(error) == bool(said)


def test_that_no_row_is_left_is_said_last(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows.write_text("\n".join([LINES[0], LINES[2], LINES[4]]) + "\n")
    assert redact(rows, "--kind", "email=drop") == 0
    assert capsys.readouterr().err.splitlines()[-1] == "no row is left (broken JSON: 1, holds email: 2)"
    rows.write_text("\n".join(LINES) + "\n")
    assert redact(rows, "--kind", "email=drop") == 0
    assert "no row" not in capsys.readouterr().err
    assert kept(rows) == [LINES[1]]


@pytest.mark.parametrize(("words", "said"), [
    (["--kind", "emial=drop"], "email"), (["--kind", "email"], "email=replace"), (["--kind", "email=burn"], "burn"),
    (["--names", "/none"], "cannot be read"), (["--region", "XX"], "numbering plan"),
    (["--kind", "name=replace"], "names"),
])
def test_mistakes(rows: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert redact(rows, *words) == 2
    line = capsys.readouterr().err
    assert said in line and line.count("\n") == 1


def test_a_key_within_the_output_is_refused(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert redact(rows, "--kind", "email=pseudonym", "--key", str(rows.parent / "out" / "key")) == 2
    assert "with the data" in capsys.readouterr().err
