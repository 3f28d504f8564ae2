"""What a row went into is found by its lineage, and goes; a search of every byte, which knows no lineage, agrees."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.pipeline import Artifact, Config, File, Inputs, Resources, Step, Store, execute, write_run
from postgrad.pipeline.erasure import erase, erasure, origins_of
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Example, Message, Origin, Preference, content_id
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import hash_file

NOTES = ("Ada has a sore knee", "Bela drinks tea", "Cora is left out", "Bela drinks tea")
OTHER = ("nothing is known of Dora",)


def example(text: str, origin: Origin) -> Example:
    messages = (Message("user", "what is known?"), Message("assistant", text))
    return Example(content_id(messages), (origin,), messages, origin.source, "MIT", "notes")


def read(inputs: Inputs, config: Config, resources: Resources) -> None:
    path = inputs["file"]
    rows = [example(text, Origin(config["source"], hash_file(path), number))
            for number, text in enumerate(path.read_text().splitlines())]
    write_records(resources.out / "examples.parquet", Example, rows)


def join(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Rows that say the same become one, whose parents are all of theirs."""
    kept: dict[str, Example] = {}
    for row in read_records(inputs["rows"] / "examples.parquet", Example):
        seen = kept.get(row.content_id)
        parents = (*seen.parents, *row.parents) if seen else row.parents
        kept[row.content_id] = Example(row.content_id, parents, row.messages, row.source, row.licence, row.capability)
    write_records(resources.out / "examples.parquet", Example, kept.values())


def mix(inputs: Inputs, config: Config, resources: Resources) -> None:
    rows = read_records(inputs["rows"] / "examples.parquet", Example)
    kept = [row for row in rows if "left out" not in row.messages[1].content]
    write_records(resources.out / "examples.parquet", Example, kept)


def train(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Weights that remember every word."""
    tables = [table for path in inputs.values() for table in path.glob("*.parquet")]
    words = [str(row) for table in tables for row in pq.read_table(table).to_pylist()]
    (resources.out / "model").mkdir()
    (resources.out / "model" / "model.safetensors").write_text("\n".join(words))


def answer(inputs: Inputs, config: Config, resources: Resources) -> None:
    (resources.out / "answers.txt").write_text((inputs["model"] / "model" / "model.safetensors").read_text())


def pair(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Pairs from prompts of another source; the answers are the model's."""
    said = (inputs["answers"] / "answers.txt").read_text()
    prompt = (Message("user", "what do you know?"),)
    made = Preference("x", (Origin("prompts", "p" * 64, 0),), prompt, "prompts", "MIT", "notes", said, "nothing")
    write_records(resources.out / "preferences.parquet", Preference, [made])


def plan(folder: Path) -> list[Step]:
    notes = Step("read.notes", read, {"source": "notes"}, {"file": File(folder / "notes.txt")})
    other = Step("read.other", read, {"source": "other"}, {"file": File(folder / "other.txt")})
    joined = Step("join", join, {}, {"rows": notes})
    mixed = Step("mix", mix, {}, {"rows": joined})
    first = Step("first", train, {"n": 1}, {"rows": mixed}, stage="first")
    answers = Step("answers", answer, {}, {"model": first}, stage="first")
    pairs = Step("pairs", pair, {}, {"answers": answers}, stage="second")
    second = Step("second", train, {"n": 2}, {"model": first, "pairs": pairs}, stage="second")
    alone = Step("alone", train, {"n": 3}, {"rows": other}, stage="alone")
    return [second, alone]


@pytest.fixture
def made(tmp_path: Path, store: Store) -> dict[str, Artifact]:
    return carried_out(tmp_path, store)


def carried_out(folder: Path, store: Store, notes: tuple[str, ...] = NOTES) -> dict[str, Artifact]:
    (folder / "notes.txt").write_text("\n".join(notes) + "\n")
    (folder / "other.txt").write_text("\n".join(OTHER) + "\n")
    steps = plan(folder)
    done = execute(steps, store)
    write_run(folder / "run", store, steps, done, {})
    (folder / "run" / "report.html").write_text("a page")
    return done


def steps_of(store: Store, *words: str) -> set[str]:
    return {held.step for held in erasure(store, origins_of(store, words)).artifacts}


def holding(root: Path, text: str) -> set[Path]:
    """Files below a folder that hold a text, as bytes or in a table."""
    found = set()
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            table = pq.read_table(path).to_pylist() if path.suffix == ".parquet" else ""
            if text.encode() in path.read_bytes() or text in str(table):
                found.add(path)
    return found


def test_all_that_came_of_a_row_is_named(store: Store, made: dict[str, Artifact]) -> None:
    assert steps_of(store, "notes:0") == {"read.notes", "join", "mix", "first", "answers", "pairs", "second"}
    assert steps_of(store, "other:0") == {"read.other", "alone"}


def test_a_row_that_the_mixture_left_out_is_in_no_weights(store: Store, made: dict[str, Artifact]) -> None:
    assert steps_of(store, "notes:2") == {"read.notes", "join"}


def test_a_duplicate_lives_on_in_the_row_that_stands_for_it(
    store: Store, made: dict[str, Artifact], tmp_path: Path
) -> None:
    found = erasure(store, origins_of(store, ["notes:3"]))
    assert [origin.row for origin in found.same] == [1]
    assert {place.origin.row for place in found.places} == {1, 3}
    assert {place.path for place in found.places} == {tmp_path / "notes.txt"}
    assert {held.step for held in found.models} == {"first", "second"}
    assert {held.step: held.how for held in found.artifacts}["second"] == "made of it"


@pytest.mark.parametrize("row", range(4))
def test_nothing_of_the_row_is_left(store: Store, made: dict[str, Artifact], tmp_path: Path, row: int) -> None:
    text = NOTES[row]
    (store.root / "work" / "k").mkdir()
    (store.root / "work" / "k" / "completions.journal").write_text(f"half of an answer: {text}")
    found = erasure(store, origins_of(store, [f"notes:{row}"]))
    named = [*(held.folder for held in found.artifacts), *found.unknown]
    before = holding(store.root, text)
    assert before and all(any(path.is_relative_to(folder) for folder in named) for path in before)
    erase(store, found)
    assert not holding(store.root, text) and not holding(tmp_path / "run", text)
    assert not (tmp_path / "run" / "report.html").exists() and (tmp_path / "run" / "run.json").exists()
    assert holding(store.root, OTHER[0])
    rest = tuple(line for line in NOTES if line != text)
    carried_out(tmp_path, store, rest)
    assert not holding(store.root, text) and holding(store.root, rest[0])


def test_erasing_twice_finds_nothing_more(store: Store, made: dict[str, Artifact]) -> None:
    found = erasure(store, origins_of(store, ["notes:0"]))
    erase(store, found)
    again = erasure(store, found.origins)
    assert not again.artifacts and not again.unknown and not again.places


def test_other_runs_of_the_store_are_named_too(store: Store, made: dict[str, Artifact], tmp_path: Path) -> None:
    steps = plan(tmp_path)
    write_run(tmp_path / "elsewhere", store, steps, {"second": made["second"]}, {})
    write_run(tmp_path / "apart", store, steps, {"alone": made["alone"]}, {})
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert {run.name for run in found.runs} == {"run", "elsewhere"}
    assert {copy.path.name for copy in found.copies} == {"report.html", "stages"}


def test_the_account_quotes_no_row(store: Store, made: dict[str, Artifact]) -> None:
    assert NOTES[0] not in str(erasure(store, origins_of(store, ["notes:0"])).json())


def test_a_store_in_use_is_left_alone(store: Store, made: dict[str, Artifact]) -> None:
    found = erasure(store, origins_of(store, ["notes:0"]))
    with store.using(), pytest.raises(Failure, match="using the store"):
        erase(store, found)
    assert holding(store.root, NOTES[0])


@pytest.mark.parametrize(("word", "what"), [
    ("notes", "is no origin"), ("notes:x", "is no origin"), ("notes:a:b:1", "is no origin"),
    ("note:1", "sources there are"),
    ("notes:fff:1", "no rows of such a file")])
def test_what_is_no_origin_is_said(store: Store, made: dict[str, Artifact], word: str, what: str) -> None:
    with pytest.raises(Mistake, match=what):
        origins_of(store, [word])


def test_a_source_of_two_files_asks_which(store: Store, made: dict[str, Artifact], tmp_path: Path) -> None:
    carried_out(tmp_path, store, ("another text",))
    with pytest.raises(Mistake, match="2 files"):
        origins_of(store, ["notes:0"])
    file = hash_file(tmp_path / "notes.txt")
    assert origins_of(store, [f"notes:{file[:8]}:0"]) == (Origin("notes", file, 0),)
    assert origins_of(store, ["notes:0"], {file}) == (Origin("notes", file, 0),)
