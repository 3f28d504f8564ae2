"""`postgrad store verify` and `postgrad store gc`."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from postgrad.pipeline import manifest
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.lineage import reachable
from postgrad.pipeline.runs import read_record, registered
from postgrad.pipeline.store import Artifact, Damaged, Store
from postgrad.support.errors import Mistake

WORK_DAYS = 14
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Finding:
    """One damaged artifact: what is wrong with it, and where it was moved (None if it was left)."""

    key: str
    step: str
    what: tuple[str, ...]
    moved_to: Path | None


@dataclass(frozen=True)
class Removal:
    """One thing that `gc` removes, or would: its path, why, and its size in bytes."""

    path: Path
    why: str
    bytes: int


def _nothing(done: int, total: int) -> None:
    pass


def verify(store: Store, *, mend: bool = True, on_progress: Callable[[int, int], None] = _nothing) -> list[Finding]:
    """Hash every artifact again and name what is truncated, altered or missing.

    With `mend`, where the store takes writing, a damaged artifact is moved aside to `damaged/`; the next run makes it
    anew, and what was made from it stays if the new one holds the same. `on_progress(done, total)` counts artifacts.
    """
    findings = []
    with said_plainly(f"verifying the store {store.root}"), store.using():
        keys = store.keys()
        for number, key in enumerate(keys, start=1):
            with store.lease(key):
                found = store.look(key)
                what, step = _damage(found)
                if found and what:
                    moved = store.set_aside(Damaged(key, found.folder, what[0])) if mend and store.writable else None
                    findings.append(Finding(key, step, tuple(what), moved))
            on_progress(number, len(keys))
    return findings


def _damage(found: Artifact | Damaged | None) -> tuple[list[str], str]:
    if found is None:  # removed meanwhile
        return [], ""
    if isinstance(found, Damaged):
        return [found.what], (manifest.read(found.folder)[0] or {}).get("step", "?")
    return manifest.full_damage(found.folder, found.manifest), found.manifest["step"]


def gc(store: Store, *, dry_run: bool = True, work_days: float = WORK_DAYS) -> list[Removal]:
    """Remove what no run folder refers to, directly or as an ancestor. A dry run only says what would go.

    Also goes: what killed processes left half made, damaged artifacts, and the work of unfinished steps that nobody has
    touched for `work_days`. Failure if a run is using the store, since it may be about to refer to something.
    """
    with said_plainly(f"cleaning the store {store.root}"), store.alone():
        removals = _garbage(store, work_days)
        if not dry_run:
            for removal in removals:
                _remove(store, removal.path)
            for path in (store.root / "locks").iterdir():  # nobody holds one while we are alone
                _remove(store, path)
    return removals


def _garbage(store: Store, work_days: float) -> list[Removal]:
    root = store.root
    removals: list[Removal] = []
    referred: set[str] = set()
    gone: list[Path] = []
    for record, folder in registered(store).items():
        try:
            referred |= {said["key"] for said in read_record(folder)["steps"]}
        except Mistake:  # the run folder is no more
            gone.append(record)
    kept = reachable(store, referred)

    def add(path: Path, why: str) -> None:
        removals.append(Removal(path, why, size_of(path)))

    for path in sorted((root / "artifacts").iterdir()):
        if path.name not in kept:
            add(path, "no run refers to it")
    for path in sorted((root / "plans").iterdir()):
        if path.name.startswith(".") or store.planned(path.name) not in kept:
            add(path, "it leads to no artifact that is kept")
    for path in sorted((root / "work").iterdir()):
        if path.name in kept and store.folder(path.name).is_dir():
            add(path, "its step is finished")
        elif time.time() - newest(path) > work_days * DAY_SECONDS:
            add(path, f"unfinished, and untouched for {work_days:g} days")
    for name, why in (("temporary", "half made"), ("damaged", "damaged")):
        for path in sorted((root / name).iterdir()):
            add(path, why)
    for path in gone:
        add(path, "its run folder is gone")
    for path in [*root.glob(".*"), *(root / "runs").glob(".*")]:
        add(path, "half written")
    return removals


def _remove(store: Store, path: Path) -> None:
    if path.parent.name == "artifacts":
        # Out of artifacts/ in one move first: it is there whole or not at all, whatever happens meanwhile.
        path = path.rename(store.root / "temporary" / path.name)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_dir() and not path.is_symlink():
        return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())
    return path.lstat().st_size


def newest(path: Path) -> float:
    """When a folder, or anything in it, was last changed (seconds since 1970)."""
    return max([path.stat().st_mtime, *(file.lstat().st_mtime for file in path.rglob("*"))])
