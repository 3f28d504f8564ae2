"""Run folders: `run.json`, and a readable link for each stage. They live anywhere and are registered in the store.

    run.json = {"format", "store": path relative to the run folder, **details,
                "stages": {stage: {"artifact": key, "outputs": hash, **details of the stage}},
                "steps": [{"name", "key", "outputs": hash, "stage": stage or null}],
                "files": [{"path", "files": {relative: sha256}}]}       the user's, as the steps so far have read them
    stages/NAME → the artifact, as a relative symbolic link; where the file system has none, a text file that names it
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.steps import File, Step, in_order
from postgrad.pipeline.store import Artifact, Store
from postgrad.support.errors import ERROR_LOG, Failure, Mistake
from postgrad.support.files import HALF, write_atomically
from postgrad.support.hashing import hash_text
from postgrad.support.json_files import read_json

FORMAT = 2
"""Raised whenever a run folder of before cannot be read as one of now."""
NAME = "run.json"
STAGES, SCORES, REPORT, MODEL, CARDS = "stages", "scores.json", "report.html", "model", "cards"
WRITTEN = (NAME, STAGES, SCORES, REPORT, MODEL, CARDS)
"""All that stands in a run folder by our doing; anything else there is the user's."""


def stage_steps(steps: Iterable[Step]) -> dict[str, str]:
    """For each stage the step that its link shows: the one that bears its name, else its last."""
    found: dict[str, str] = {}
    for step in in_order(steps):
        if step.stage and found.get(step.stage) != step.stage:
            found[step.stage] = step.name
    return found


def write_run(
    folder: Path, store: Store, steps: Iterable[Step], artifacts: Mapping[str, Artifact], details: Mapping[str, Any]
) -> None:
    """Write or renew the run folder's `run.json` and links, and register it, so that `gc` keeps what it refers to.

    `artifacts` are those there are so far: call it after every step done, and an interrupted run keeps its own.
    `details` (JSON: the resolved recipe, versions …; `details["stages"][stage]` holds what there is to say of a stage,
    such as its kind) stand in run.json beside what is written here. Unchanged files are left alone.
    """
    ordered = in_order(steps)
    with said_plainly(f"writing the run folder {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        shown = {stage: name for stage, name in stage_steps(ordered).items() if name in artifacts}
        stage_of = {step.name: step.stage for step in ordered}
        files = _files_read(ordered, artifacts)
        said = details.get("stages", {})
        run = {
            "format": FORMAT,
            "store": os.path.relpath(store.root, folder.resolve()),
            **details,
            "stages": {
                stage: {**said.get(stage, {}), "artifact": artifacts[name].key, "outputs": artifacts[name].outputs_hash}
                for stage, name in shown.items()
            },
            "steps": [
                {"name": name, "key": made.key, "outputs": made.outputs_hash, "stage": stage_of[name]}
                for name, made in artifacts.items()
            ],
            "files": [{"path": str(path), "files": files[path]} for path in sorted(files)],
        }
        _write_if_new(folder / NAME, json.dumps(run, indent=1, allow_nan=False) + "\n")
        links = folder / STAGES
        links.mkdir(exist_ok=True)
        for stage, name in shown.items():
            _link(links / stage, artifacts[name].folder)
        for link in links.iterdir():
            if link.name not in stage_of.values() and not link.name.startswith("."):  # of a recipe before this one
                link.unlink()
        register(folder, store)


def _files_read(steps: Iterable[Step], artifacts: Mapping[str, Artifact]) -> dict[Path, dict[str, str]]:
    """What the user's inputs held when the steps read them, by path; they may have changed or gone since."""
    found = {}
    for step in steps:
        for name, source in step.inputs.items() if step.name in artifacts else ():
            if isinstance(source, File):
                said = artifacts[step.name].manifest["inputs"][name]
                files: dict[str, str] = said["files"]
                if list(files) == [Path(said["path"]).name]:  # a single file, which may be called otherwise here
                    (value,) = files.values()
                    files = {source.path.name: value}
                found[source.path] = files
    return found


def _write_if_new(path: Path, text: str) -> None:
    try:
        if path.read_text() == text:
            return
    except (OSError, ValueError):
        pass  # not there, not readable, not text: writing says what is wrong
    write_atomically(path, text.encode())


def _link(path: Path, target: Path) -> None:
    """Point `path` at `target`, atomically."""
    relative = os.path.relpath(target, path.parent.resolve())
    if path.is_symlink() and str(path.readlink()) == relative:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")  # of our own: another process may be at the same folder
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(relative, target_is_directory=True)
    except OSError:
        # A file system without links (FAT, some shares): say it in words. A full disk is refused again here.
        _write_if_new(path, relative + "\n")
        return
    fresh.replace(path)


def register(folder: Path, store: Store) -> None:
    """Make the run folder known to the store, by its place and by the way there, which holds if both are moved.

    A store that takes no writing is not cleaned either, and need not know it.
    """
    if not store.writable:
        return
    place = str(folder.resolve())
    said = {"folder": place, "from_store": os.path.relpath(place, store.root)}
    _write_if_new(store.root / "runs" / f"{hash_text(place)[:16]}.json", json.dumps(said) + "\n")


def written(folder: Path) -> list[Path]:
    """What runs have written into a run folder besides its `run.json`: whole, half, and what broke."""
    patterns = [*WRITTEN[1:], *(f".{name}.{HALF}*" for name in WRITTEN), ERROR_LOG]
    return sorted(path for pattern in patterns for path in folder.glob(pattern))


@dataclass(frozen=True)
class Run:
    """A run folder as read: where it lies, its `run.json`, and the store that it refers to."""

    folder: Path
    record: dict[str, Any]
    store: Store

    def artifact(self, step: str) -> Artifact:
        """The artifact of a step. Mistake if the run has no such step; Failure if it is gone or damaged."""
        keys = {said["name"]: said["key"] for said in self.record["steps"]}
        if step not in keys:
            mend = f"there are {', '.join(keys)}"
            raise Mistake(f"there is no step {step!r}", where=str(self.folder / NAME), mend=mend)
        return self.store.artifact(keys[step])


def read_record(folder: Path) -> dict[str, Any]:
    """`run.json` as written. Mistake if the folder is no run; Failure if the file is broken or of another version."""
    path = folder / NAME
    try:
        record = read_json(path)
        if record["format"] != FORMAT:
            raise Failure("another version of postgrad wrote this run, and this one cannot read it", where=str(path),
                          mend="run the recipe again, or remove the folder")
        return {"stages": {}, "steps": [], "files": [], **record}
    except (FileNotFoundError, NotADirectoryError):
        mend = "name the folder given to `postgrad run --out`"
        raise Mistake("is no run folder", where=str(folder), mend=mend) from None
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run the recipe again") from error
    except OSError as error:
        mend = "move it away, then run the recipe again"
        raise Failure(f"cannot be read ({error.strerror})", where=str(path), mend=mend) from error


def open_run(folder: Path, store: Path | None = None) -> Run:
    """Read a run folder. `store` is where its store lies now, if it was moved."""
    record = read_record(folder)
    return Run(folder, record, Store.existing(store or (folder.resolve() / record["store"])))


def registered(store: Store) -> dict[Path, Path]:
    """The run folders that the store knows of, by the file that registers them, whether or not they still exist."""
    places = {}
    for path in sorted((store.root / "runs").glob("*.json")):
        try:
            said = read_json(path)
            # The way there first: of a store that was copied with its runs, the copies are meant.
            known = [(store.root / said.get("from_store", said["folder"])).resolve(), Path(said["folder"])]
            places[path] = next((place for place in known if (place / NAME).exists()), known[-1])
        except (ValueError, KeyError, TypeError, OSError):
            raise Failure("cannot be read", where=str(path), mend="remove it and run its recipe again") from None
    return places
