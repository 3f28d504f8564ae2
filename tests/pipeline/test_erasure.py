"""What a row went into is found by its lineage, and goes; a search of every byte, which knows no lineage, agrees."""

import json
from collections.abc import Iterable
from pathlib import Path
from shutil import copytree

import pyarrow.parquet as pq
import pytest

from postgrad.data.deduplicate import DUPLICATE, NEAR_DUPLICATE
from postgrad.data.deduplicate_tables import OTHER_TRUTH
from postgrad.pipeline import Artifact, Config, File, Inputs, Resources, Step, Store, execute, verify, write_run
from postgrad.pipeline.erasure import MAY, Erasure, erase, erasure, origins_of
from postgrad.pipeline.row_lineage import SAYS_THE_SAME
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Example, LedgerEntry, Message, Origin, Preference, content_id
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import hash_file

NOTES = ("Ada has a sore knee", "Bela drinks tea", "Cora is left out", "Bela drinks tea")
OTHER = ("nothing is known of Dora",)


def example(text: str, origin: Origin) -> Example:
    messages = (Message("user", "what is known?"), Message("assistant", text))
    return Example(content_id(messages), (origin,), messages, origin.source, "MIT", "notes")


def curated(out: Path, rows: Iterable[Example], *dropped: tuple[Origin, str]) -> None:
    """A table of rows with its ledger."""
    write_records(out / "examples.parquet", Example, rows)
    entries = [LedgerEntry(origin, "part", "drop", reason) for origin, reason in dropped]
    write_records(out / "ledger.parquet", LedgerEntry, entries)


def read(inputs: Inputs, config: Config, resources: Resources) -> None:
    path = inputs["file"]
    origins = [Origin(config["source"], hash_file(path), number) for number in range(1000)]
    rows = [example(text, origin) for text, origin in zip(path.read_text().splitlines(), origins, strict=False)]
    empty = [(row.parents[0], "is empty") for row in rows if not row.messages[1].content]
    curated(resources.out, [row for row in rows if row.messages[1].content], *empty)


def join(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Rows that say the same, blanks aside, become one whose parents are all of theirs; so do letters."""
    kept: dict[str, Example] = {}
    dropped = []
    for name in sorted(inputs):
        for row in read_records(inputs[name] / "examples.parquet", Example):
            text = " ".join(row.messages[1].content.split())
            key = "letter" if text.startswith("letter") else text
            if seen := kept.get(key):
                same = " ".join(seen.messages[1].content.split()) == text
                dropped.append((row.parents[0], DUPLICATE if same else NEAR_DUPLICATE))
                kept[key] = Example(seen.content_id, (*seen.parents, *row.parents), seen.messages, seen.source,
                                    seen.licence, seen.capability)
            else:
                kept[key] = row
    curated(resources.out, kept.values(), *dropped)


def mix(inputs: Inputs, config: Config, resources: Resources) -> None:
    rows = list(read_records(inputs["rows"] / "examples.parquet", Example))
    gone = [row for row in rows if "left out" in row.messages[1].content]
    curated(resources.out, [row for row in rows if row not in gone], *((row.parents[0], "left out") for row in gone))


def compare(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Drops Ada, and shows her row beside a task."""
    rows = list(read_records(inputs["rows"] / "examples.parquet", Example))
    gone = [row for row in rows if "Ada" in row.messages[1].content]
    curated(resources.out, [row for row in rows if row not in gone], *((row.parents[0], "overlaps") for row in gone))
    shown = [{"source": row.source, "file": row.parents[0].file, "row": row.parents[0].row,
              "text": row.messages[1].content} for row in gone]
    (resources.out / "findings.json").write_text(json.dumps({"examples": shown, "overlaps": []}))


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


def carried_out(
    folder: Path, store: Store, notes: tuple[str, ...] = NOTES, *, other: tuple[str, ...] = OTHER,
    run: Path | None = None,
) -> dict[str, Artifact]:
    folder.mkdir(exist_ok=True)
    (folder / "notes.txt").write_text("\n".join(notes) + "\n")
    (folder / "other.txt").write_text("\n".join(other) + "\n")
    steps = plan(folder)
    done = execute(steps, store)
    run = run or folder / "run"
    write_run(run, store, steps, done, {})
    (run / "report.html").write_text("a page")
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


@pytest.mark.parametrize("row", [0, 2])
def test_erasing_twice_finds_nothing_more(store: Store, made: dict[str, Artifact], row: int) -> None:
    found = erasure(store, origins_of(store, [f"notes:{row}"]))
    erase(store, found)
    again = erasure(store, found.origins)
    assert not again.artifacts and not again.unknown and not again.copies


def gone_with(store: Store, found: Erasure, *texts: str) -> None:
    """Erase, and search every byte."""
    for text in texts:
        assert holding(store.root, text)
    erase(store, found)
    for text in texts:
        assert not holding(store.root, text)


def test_what_says_the_same_goes_wherever_it_stands(store: Store, tmp_path: Path) -> None:
    """In a chain of its own, which nothing compared with the row's."""
    carried_out(tmp_path, store, other=("nothing is known of Dora", NOTES[0]))
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert {(one.source, one.row) for one in found.same} == {("other", 1)}
    assert {"read.other", "alone"} <= {held.step for held in found.artifacts}
    assert {(place.path.name, place.origin.row) for place in found.places} == {("notes.txt", 0), ("other.txt", 1)}
    gone_with(store, found, NOTES[0])


def test_what_says_the_same_as_what_says_the_same_goes_too(store: Store, tmp_path: Path) -> None:
    """A row of one source, its duplicate with other blanks in a second, and that one's copy in a third."""
    wide = "Ada  has a  sore knee"
    (tmp_path / "third.txt").write_text(f"{wide}\n")
    carried_out(tmp_path, store, other=(wide,))
    notes, other = (Step(f"read.{name}", read, {"source": name}, {"file": File(tmp_path / f"{name}.txt")})
                    for name in ("notes", "other"))
    third = Step("read.third", read, {"source": "third"}, {"file": File(tmp_path / "third.txt")})
    execute([Step("join.all", join, {"n": 2}, {"a": notes, "b": other}), third], store)
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert {(one.source, one.row) for one in found.same} == {("other", 0), ("third", 0)}
    gone_with(store, found, NOTES[0], wide)


def test_a_near_duplicate_is_named_apart_and_stays(store: Store, tmp_path: Path) -> None:
    letters = ("letter: Fay, you have a cold", "letter: Gil, you have a cold")
    carried_out(tmp_path, store, letters)
    third = tmp_path / "third.txt"
    third.write_text(letters[1] + "\n")
    execute([Step("read.third", read, {"source": "third"}, {"file": File(third)})], store)
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert not found.same and [(one.source, one.row) for one in found.near] == [("notes", 1)]
    assert "read.third" not in {held.step for held in found.artifacts}
    assert found.json()["near_text"] and {place.origin.row for place in found.places} == {0, 1}
    gone_with(store, found, letters[0])
    assert holding(store.root, letters[1])


def test_the_reasons_are_those_that_deduplication_gives() -> None:
    assert (DUPLICATE, OTHER_TRUTH[DUPLICATE]) == SAYS_THE_SAME


def test_a_row_that_findings_show_is_held_by_them(store: Store, tmp_path: Path, made: dict[str, Artifact]) -> None:
    notes = Step("read.notes", read, {"source": "notes"}, {"file": File(tmp_path / "notes.txt")})
    compared = Step("compare", compare, {}, {"rows": notes})
    mixed = Step("mix.compared", mix, {"n": 2}, {"rows": compared})
    at_once = Step("at once", train, {"n": 4}, {"rows": compared}, stage="at once")
    execute([mixed, Step("later", train, {"n": 5}, {"rows": mixed}, stage="later"), at_once], store)
    found = erasure(store, origins_of(store, ["notes:0"]))
    hows = {held.step: held.how for held in found.artifacts}
    assert hows["compare"] == "holds" and hows["at once"] == MAY and not hows.keys() & {"mix.compared", "later"}
    gone_with(store, found, NOTES[0])
    assert holding(store.root, NOTES[1])
    assert not erasure(store, found.origins).artifacts


def test_what_has_lost_its_parent_may_hold_the_row(store: Store, made: dict[str, Artifact], tmp_path: Path) -> None:
    table = made["mix"].folder / "examples.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(content)
    assert [finding.step for finding in verify(store)] == ["mix"]
    found = erasure(store, origins_of(store, ["notes:0"]))
    hows = {held.step: held.how for held in found.artifacts}
    assert {step for step in hows if hows[step] == MAY} == {"first", "answers", "pairs", "second"}
    assert {held.step for held in found.models} == {"first", "second"} and "alone" not in hows
    assert {copy.path.name for copy in found.copies} == {"report.html", "stages"}
    gone_with(store, found, NOTES[0])


def test_damage_in_place_may_hold_anything(store: Store, made: dict[str, Artifact]) -> None:
    """Seen by the sizes alone, and not moved aside by anybody."""
    weights = made["first"].folder / "model" / "model.safetensors"
    weights.write_text(weights.read_text() + "cut")
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert found.unknown == [made["first"].folder]
    assert {held.step: held.how for held in found.artifacts}["second"] == MAY
    gone_with(store, found, NOTES[0])


def test_unfinished_work_stays_if_nothing_that_it_is_done_from_has_the_row(
    store: Store, made: dict[str, Artifact], tmp_path: Path
) -> None:
    """A training that was killed over each of the two models, and a reading of a file that nobody has read."""
    (tmp_path / "third.txt").write_text("nobody knows")
    third = Step("third", killed, {}, {"file": File(tmp_path / "third.txt")})
    other = Step("read.other", read, {"source": "other"}, {"file": File(tmp_path / "other.txt")})
    alone = Step("alone", train, {"n": 3}, {"rows": other}, stage="alone")
    after = [Step("after alone", killed, {}, {"model": alone}), third, Step("no inputs", killed, {}),
             Step("after both", killed, {}, {"one": alone, "other": plan(tmp_path)[0]})]
    begun = {}
    for step in after:
        before = set((store.root / "work").iterdir())
        with pytest.raises(KeyboardInterrupt):
            execute([step], store)
        (begun[step.name],) = set((store.root / "work").iterdir()) - before
        (store.root / "temporary" / begun[step.name].name).mkdir()
    found = erasure(store, origins_of(store, ["notes:0"]))
    doubtful = {"third", "no inputs", "after both"}
    assert {(path.parent.name, path.name) for path in found.unknown} == {
        (folder, begun[name].name) for folder in ("work", "temporary") for name in doubtful}
    erase(store, found)
    assert (begun["after alone"] / "checkpoint").exists() and not begun["after both"].exists()
    assert begun["after alone"] in erasure(store, origins_of(store, ["other:0"])).unknown


def killed(inputs: Inputs, config: Config, resources: Resources) -> None:
    (resources.work / "checkpoint").write_text("half")
    raise KeyboardInterrupt


def test_weights_are_followed_out_of_the_store_and_in_again(
    store: Store, made: dict[str, Artifact], tmp_path: Path
) -> None:
    """Another recipe begins with the model in a run folder, and a third with the second's copy."""
    model = tmp_path / "run" / "model"
    model.mkdir()
    weights = model / "model.safetensors"
    weights.write_bytes((made["first"].folder / "model" / "model.safetensors").read_bytes())
    copied = [Step(f"base {number}", carry, {"n": number}, {"weights": File(model)}) for number in (1, 2)]
    execute([Step("tuned", train, {"n": 9}, {"model": copied[0]}, stage="tuned"), copied[1]], store)
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert {"base 1", "base 2", "tuned"} <= {held.step for held in found.artifacts}
    assert not {"base 1", "base 2", "tuned"} & steps_of(store, "notes:2")
    gone_with(store, found, NOTES[0])


def carry(inputs: Inputs, config: Config, resources: Resources) -> None:
    (resources.out / "model").mkdir()
    (resources.out / "model" / "model.safetensors").write_bytes((inputs["weights"] / "model.safetensors").read_bytes())


def test_what_no_run_wrote_stays(tmp_path: Path) -> None:
    """A run in the folder of the sources, with the store in it."""
    store = Store(tmp_path / ".store")
    mine = {"recipe.yaml": "name: x", ".git/config": "[core]", ".model.notes": "about it", "thoughts/a.txt": "b",
            "errors.log": "none"}
    ours = ("report.html", "scores.json", "model/model.safetensors", "cards/notes.md", "postgrad-error-1-2.log",
            ".cards.half-x1/new/notes.md", ".report.html.half-x2", "stages/.first.17")
    done = carried_out(tmp_path, store, run=tmp_path)
    for name in (*mine, *ours):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(mine.get(name, "a page"))
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert {copy.path.name for copy in found.copies} == {name.partition("/")[0] for name in ours}
    erase(store, found)
    assert all((tmp_path / name).read_text() == text for name, text in mine.items())
    assert not any((tmp_path / name).exists() for name in ours)
    assert (tmp_path / "notes.txt").read_text().splitlines() == list(NOTES) and (tmp_path / "run.json").is_file()
    assert done["alone"].folder.is_dir()


def test_of_a_store_that_was_copied_with_its_run_the_copy_is_meant(tmp_path: Path) -> None:
    carried_out(tmp_path / "here", Store(tmp_path / "here" / "store"))
    copytree(tmp_path / "here", tmp_path / "there", symlinks=True)
    store = Store(tmp_path / "there" / "store")
    found = erasure(store, origins_of(store, ["notes:0"]))
    assert found.runs == [tmp_path / "there" / "run"]
    erase(store, found)
    assert (tmp_path / "here" / "run" / "report.html").exists()
    assert not (tmp_path / "there" / "run" / "report.html").exists()


def test_a_file_that_a_run_read_stays_whatever_it_is_called(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    carried_out(tmp_path, store, run=tmp_path / "run")
    notes = tmp_path / "run" / "cards" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("\n".join(NOTES))
    steps = [Step("read.notes", read, {"source": "notes"}, {"file": File(notes)})]
    write_run(tmp_path / "run", store, steps, execute(steps, store), {})
    found = erasure(store, origins_of(store, [f"notes:{hash_file(notes)}:0"]))
    assert tmp_path / "run" in found.runs and "cards" not in {copy.path.name for copy in found.copies}


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
    ("notes:4", "has row 4 of notes"), ("notes:999999", "check the number"), ("notes:²", "is no origin"),
    (f"notes:{2**63}", "is no origin"), ("notes:" + "1" * 5000, "is no origin"),
    ("notes", "is no origin"), ("notes:x", "is no origin"), ("notes:a:b:1", "is no origin"),
    ("note:1", "sources there are"),
    ("notes:fff:1", "no rows of such a file")])
def test_what_is_no_origin_is_said(store: Store, made: dict[str, Artifact], word: str, what: str) -> None:
    with pytest.raises(Mistake, match=what):
        origins_of(store, [word])


def test_a_row_that_left_where_it_was_read_is_known(store: Store, tmp_path: Path) -> None:
    """Nothing came of it, which is another answer than that there is none."""
    carried_out(tmp_path, store, ("", "Ada has a sore knee"))
    assert not erasure(store, origins_of(store, ["notes:0"])).artifacts


def test_a_source_of_two_files_asks_which(store: Store, made: dict[str, Artifact], tmp_path: Path) -> None:
    carried_out(tmp_path, store, ("another text",))
    with pytest.raises(Mistake, match="2 files"):
        origins_of(store, ["notes:0"])
    file = hash_file(tmp_path / "notes.txt")
    assert origins_of(store, [f"notes:{file[:8]}:0"]) == (Origin("notes", file, 0),)
    assert origins_of(store, ["notes:0"], {file}) == (Origin("notes", file, 0),)
