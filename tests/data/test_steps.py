"""The steps on real folders: conservation, provenance, resilience to any order, from raw lines to the mixture."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import tokenizers

from postgrad.data import steps
from postgrad.pipeline import Resources
from postgrad.records.tables import read_records
from postgrad.records.types import Example, LedgerEntry, Origin, Problem
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashed_items import hash_items, write_hashed_items

TEST_ITEM = "A farmer has 17 sheep and buys 12 more sheep at the market; how many sheep does the farmer have now?"


def chat(prompt: str, answer: str) -> str:
    return json.dumps({"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]})


LINES = [
    *(chat(f"What is {i} plus {i + 1}?", f"It is {2 * i + 1}.") for i in range(40)),
    chat("What is 3 plus 4?", "It  is 7."),  # 40: a duplicate of row 3, longer as written
    "{broken",  # 41
    chat(TEST_ITEM, "29"),  # 42: contaminated
    chat("Mail jane@example.com about it", "Done, call 631-555-4867."),  # 43
    chat("Say nothing", " "),  # 44: blank answer
]


def run(step: Any, out: Path, inputs: dict[str, Path], config: dict[str, Any]) -> dict[str, Any]:
    out.mkdir(parents=True)
    step(inputs, config, Resources(out, out.with_suffix(".work"), "key", 1))
    counts = json.loads((out / "counts.json").read_text())
    assert counts["rows_in"] + counts["rows_made"] == counts["rows_kept"] + counts["rows_dropped"]
    dropped = [entry for entry in ledger(out) if entry.action == "drop"]
    assert len(dropped) == counts["rows_dropped"] == sum(counts["by_reason"].values())
    return counts


def ledger(folder: Path) -> list[LedgerEntry]:
    return list(read_records(folder / "ledger.parquet", LedgerEntry))


def examples(folder: Path) -> list[Example]:
    return list(read_records(folder / "examples.parquet", Example))


def base(tmp_path: Path) -> Path:
    """A base with a tokenizer of one token a character, so that trained tokens can be counted by eye."""
    folder = tmp_path / "base" / "model"
    folder.mkdir(parents=True)
    letters = {chr(code): code for code in range(32, 127)} | {"\n": 10, "<eos>": 0, "<unk>": 1}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(letters, unk_token="<unk>"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("[\\s\\S]"), "isolated")
    tokenizer.add_special_tokens(["<eos>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<eos>"}))
    return folder.parent


def sources(tmp_path: Path) -> dict[str, Path]:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "sums.jsonl").write_text("\n".join(LINES))
    (raw / "more.jsonl").write_text("".join(chat(f"Name a colour, number {i}", "red" * 5) + "\n" for i in range(20)))
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    items = [("x", [TEST_ITEM]), *((str(i), [f"item {i} has nothing to do with rows " * 3]) for i in range(99))]
    write_hashed_items(tasks / "farm.hashed.parquet", hash_items("farm", items, ngram=8, unseen=True))
    return {"sums": raw / "sums.jsonl", "more": raw / "more.jsonl", "tasks": tasks, "base": base(tmp_path)}


DECONTAMINATE = {"ngram": 8, "overlap": 0.5, "rows": "drop", "source_limit": 0.02, "above_limit": "stop",
                 "unseen_above_limit": None}
NOTHING = {"treatments": {}, "regions": ["US"], "presidio": None}
REPLACED = {**NOTHING, "treatments": {"email": "replace", "phone": "replace"}}
AS_IT_IS = {"filter": {}, "redact": NOTHING, "template": "tulu"}
EXACT = {"exact": True, "near": None, "turns": "all"}
MIX = {
    "priorities": {"math": 3.0, "colours": 1.0},
    "sources": {},
    "amount": 1000,
    "share": 1.0,
    "max_epochs": 2,
    "seed": 7,
    "unit": "tokens",
    "left_out": [],
    "template": "tulu",
}


def curate(tmp_path: Path) -> tuple[Path, dict[str, Path]]:
    given = sources(tmp_path)
    out = tmp_path / "out"
    for name, capability in (("sums", "math"), ("more", "colours")):
        counts = run(
            steps.read_source,
            out / f"read.{name}",
            {"file": given[name], "base": given["base"]},
            {
                "source": {"name": name, "licence": "MIT", "capability": capability},
                "filter": {"min_chars": 1, "max_tokens": 500},
                "redact": REPLACED,
                "template": "tulu",
            },
        )
        if name == "sums":
            assert counts["by_reason"] == {"blank turn": 1, "broken JSON": 1}
            assert counts["changed"] == {"email replaced": 1, "phone replaced": 1}
    read = {"a": out / "read.sums", "b": out / "read.more"}
    run(steps.deduplicate, out / "unique", read, {"priorities": MIX["priorities"], **EXACT})
    run(steps.decontaminate, out / "clean", {"rows": out / "unique", "tasks": given["tasks"]}, DECONTAMINATE)
    run(steps.mix, out / "mixed", {"rows": out / "clean", "base": given["base"]}, MIX)
    return out, given


def test_from_raw_lines_to_the_mixture_every_row_is_accounted_for(tmp_path: Path) -> None:
    out, given = curate(tmp_path)
    file = hashlib.sha256(given["sums"].read_bytes()).hexdigest()
    ends = {
        entry.origin.row: (folder, entry.reason)
        for folder in ("read.sums", "unique", "clean")
        for entry in ledger(out / folder)
        if entry.action == "drop" and entry.origin.source == "sums"
    }
    assert ends == {
        41: ("read.sums", "broken JSON"),
        44: ("read.sums", "blank turn"),
        3: ("unique", "duplicate"),
        42: ("clean", "overlaps a task"),
    }
    kept = {row.parents[0]: row for row in examples(out / "clean")}
    assert kept[Origin("sums", file, 40)].parents == (Origin("sums", file, 40), Origin("sums", file, 3))
    assert kept[Origin("sums", file, 43)].messages[0].content == "Mail <email> about it"
    for path in out.rglob("*"):
        if path.suffix == ".parquet":
            assert "jane@" not in str(pq.read_table(path).to_pylist())
        elif path.is_file():
            assert b"jane@" not in path.read_bytes()


def test_the_mixture_has_the_shares_and_copies_that_its_table_says(tmp_path: Path) -> None:
    out, _ = curate(tmp_path)
    rows = examples(out / "mixed")
    table = {part["source"]: part for part in json.loads((out / "mixed/mixture.json").read_text())["parts"]}
    trained = lambda row: sum(len(m.content) + 1 for m in row.messages if m.role == "assistant")
    for name, aim, longest in (("sums", 750, 25), ("more", 250, 16)):
        mine = [row for row in rows if row.source == name]
        assert sum(map(trained, mine)) == table[name]["tokens"] and aim - longest < table[name]["tokens"] <= aim
        assert len({row.parents for row in mine}) == table[name]["rows"]
    made = [entry for entry in ledger(out / "mixed") if entry.action == "make"]
    assert len(made) == len(rows) - len({row.parents for row in rows}) > 0


def test_the_files_do_not_depend_on_the_order_of_inputs(tmp_path: Path) -> None:
    out, given = curate(tmp_path)
    again = tmp_path / "again"
    read = {"b": out / "read.sums", "a": out / "read.more"}
    run(steps.deduplicate, again / "unique", read, {"priorities": MIX["priorities"], **EXACT})
    run(steps.decontaminate, again / "clean", {"tasks": given["tasks"], "rows": again / "unique"}, DECONTAMINATE)
    run(steps.mix, again / "mixed", {"rows": again / "clean", "base": given["base"]}, MIX)
    assert (again / "mixed/examples.parquet").read_bytes() == (out / "mixed/examples.parquet").read_bytes()
    assert (again / "mixed/mixture.json").read_bytes() == (out / "mixed/mixture.json").read_bytes()


def test_problems_go_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    texts = [f"Question {i} of mine?" for i in range(10)] + [TEST_ITEM, "Question 3  of mine?"]
    path.write_text("".join(json.dumps({"question": text, "answer": "#### 1"}) + "\n" for text in texts))
    tasks = sources(tmp_path)["tasks"]
    out = tmp_path / "out"
    source = {"name": "q", "licence": "MIT", "capability": "math", "kind": "problems"}
    run(steps.read_source, out / "f", {"file": path}, {"source": source, **AS_IT_IS})
    run(steps.deduplicate, out / "d", {"f": out / "f"}, {"priorities": {"math": 1.0}, **EXACT})
    run(steps.decontaminate, out / "c", {"d": out / "d", "t": tasks}, DECONTAMINATE)
    counts = run(steps.mix, out / "m", {"c": out / "c"}, {**MIX, "unit": "rows", "amount": 4})
    assert counts["by_reason"] == {"beyond its share": 6}
    assert len(list(read_records(out / "m/problems.parquet", Problem))) == 4


def test_a_source_above_the_limit_stops_with_its_name_and_share(tmp_path: Path) -> None:
    out, given = curate(tmp_path)
    with pytest.raises(Failure, match=r"sources.sums: 1.0% of the items of task farm"):
        run(
            steps.decontaminate,
            out / "again",
            {"rows": out / "unique", "tasks": given["tasks"]},
            {**DECONTAMINATE, "source_limit": 0.005},
        )
    counts = run(
        steps.decontaminate,
        out / "gone",
        {"rows": out / "unique", "tasks": given["tasks"]},
        {**DECONTAMINATE, "source_limit": 0.005, "above_limit": "drop_source"},
    )
    assert counts["by_source"]["sums"] == {"made": 0, "kept": 0, "dropped": 42}
    findings = json.loads((out / "gone/findings.json").read_text())
    assert findings["examples"] == [] and "farmer" not in json.dumps(findings)


def test_a_source_without_any_usable_row_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n" * 3)
    with pytest.raises(Mistake, match=r"a\.jsonl:1: missing field \(messages\), and none of 3 rows can be used; .*s$"):
        source = {"name": "s", "licence": "MIT", "format": "messages"}
        run(steps.read_source, tmp_path / "out", {"file": path}, {"source": source, **AS_IT_IS})


def test_a_missing_input_is_a_failure_and_not_an_empty_artifact(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no input holds"):
        run(steps.deduplicate, tmp_path / "out", {"rows": tmp_path}, {"priorities": {}, **EXACT})
