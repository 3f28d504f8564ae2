"""What the single commands print, held to the things they speak of."""

import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from postgrad.cli.checks import within
from postgrad.cli.main import main
from postgrad.pipeline import Config, Inputs, Resources, Step, Store, execute
from postgrad.support.extras import EXTRAS
from postgrad.support.words import size

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    step: str
    stage: str | None
    what: str
    tokens: int | None
    optimizer_steps: int | None
    flops: float | None
    seconds: float | None
    memory_bytes: int | None
    cached: bool


@dataclass(frozen=True)
class Source:
    source: str
    capability: str
    use: str
    available_rows: float
    rows: float
    tokens: float | None
    epochs: float | None
    share: float | None
    left_out: bool = False


@pytest.fixture
def estimates(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    rows = [
        Row("read.sums", None, "read", None, None, None, 1.0, None, True),
        Row("sft", "sft", "train", 2_000_000, 120, 4.2e15, 300.0, 1_500_000_000, False),
        Row("dpo", "dpo", "train", 500_000, 30, 1e15, 60.0, 2_500_000_000, False),
    ]
    sources = [
        Source("sums", "math", "mixture", 1000.4, 1500, 30_000, 1.5, 0.75),
        Source("tales", "math", "mixture", 300, 0, 0, 0.0, 0.0, left_out=True),
        Source("asks", "math", "pairs", 200, 100, None, 0.5, 1.0),
    ]
    found = SimpleNamespace(steps=rows, sources=sources, mixed=False, notes=["sft: 2 optimiser steps, too few"])
    made = SimpleNamespace(estimate=lambda recipe, store: found)
    monkeypatch.setitem(sys.modules, "postgrad.stages.estimate", made)  # type: ignore[arg-type]
    return rows


def test_plan_shows_every_step_and_what_is_left(estimates: list[Row], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "quickstart"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["read.sums", "sft", "dpo"]
    assert lines[1].endswith("in store")
    assert lines[2].split()[1:] == [
        "train",
        "≈",
        "2,000,000",
        "120",
        "≈",
        "4.20e+15",
        "≈",
        "5",
        "min",
        "00",
        "s",
        "≈",
        "1.5",
        "GB",
    ]
    assert lines[-3:] == [
        "2 of 3 steps to do, ≈ 6 min 00 s, ≈ 5.20e+15 FLOPs, at most ≈ 2.5 GB of memory; 1 in the store already",
        "",
        "note: sft: 2 optimiser steps, too few"]


def test_plan_shows_rows_tokens_and_epochs_of_every_source(
    estimates: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["plan", "quickstart"])
    lines = [line.replace("≈ ", "") for line in capsys.readouterr().out.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("source "))
    assert [line.split() for line in lines[start + 1:start + 4]] == [
        ["sums", "math", "mixture", "1,000", "1,500", "30,000", "1.50", "75.0%"],
        ["tales", "math", "mixture", "300", "left", "out"],
        ["asks", "math", "pairs", "200", "100", "0.50", "100.0%"]]


def test_plan_for_programs(estimates: list[Row], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "quickstart", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [step["step"] for step in told["steps"]] == [row.step for row in estimates]
    assert [source["source"] for source in told["sources"]] == ["sums", "tales", "asks"]
    assert told["sources"][0]["epochs"] == 1.5 and not told["mixed"]
    assert told["notes"] == ["sft: 2 optimiser steps, too few"]
    assert told["left"] == {"seconds": 360.0, "flops": 5.2e15, "memory_bytes": 2_500_000_000}


def test_the_committed_schema_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """`postgrad schema > docs/recipe.schema.json` renews it."""
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs/recipe.schema.json").read_text()


def test_the_committed_tables_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands below the mark in docs/recipe.md is what `postgrad schema --tables` prints."""
    assert main(["schema", "--tables"]) == 0
    _, mark, below = (ROOT / "docs/recipe.md").read_text().partition("<!-- postgrad schema --tables -->\n\n")
    assert mark and below == capsys.readouterr().out


def test_verify_proves_the_verifiers(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "math", "match", "--cases", "5", "--json"])
    told = json.loads(capsys.readouterr().out)
    told = [line for line in told if not line["claim"].startswith("ends within")]      # a busy machine may be late
    assert {line["verifier"] for line in told} == {"math", "match"}
    assert all(line["holds"] and line["tried"] > 0 for line in told)


def test_verify_fails_where_a_verifier_takes_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from postgrad.verifiers import verify

    monkeypatch.setitem(verify.VERIFIERS, "math", SimpleNamespace(VERSION=1, judge=lambda *said: (1.0, {}, "fine")))  # type: ignore[arg-type]
    assert main(["verify", "math", "--cases", "2"]) == 1
    assert "math rejects wrong answers: " in capsys.readouterr().out


def say(inputs: Inputs, config: Config, resources: Resources) -> None:
    (resources.out / "said.txt").write_text(config["word"])


def test_store_lists_verifies_and_clears(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "shelf"
    store = Store(folder)
    made = execute([Step("a", say, {"word": "one"}, {}, 1), Step("b", say, {"word": "three"}, {}, 1)], store)
    where = ["--store", str(folder)]
    assert main(["store", "ls", "--json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["step"], row["key"], row["whole"]) for row in told["artifacts"]] == [
        (name, made[name].key, True) for name in ("a", "b")
    ]
    assert main(["store", "ls", *where]) == 0
    assert "2 artifacts" in capsys.readouterr().out
    assert main(["store", "verify", *where]) == 0
    assert capsys.readouterr().out == "all whole\n"
    (made["a"].folder / "said.txt").write_text("eno")
    assert main(["store", "verify", *where]) == 1
    assert capsys.readouterr().out.startswith(f"{made['a'].key[:12]} a: ")
    assert main(["store", "gc", *where]) == 0  # no run refers to b: said, not done
    assert "would be freed" in capsys.readouterr().out and made["b"].folder.is_dir()
    assert main(["store", "gc", "--yes", *where]) == 0
    assert "removed" in capsys.readouterr().out and not made["b"].folder.exists()


def test_doctor_says_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "--json", "--store", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)
    found = {answer["what"]: answer for answer in told["answers"]}
    assert found["Python"]["found"].startswith(".".join(map(str, sys.version_info[:3])))
    assert "GFLOP/s" in found["matmul rate"]["found"] and str(tmp_path) in found["disk"]["found"]
    assert code == (0 if told["ready"] else 1)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    extras = {name.removeprefix("extra ") for name in found if name.startswith("extra ")}
    assert extras == wanted.keys() == EXTRAS.keys()
    assert "which language a row is in" in found["py3langid"]["found"] and "IFEval" in found["extra languages"]["found"]
    assert all(answer["mend"] for answer in told["answers"] if answer["state"] == "missing")


PARTS = st.lists(st.integers(0, 30), min_size=1, max_size=3).map(lambda numbers: ".".join(map(str, numbers)))


@settings(deadline=None)
@given(PARTS, st.lists(st.tuples(st.sampled_from(["==", ">=", "<=", "<", ">", "!="]), PARTS), max_size=2))
def test_versions_are_compared_as_packaging_does(version: str, wanted: list[tuple[str, str]]) -> None:
    said = ",".join(sign + bound for sign, bound in wanted)
    assert within(version, said) == SpecifierSet(said).contains(version)


def test_a_local_build_is_the_version_it_is_built_from() -> None:
    assert within("2.13.0+cpu", "==2.13.0") and not within("2.12.1+cpu", "==2.13.0")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (150_000, "150 kB"), (999_700, "1.0 MB"), (3_100_000, "3.1 MB"),
     (2.5e12, "2.5 TB")],
)
def test_sizes_are_readable(count: float, text: str) -> None:
    assert size(count) == text
