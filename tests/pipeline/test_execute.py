"""What runs and what does not: against plans whose outcome can be said by hand."""

import os
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgrad.data.files import find_files
from postgrad.pipeline import (
    Event,
    File,
    Step,
    Store,
    execute,
    gc,
    missing,
    open_run,
    plan_keys,
    verify,
    write_run,
)
from postgrad.support.errors import Failure, Mistake

from . import plans
from .plans import chain, first_letter, step


def outputs(artifacts) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {name: (artifact.folder / "out.txt").read_text() for name, artifact in artifacts.items()}


def test_a_plan_runs_in_order_and_a_second_time_not_at_all(store: Store, source: Path, ran: list[str]) -> None:
    steps = chain(source)
    done = execute(steps, store)
    assert outputs(done)["step 2"] == "(((one\ntwo\n a) b) c)"
    assert ran == ["a", "b", "c"]
    events: list[Event] = []
    again = execute(steps, Store(store.root), on_event=events.append)
    assert ran == ["a", "b", "c"] and [event.kind for event in events] == ["cached"] * 3
    assert {name: a.key for name, a in again.items()} == {name: a.key for name, a in done.items()}


def test_a_changed_setting_reruns_from_there_on(store: Store, source: Path, ran: list[str]) -> None:
    execute(chain(source, "abc"), store)
    ran.clear()
    execute(chain(source, "axc"), store)
    assert ran == ["x", "c"]


def test_a_changed_step_whose_output_is_the_same_stops_the_rerun(store: Store, source: Path, ran: list[str]) -> None:
    def plan(word: str) -> list[Step]:
        a = step("a", word, inputs={"file": File(source)})
        b = step("b", "letters", first_letter, inputs={"from": a})
        return [a, b, step("c", "last", inputs={"from": b})]

    execute(plan("first"), store)
    ran.clear()
    execute(plan("second"), store)
    assert ran == ["second", "letters"]


def test_equal_work_is_shared_whatever_the_steps_and_folders_are_called(
    store: Store, source: Path, ran: list[str], tmp_path: Path
) -> None:
    execute([step("tune", "w", inputs={"file": File(source)}, stage="x")], store)
    elsewhere = tmp_path / "elsewhere" / "other name.jsonl"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(source.read_bytes())
    execute([step("fit", "w", inputs={"file": File(elsewhere)}, stage="y")], store)
    assert ran == ["w"]


def test_version_config_content_and_numeric_environment_are_in_the_key(
    store: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(**more) -> str:  # type: ignore[no-untyped-def]
        (value,) = plan_keys([step("a", inputs={"file": File(source)}, **more)], store.hash_memory).values()
        return value

    keys = [key(), key(version=2), key(word="b"), key(numeric=True)]
    keys += [key(packages=("scipy",)), key(packages=("pyarrow",)), key(numeric=True, packages=("scipy",))]
    with monkeypatch.context() as patch:
        patch.setattr("postgrad.pipeline.keys.package_version", lambda name: "0.0")
        keys += [key(packages=("scipy",)), key(numeric=True, packages=("scipy",))]
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    keys.append(key(numeric=True))
    assert key() == keys[0]
    source.write_text("one\ntwO\n")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_files_folders_and_patterns_are_read_by_content(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.jsonl").write_text("a")
    (folder / "deep" / "b.jsonl").write_text("b")

    def key(path: Path) -> str:
        return plan_keys([step("a", inputs={"file": File(path)})], store.hash_memory)["a"]

    whole, pattern = key(folder), key(folder / "*.jsonl")
    (folder / "deep" / "b.jsonl").write_text("c")
    assert key(folder) == whole and key(folder / "*.jsonl") == pattern
    (folder / "a.jsonl").write_text("b")
    assert key(folder) != whole and key(folder / "*.jsonl") != pattern
    pattern = key(folder / "*.jsonl")
    (folder / "c.jsonl").write_text("c")
    assert key(folder / "*.jsonl") != pattern
    with pytest.raises(Mistake, match="no such file"):
        key(folder / "nothing.jsonl")
    with pytest.raises(Mistake, match="no file is there"):
        key(folder / "*.parquet")


def test_the_key_covers_the_very_files_that_are_read(store: Store, tmp_path: Path) -> None:
    """Of a folder and of patterns, those in linked folders and at any depth; none that is hidden."""
    folder, linked = tmp_path / "data", tmp_path / "linked"
    for path in (folder / "deep", folder / ".cache", linked):
        path.mkdir(parents=True)
    (folder / "link").symlink_to(linked)
    places = ["a.jsonl", ".hidden.jsonl", "deep/b.jsonl", ".cache/c.jsonl", "link/d.jsonl"]
    for place in places:
        (folder / place).write_text(place)

    def covered(path: Path) -> set[str]:
        """The files on which the key depends."""
        def key() -> str:
            return plan_keys([step("a", inputs={"file": File(path)})], store.hash_memory)["a"]

        found, before = set(), key()
        for place in places:
            (folder / place).write_text(f"{place} changed")
            found |= {place} if key() != before else set()
            (folder / place).write_text(place)
        return found

    for pattern in ("*.jsonl", "**/*.jsonl", "**", "deep/*", ".hidden*"):
        assert covered(folder / pattern) == {str(path.relative_to(folder)) for path in find_files(folder / pattern)}
    assert covered(folder / "**") == {"a.jsonl", "deep/b.jsonl", "link/d.jsonl"}
    assert covered(folder) == {"a.jsonl"} and find_files(folder) == [folder / "a.jsonl"]


def test_clock_readings_are_kept_but_nothing_depends_on_them(store: Store, tmp_path: Path) -> None:
    a = Step("a", timed_step, {}, {}, aside=("metrics.jsonl",))
    first = execute([a], store)["a"]
    second = execute([a], Store(tmp_path / "other"))["a"]
    assert first.manifest["outputs"]["metrics.jsonl"] != second.manifest["outputs"]["metrics.jsonl"]
    assert first.outputs_hash == second.outputs_hash


def timed_step(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    (resources.out / "weights").write_text("same")
    (resources.out / "metrics.jsonl").write_text(str(time.monotonic_ns()))


def failing(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    (resources.out / "half").write_text("half")
    (resources.work / "kept").write_text("kept")
    raise config["error"] if isinstance(config.get("error"), BaseException) else KeyboardInterrupt


def test_an_interrupt_leaves_nothing_half_made_and_keeps_the_work(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        execute([Step("a", failing, {})], store)
    assert not list((store.root / "artifacts").iterdir()) and not list((store.root / "temporary").iterdir())
    assert [path.read_text() for path in (store.root / "work").glob("*/kept")] == ["kept"]


REFUSALS = [
    (28, r"disk is full; .*\(--store\)"), (122, "disk is full"), (13, "not allowed"), (30, "not allowed"),
    (5, "refused .*again"), (21, "move it away"), (17, "move it away"), (40, "name another place")]


@pytest.mark.parametrize(("number", "words"), REFUSALS)
def test_what_the_disk_refuses_is_one_line_with_a_mend(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Failure, match=words) as caught:
        execute([step("a")], store)
    assert "\n" not in str(caught.value) and ";" in str(caught.value)
    assert not list((store.root / "artifacts").iterdir())
    monkeypatch.undo()
    assert outputs(execute([step("a")], store)) == {"a": "(a)"}


def meddling(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    (resources.out / "out.txt").write_text(inputs["file"].read_text())
    inputs["file"].write_text(config["word"])


def test_a_source_that_changes_while_it_is_read_is_a_failure_that_names_it(store: Store, source: Path) -> None:
    with pytest.raises(Failure, match="changed while step 'a' was reading it") as caught:
        execute([Step("a", meddling, {"word": "one\ntwO\n"}, {"file": File(source)})], store)
    assert str(source) in str(caught.value)
    assert not list((store.root / "artifacts").iterdir())


def test_a_source_that_changes_before_its_step_is_a_failure_too(store: Store, source: Path) -> None:
    first = step("first")

    def on_event(event: Event) -> None:
        if event.kind == "done" and event.step is first:
            source.write_text("other")

    with pytest.raises(Failure, match="changed during the run"):
        execute([first, step("a", inputs={"b": first, "file": File(source)})], store, on_event=on_event)


def test_a_truncated_artifact_is_found_moved_aside_and_made_anew(store: Store, source: Path, ran: list[str]) -> None:
    steps = chain(source)
    done = execute(steps, store)
    (done["step 1"].folder / "out.txt").write_text("")
    ran.clear()
    events: list[Event] = []
    again = execute(steps, store, on_event=events.append)
    assert ran == ["b"] and [e.kind for e in events] == ["cached", "damaged", "start", "done", "cached"]
    assert "out.txt has 0 bytes" in events[1].detail
    assert outputs(again) == outputs(execute(steps, Store(store.root)))
    assert len(list((store.root / "damaged").iterdir())) == 1


def test_an_altered_artifact_is_found_before_a_step_reads_it(store: Store, source: Path, ran: list[str]) -> None:
    done = execute(chain(source), store)
    path = done["step 1"].folder / "out.txt"
    path.write_text(path.read_text().upper())
    execute(chain(source), store)  # nothing is to be made, so nothing reads it
    with pytest.raises(Failure, match=r"\(step 1\): out.txt has been altered; it was set aside"):
        execute(chain(source, "abx"), store)
    ran.clear()
    again = execute(chain(source, "abx"), store)
    assert ran == ["b", "x"] and (again["step 2"].folder / "out.txt").read_text() == "(((one\ntwo\n a) b) x)"


def test_folders_in_the_place_of_the_stores_own_files_are_moved_aside(store: Store, ran: list[str]) -> None:
    key = execute([step("a")], store)["a"].key
    (plan,) = (store.root / "plans").iterdir()
    for path in (plan, store.root / "locks" / f"{key}.lock", store.root / "gate.lock"):
        path.unlink(missing_ok=True)
        path.mkdir()
    assert missing([step("a")], store) == {"a": True}
    moved = store.root / "damaged" / "gate.lock-1"
    assert [removal.path for removal in gc(store, dry_run=False)] == [store.folder(key), plan, moved]
    (store.root / "locks" / f"{key}.lock").mkdir()
    plan.mkdir()
    execute([step("a")], store)
    assert missing([step("a")], store) == {"a": False} and verify(store) == []


def test_a_store_that_takes_no_writing_serves_what_it_holds(
    mount: Callable[[str], Path], tmp_path: Path, source: Path, ran: list[str]
) -> None:
    disk = mount("size=4m")
    done = execute(chain(source), Store(disk / "store"))
    (disk / "store" / "damaged").rmdir()
    path = done["step 2"].folder / "out.txt"
    path.write_text(path.read_text().upper())
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    store = Store(disk / "store")
    (finding,) = verify(store)
    assert finding.what == ("out.txt has been altered",) and finding.moved_to is None
    ran.clear()
    os.utime(source, ns=(1, 1))  # what its hash was cannot be looked up, nor remembered
    assert outputs(execute(chain(source), store)) == outputs(done) and ran == []
    write_run(tmp_path / "run", store, chain(source), done, {})
    assert open_run(tmp_path / "run").artifact("step 0") == done["step 0"]
    with pytest.raises(Failure, match="not allowed"):
        execute(chain(source, "abx"), store)


@pytest.mark.parametrize("what", ["gone", "altered", "empty", "no number", "deep"])
def test_a_broken_manifest_is_damage(store: Store, ran: list[str], what: str) -> None:
    path = execute([step("a")], store)["a"].folder / "manifest.json"
    text = path.read_text()
    spoiled = {"altered": text.replace('"a"', '"b"'), "empty": "", "no number": text.replace("null", "NaN"),
               "deep": '{"a":' * 100_000}
    path.unlink() if what == "gone" else path.write_text(spoiled[what])
    execute([step("a")], store)
    assert ran == ["a", "a"] and path.read_text().count('"word": "a"') == 1


def test_only_from_and_until_choose_stages(store: Store, source: Path, ran: list[str]) -> None:
    steps = chain(source, "abcd")
    with pytest.raises(Mistake, match="step 'step 1' has not been run"):
        execute(steps, store, only="stage2")
    execute(steps, store, until="stage1")
    assert ran == ["a", "b"]
    execute(steps, store, only="stage2")
    assert ran == ["a", "b", "c"]
    # What lies in the store already is given too, whether or not it was chosen.
    assert set(execute(steps, store, only="stage2")) == {"step 0", "step 1", "step 2"}
    assert set(execute(steps, store, from_="stage2")) == {"step 0", "step 1", "step 2", "step 3"}
    assert ran == ["a", "b", "c", "d"]
    assert set(execute(steps, store, until="stage0")) == {"step 0", "step 1", "step 2", "step 3"}
    with pytest.raises(Mistake, match="the stages are stage0"):
        execute(steps, store, only="nothing")
    with pytest.raises(Mistake, match="comes after"):
        execute(steps, store, from_="stage2", until="stage1")


def test_a_failure_says_which_stage_it_struck(store: Store) -> None:
    with pytest.raises(Failure) as caught:
        execute([Step("a", exploding, {}, stage="tune")], store)
    assert str(caught.value) == "stage tune: optimiser step 3: the loss is nan; lower the learning rate"
    with pytest.raises(Failure, match=r"^optimiser step 3: the loss"):
        execute([Step("a", exploding, {})], store)


def exploding(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    raise Failure("the loss is nan", where="optimiser step 3", mend="lower the learning rate")


def test_the_folders_that_hold_work_and_artifacts_are_on_the_disk_before_what_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is synced in a folder whose own entry is not can still be lost with it."""
    synced: list[Path] = []
    monkeypatch.setattr("postgrad.pipeline.store.sync", synced.append)
    store = Store(tmp_path / "store")
    assert synced == [store.root.parent, store.root]
    folder = store.work("k" * 64)
    assert synced[2:] == [folder.parent]
    assert store.work("k" * 64) == folder and Store(store.root) and len(synced) == 3


def test_missing_tells_what_would_run(store: Store, source: Path) -> None:
    execute(chain(source, "abc"), store)
    assert missing(chain(source, "axc"), store) == {"step 0": False, "step 1": True, "step 2": True}


def test_the_store_is_its_owners_alone_whatever_the_umask(tmp_path: Path, source: Path) -> None:
    before = os.umask(0)
    try:
        store = Store(tmp_path / "open")
        execute(chain(source), store)
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700
    for path in store.root.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_folder_with_other_things_in_it_does_not_become_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Mistake, match="holds other files"):
        Store(tmp_path)
    with pytest.raises(Mistake, match="no store"):
        Store.existing(tmp_path)


def test_the_manifest_says_what_was_done(store: Store, source: Path) -> None:
    a = step("a", inputs={"file": File(source)}, stage="s")
    manifest = execute([a], store, notes={"seal": "head"})["a"].manifest
    assert manifest["step"] == "a" and manifest["stage"] == "s" and manifest["config"] == {"word": "a"}
    assert manifest["notes"] == {"seal": "head"} and manifest["duration_s"] >= 0
    assert manifest["peak_memory_bytes"] > 1 << 20 and manifest["versions"]["postgrad"]
    assert manifest["inputs"]["file"]["path"] == str(source)


def test_forty_cached_steps_take_half_a_second_at_most(store: Store, source: Path) -> None:
    steps: list[Step] = []
    for number in range(40):
        inputs: dict[str, Step | File] = {"from": steps[-1] if steps else File(source)}
        steps.append(step(f"s{number}", inputs=inputs, numeric=True))
    execute(steps, store)
    started = time.process_time()  # the clock on the wall also measures what else the machine does
    execute(steps, Store(store.root))
    assert time.process_time() - started < 0.5


dags = st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.integers(0, 5), max_size=3), st.booleans()), max_size=6)


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=dags, second=dags)
def test_any_plan_after_any_other_gives_what_it_gives_alone(
    tmp_path_factory: pytest.TempPathFactory, first: list, second: list  # type: ignore[type-arg]
) -> None:
    def plan(dag: list) -> list[Step]:  # type: ignore[type-arg]
        steps: list[Step] = []
        for number, (word, earlier, joins) in enumerate(dag):
            inputs: dict[str, Step | File] = {f"i{n}": steps[n] for n in sorted(earlier) if n < number}
            function = plans.join if joins or not inputs else first_letter
            steps.append(step(f"{number}", word, function, inputs=inputs))
        return steps

    def by_hand(dag: list) -> dict[str, str]:  # type: ignore[type-arg]
        texts: list[str] = []
        for number, (word, earlier, joins) in enumerate(dag):
            given = [texts[n] for n in sorted(earlier) if n < number]
            letters = not joins and given
            texts.append("".join(sorted({t[1] for t in given})) if letters else "(" + " ".join([*given, word]) + ")")
        return {str(number): text for number, text in enumerate(texts)}

    folder = tmp_path_factory.mktemp("dag")
    shared, alone = Store(folder / "shared"), Store(folder / "alone")
    execute(plan(first), shared)
    assert outputs(execute(plan(second), shared)) == outputs(execute(plan(second), alone)) == by_hand(second)
