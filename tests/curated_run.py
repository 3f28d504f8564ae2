"""A run folder with a store whose rows are known one by one: what each step did to each is written down here.

alpha.jsonl, CC-BY-SA-4.0, 10 rows          beta.jsonl, CC-BY-NC-4.0, 4 rows
  0 broken JSON                               0 near duplicate of alpha 3
  1 empty turn                                1 an e-mail address reported, not replaced
  2 an e-mail address replaced                2 passes
  3 stands for alpha 4 and beta 0             3 passes
  4 duplicate of alpha 3
  5 overlaps the development task
  6 overlaps an unseen task, kept
  7 beyond its share
  8 in the mixture twice
  9 passes
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from postgrad.records.tables import write_records
from postgrad.records.types import Action, Example, LedgerEntry, Message, Origin, content_id
from postgrad.support.hashing import hash_file, hash_text

LICENCES = {"alpha": "CC-BY-SA-4.0", "beta": "CC-BY-NC-4.0"}
DEVELOPMENT_TEXT, UNSEEN_TEXT, REPORTED = "what is on the development test", "what is sealed", "kim@example.org"
UNSEEN_TASK = "sealed_sums"
SECRET_HASH = hash_text("names to look for")
EPOCHS = 3.0


def text_of(source: str, row: int) -> str:
    """What the user says in that row, as it stands after cleaning."""
    known = {("alpha", 2): "write to <email> for me", ("alpha", 5): DEVELOPMENT_TEXT, ("alpha", 6): UNSEEN_TEXT,
             ("beta", 1): f"ask {REPORTED} about it"}  # fmt: skip
    return known.get((source, row), f"question {row} of {source}")


def origin(source: str, row: int) -> Origin:
    return Origin(source, hash_text(source), row)


def example(source: str, row: int, others: Sequence[tuple[str, int]] = ()) -> Example:
    messages = (Message("user", text_of(source, row)), Message("assistant", f"answer {row}"))
    parents = (origin(source, row), *(origin(*other) for other in others))
    return Example(content_id(messages), parents, messages, source, LICENCES[source], source)


STANDING = {("alpha", 3): [("alpha", 4), ("beta", 0)]}


def make(
    folder: Path, *, redact: bool = True, action: str = "keep", started: str = "2025-03-04"
) -> Path:
    """Write `folder/run` and `folder/.store`; returns the run folder. `action`: what was done about the overlap with
    the unseen task, which is above the limit."""
    made = _Maker(folder, started)
    treatments = {"email": "replace"} if redact else {}
    read = {"alpha": range(1, 10), "beta": range(4)}
    for source, numbers in read.items():
        reading = [_entry(source, 0, "read", "drop", "broken JSON", "at character 3")] if source == "alpha" else []
        cleaning: list[LedgerEntry] = []
        if source == "alpha":
            cleaning = [_entry(source, 1, "filter", "drop", "empty turn"),
                        _entry(source, 2, "redact", "change", "email replaced", "email: 2")]  # fmt: skip
        elif redact:
            cleaning = [_entry(source, 1, "redact", "keep", "email found", "email: 1")]
        file = {"file": {"path": f"/home/someone/{source}.jsonl", "files": {f"{source}.jsonl": hash_text(source)}}}
        file |= {"names": {"path": "/home/someone/names.txt", "files": {"names.txt": SECRET_HASH}}}
        config = {"source": {"name": source, "format": "messages", "licence": LICENCES[source], "origin": ""},
                  "redact": {"treatments": treatments, "regions": ["US"]}}  # fmt: skip
        clean = [row for row in numbers if (source, row) != ("alpha", 1)]
        made.step(f"read.{source}", file, config, clean_rows(source, clean), [*reading, *cleaning])
    kept = [("alpha", row) for row in (2, 3, 5, 6, 7, 8, 9)] + [("beta", row) for row in (1, 2, 3)]
    made.step(
        "deduplicate", {name: f"read.{name}" for name in read}, {}, _examples(kept),
        [_entry("alpha", 3, "deduplicate", "keep", "best of its duplicates", "of 3"),
         _entry("alpha", 4, "deduplicate", "drop", "duplicate", f"of alpha, file {hash_text('alpha')[:12]}, row 3"),
         _entry("beta", 0, "deduplicate", "drop", "near duplicate",
                f"0.912 of alpha, file {hash_text('alpha')[:12]}, row 3")])  # fmt: skip
    kept.remove(("alpha", 5))
    path = made.step(
        "decontaminate", {"rows": "deduplicate"}, {}, _examples(kept),
        [_entry("alpha", 5, "decontaminate", "drop", "overlaps a task", "sums"),
         _entry("alpha", 6, "decontaminate", "keep", "overlaps a task", UNSEEN_TASK)])  # fmt: skip
    (path / "findings.json").write_text(json.dumps(_findings(action)))
    kept.remove(("alpha", 7))
    path = made.step(
        "mixture", {"rows": "decontaminate"}, {}, _examples([*kept, ("alpha", 8)]),
        [_entry("alpha", 7, "mix", "drop", "beyond its share"),
         _entry("alpha", 8, "mix", "make", "epoch 2")])  # fmt: skip
    (path / "mixture.json").write_text(json.dumps({"unit": "tokens", "parts": [
        {"capability": source, "source": source, "rows": rows, "available_rows": rows, "tokens": 10 * rows,
         "available_tokens": 100, "epochs": 1.0, "target_share": 0.5, "reached_share": rows / 8, "left_out": False}
        for source, rows in (("alpha", 5), ("beta", 3))]}))  # fmt: skip
    made.step("sft", {"examples": "mixture"}, {}, [], [])
    return made.finish()


def clean_rows(source: str, numbers: Sequence[int]) -> list[Example]:
    return [example(source, row) for row in numbers]


def _examples(rows: list[tuple[str, int]]) -> list[Example]:
    return [example(*row, STANDING.get(row, ())) for row in rows]


def _entry(source: str, row: int, step: str, action: Action, reason: str, detail: str = "") -> LedgerEntry:
    return LedgerEntry(origin(source, row), step, action, reason, detail)


def _findings(action: str) -> dict[str, Any]:
    pair = {"source_rows": 7, "items": 1, "task_items": 10, "rows": 1, "share": 0.1, "above_limit": True}
    none = {"source_rows": 3, "items": 0, "task_items": 10, "rows": 0, "share": 0.0, "above_limit": False}
    rule = {"ngram": 8, "overlap": 0.5, "rows": "keep", "source_limit": 0.02, "above_limit": "drop_rows",
            "unseen_above_limit": action}  # fmt: skip
    tasks = {"sums": (False, "drop_rows"), UNSEEN_TASK: (True, action)}
    pairs = [
        {"source": source, "task": task, "unseen": unseen, "action": done if source == "alpha" else "keep",
         **(pair if source == "alpha" else none)}
        for source in LICENCES for task, (unseen, done) in tasks.items()]  # fmt: skip
    return {"rule": rule, "overlapping_rows": 2, "pairs": pairs, "examples": []}


class _Maker:
    def __init__(self, folder: Path, started: str) -> None:
        self.folder, self.started = folder, started
        self.steps: list[dict[str, Any]] = []

    def step(
        self, name: str, inputs: dict[str, Any], config: dict[str, Any], rows: list[Example], entries: list[LedgerEntry]
    ) -> Path:
        key = hash_text(name)
        path = self.folder / ".store" / "artifacts" / key
        path.mkdir(parents=True)
        if rows:
            write_records(path / "examples.parquet", Example, rows)
            write_records(path / "ledger.parquet", LedgerEntry, entries)
        told = {one: {"step": given, "key": hash_text(given)} if isinstance(given, str) else given
                for one, given in inputs.items()}  # fmt: skip
        files = sorted(path.iterdir())
        (path / "manifest.json").write_text(json.dumps({
            "step": name, "inputs": told, "config": config, "started": f"{self.started}T10:00:00+00:00",
            "outputs": {file.name: hash_file(file) for file in files},
            "sizes": {file.name: file.stat().st_size for file in files}}))  # fmt: skip
        self.steps.append({"name": name, "key": key, "outputs": hash_text(f"out {name}"), "stage": None})
        return path

    def finish(self) -> Path:
        run = self.folder / "run"
        run.mkdir()
        sources = {
            "alpha": {"path": "/home/someone/alpha.jsonl", "licence": LICENCES["alpha"], "version": "2.1",
                      "origin": "https://example.org/alpha", "legal_basis": "Art. 6(1)(a) GDPR"},
            "beta": {"path": "/home/someone/beta.jsonl", "licence": LICENCES["beta"]}}  # fmt: skip
        (run / "run.json").write_text(json.dumps({
            "format": 2, "store": "../.store", "recipe_hash": hash_text("recipe"), "seal": {"head": "0" * 64},
            "versions": {"postgrad": "0.1.0"}, "files": [], "steps": self.steps, "stages": {"sft": {"kind": "sft"}},
            "recipe": {
                "name": "small", "seed": 5, "sources": sources,
                "stages": [{"name": "sft", "kind": "sft", "epochs": EPOCHS}],
                "capabilities": {name: {"priority": 1.0, "sources": [name]} for name in sources}}}))  # fmt: skip
        return run
