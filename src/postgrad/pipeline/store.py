"""The store: finished work under the keys of what it was made from. Readable by its owner alone.

    store.json            the format's number
    artifacts/KEY/        whole artifacts, each with its manifest.json; KEY is the resolved key
    plans/PLANKEY         the resolved key that a plan key came to
    work/KEY/             journals and checkpoints of unfinished steps; made_from.json says from what
    temporary/KEY/        artifacts in the making
    damaged/KEY-N/        artifacts that were found damaged, moved aside
    runs/ID.json          where run folders lie; what they refer to is kept by `gc`
    locks/, users/, gate.lock      leases (leases.py)
    hashes.json           hashes of the user's files, remembered
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from postgrad.pipeline import leases, manifest
from postgrad.pipeline.failures import said_plainly
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import sync, sync_tree, write_atomically
from postgrad.support.hashing import FileHashes
from postgrad.support.json_files import read_json

FORMAT = 1
KEY = re.compile(r"[0-9a-f]{64}")
MADE_FROM = "made_from.json"
FOLDERS = ("artifacts", "plans", "work", "temporary", "damaged", "runs", "locks", "users")
OWNER_FOLDER, OWNER_FILE = 0o700, 0o600


@dataclass(frozen=True)
class Artifact:
    """A step's finished output: its resolved key, its folder, and its manifest as read."""

    key: str
    folder: Path
    manifest: manifest.Manifest

    @property
    def outputs_hash(self) -> str:
        """The hash of what later steps depend on."""
        return str(self.manifest["outputs_hash"])

    @property
    def bytes(self) -> int:
        return sum(self.manifest["sizes"].values())


@dataclass(frozen=True)
class Damaged:
    """An artifact that is there and cannot be used: `what` is wrong with it."""

    key: str
    folder: Path
    what: str


def store_path(option: str | None, run_folder: Path | None = None) -> Path:
    """Where the store lies: `--store`, else POSTGRAD_STORE, else `.store` beside the run's folder (or right here)."""
    said = option or os.environ.get("POSTGRAD_STORE")
    if said:
        return Path(said).expanduser().absolute()
    return (run_folder.absolute().parent if run_folder else Path.cwd()) / ".store"


class Store:
    """A store at `root`, made if it is not there. Mistake if other things lie there; Failure if the disk refuses."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        with said_plainly(f"opening the store {self.root}", "--store"):
            self._prepare()

    @classmethod
    def existing(cls, root: Path) -> "Store":
        """The store at `root`; Mistake if there is none."""
        if not (root / "store.json").is_file():
            mend = "say where it is with --store, or make one with `postgrad run`"
            raise Mistake("there is no store", where=str(root), mend=mend)
        return cls(root)

    def _prepare(self) -> None:
        mark = self.root / "store.json"
        if self.root.exists() and not self.root.is_dir():
            raise Mistake("is no folder", where=str(self.root), mend="name a folder for the store")
        if not mark.exists():
            if self.root.is_dir() and any(not path.name.startswith(".") for path in self.root.iterdir()):
                if not mark.exists():  # another process may have made it between the two looks
                    raise Mistake("is no store and holds other files", where=str(self.root), mend="name another folder")
            else:
                self.root.mkdir(parents=True, exist_ok=True)
                self.root.chmod(OWNER_FOLDER)
                sync(self.root.parent)
                write_atomically(mark, json.dumps({"format": FORMAT}).encode())
        try:
            said = read_json(mark).get("format")
        except (ValueError, AttributeError):
            said = "unreadable"
        if said != FORMAT:
            raise Failure(f"the store's format is {said}, wanted {FORMAT}", where=str(mark), mend="name another store")
        absent = [folder for name in FOLDERS if self.writable and not (folder := self.root / name).is_dir()]
        for folder in absent:
            folder.mkdir(mode=OWNER_FOLDER, exist_ok=True)
        if absent:
            sync(self.root)

    @cached_property
    def hash_memory(self) -> FileHashes:
        """Hashes of the user's files, remembered between runs."""
        return FileHashes(self.root / "hashes.json")

    # Leases

    def using(self) -> AbstractContextManager[None]:
        """Hold while relying on anything in the store: nothing is cleaned away meanwhile."""
        return self._held(leases.using(self.root / "users", self._own_file("gate.lock")))

    def alone(self) -> AbstractContextManager[None]:
        """Hold while removing things. Failure if a run is using the store."""
        return leases.alone(self.root / "users", self._own_file("gate.lock"))

    def lease(self, key: str, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """Hold while working on the artifact of that key."""
        return self._held(leases.lease(self._own_file(f"locks/{key}.lock"), on_wait))

    def _held(self, lock: AbstractContextManager[None]) -> AbstractContextManager[None]:
        """The lock; none in a store that takes no writing, such as an archive: it has no place for one."""
        return lock if self.writable else nullcontext()

    @property
    def writable(self) -> bool:
        """Whether this process may write into the store."""
        return os.access(self.root, os.W_OK)

    def _own_file(self, name: str) -> Path:
        """The path of a file of the store's own. A folder that has come to lie there is moved aside."""
        path = self.root / name
        if path.is_dir() and self.writable:
            path.rename(self._aside(path.name))
        return path

    def _aside(self, name: str) -> Path:
        """A free place in `damaged/`."""
        number = 1
        while (target := self.root / "damaged" / f"{name}-{number}").exists():
            number += 1
        return target

    # Looking

    def folder(self, key: str) -> Path:
        """Where the artifact of that key lies, or would."""
        return self.root / "artifacts" / key

    def look(self, key: str) -> Artifact | Damaged | None:
        """The artifact if it is there and whole as far as its manifest and its files' sizes tell."""
        folder = self.folder(key)
        if not folder.is_dir():
            return None
        found, what = manifest.read(folder)
        what = what or manifest.quick_damage(folder, found or {})
        return Artifact(key, folder, found) if found and not what else Damaged(key, folder, what)

    def artifact(self, key: str) -> Artifact:
        """The artifact, for a reader who needs it. Failure if it is not there or damaged."""
        found = self.look(key)
        if isinstance(found, Artifact):
            return found
        what = found.what if found else "is not in the store"
        raise Failure(what, where=f"artifact {key[:12]}", mend="run the recipe again: what is missing is made anew")

    def keys(self) -> list[str]:
        """The keys of all artifacts, whole or not, sorted."""
        return sorted(path.name for path in (self.root / "artifacts").iterdir())

    def artifacts(self) -> Iterator[Artifact | Damaged]:
        """Every artifact (`postgrad store ls`)."""
        for key in self.keys():
            found = self.look(key)
            if found:
                yield found

    # Changing

    def work(self, key: str) -> Path:
        """The folder that survives a kill, for the holder of the key's lease."""
        folder = self.root / "work" / key
        if not folder.is_dir():
            folder.mkdir(mode=OWNER_FOLDER)
            sync(folder.parent)  # a journal is no more on the disk than the folder that it lies in
        return folder

    def note_inputs(self, key: str, inputs: dict[str, Any]) -> None:
        """Note beside the work what it is done from, as the manifest will have it."""
        write_atomically(self.work(key) / MADE_FROM, json.dumps(inputs).encode())

    def noted_inputs(self, key: str) -> dict[str, Any]:
        """What the unfinished work of that key is done from; empty if that is not known."""
        try:
            return dict(read_json(self.root / "work" / key / MADE_FROM))
        except (OSError, ValueError):
            return {}

    def temporary(self, key: str) -> Path:
        """An empty folder to make the artifact in, for the holder of the key's lease. What a killed one left goes."""
        folder = self.root / "temporary" / key
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=OWNER_FOLDER)
        return folder

    def seal(self, key: str, temporary: Path, account: dict[str, Any], aside: tuple[str, ...]) -> Artifact:
        """Turn a finished temporary folder into the artifact: hash, manifest, fsync, rename. The lease is held."""
        described = {"format": manifest.FORMAT, "key": key, **account, **manifest.describe_outputs(temporary, aside)}
        written = manifest.write(temporary, described)
        for root, _, names in os.walk(temporary):
            Path(root).chmod(OWNER_FOLDER)
            for name in names:
                Path(root, name).chmod(OWNER_FILE)
        sync_tree(temporary)
        temporary.rename(self.folder(key))
        sync(self.root / "artifacts")
        return Artifact(key, self.folder(key), written)

    def forget_work(self, key: str) -> None:
        """Remove the work folder of a sealed artifact. What cannot be removed now is `gc`'s to remove."""
        shutil.rmtree(self.root / "work" / key, ignore_errors=True)

    def set_aside(self, damaged: Damaged) -> Path:
        """Move a damaged artifact to `damaged/`, for the holder of its key's lease; gives the new place."""
        target = self._aside(damaged.key)
        damaged.folder.rename(target)
        sync(self.root / "artifacts")
        return target

    # Plans

    def remember_plan(self, plan_key: str, key: str) -> None:
        """Note what resolved key a plan key came to."""
        if self.planned(plan_key) != key:
            write_atomically(self._own_file(f"plans/{plan_key}"), key.encode())

    def planned(self, plan_key: str) -> str | None:
        """The resolved key that a plan key came to the last time, or None."""
        try:
            said = (self.root / "plans" / plan_key).read_text()
        except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
            return None
        return said if KEY.fullmatch(said) else None
