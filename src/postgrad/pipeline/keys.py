"""Keys: the plan key of a step before anything has run, and its resolved key once its inputs are there.

Both are sha256 over (function, version, config, numeric environment, inputs). The plan key takes the plan keys of the
inputs, the resolved key the hashes of what the inputs hold. No path, time, host or step name is in either, so that
two recipes whose steps are called differently but do the same work share it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import Any

from postgrad.pipeline.environment import numeric_environment, package_version
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.steps import File, Step, in_order
from postgrad.support.errors import Mistake
from postgrad.support.files import kind_of
from postgrad.support.hashing import FileHashes, canonical_json, hash_file, hash_json
from postgrad.support.patterns import fixed_part, matching
from postgrad.support.progress import Progress

# A file that was written this lately may be written again without its size or its coarse mtime telling.
YOUNG_NS = 2_000_000_000
MEGABYTE = 1e6


@dataclass(frozen=True)
class Content:
    """What an input file, folder or pattern holds: sha256 by name (relative, or the bare file name), and one hash."""

    files: dict[str, str]
    hash: str


def _hash(path: Path, hashes: FileHashes) -> str:
    young = time.time_ns() - path.stat().st_mtime_ns < YOUNG_NS
    return hash_file(path) if young else hashes.hash(path)


def content_of(source: File, hashes: FileHashes) -> Content:
    """Hash what the user's input holds now. Mistake if nothing is there; Failure if it cannot be read."""
    with said_plainly(f"reading {source.path}"):
        try:
            return _content(source.path, hashes)
        finally:
            hashes.save()  # what was hashed before a failure or an interruption is not hashed again


def _content(path: Path, hashes: FileHashes) -> Content:
    if path.is_file():
        value = _hash(path, hashes)
        # The name is not in the hash, but its ending is: readers tell JSONL from Parquet by it.
        ending = "".join(path.suffixes[-2:]) if path.suffix.lower() in (".gz", ".zst") else path.suffix
        return Content({path.name: value}, hash_json({"file": value, "ending": ending.lower()}))
    if path.is_dir():
        base, found = path, _in(path)
    elif has_magic(str(path)):
        base, found = fixed_part(path), matching(path)
    else:
        what = f"is {kind_of(path)}" if kind_of(path) else "there is no such file or folder"
        raise Mistake(what, where=str(path), mend="correct the path")
    files = {}
    with Progress(f"hashing {path.name}", sum(file.stat().st_size for file in found) / MEGABYTE, "MB") as progress:
        for file in found:
            files[file.relative_to(base).as_posix()] = _hash(file, hashes)
            progress.advance(file.stat().st_size / MEGABYTE)
    if not files:
        raise Mistake("no file is there", where=str(path), mend="correct the path")
    return Content(files, hash_json({"files": files}))


def _in(folder: Path) -> list[Path]:
    """The files in a folder that a step may read: not those below it (runs, a store, another form of the weights), and
    no hidden ones, which belong to editors and caches.
    """
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def key_parts(step: Step, inputs: Mapping[str, str]) -> dict[str, Any]:
    """What a key is the hash of; `inputs` are hashes by input name. ValueError if the config is not JSON."""
    try:
        canonical_json(step.config)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the config of step {step.name!r} is not JSON: {error}") from error
    return {
        "function": step.function,
        "version": step.version,
        "config": step.config,
        "environment": _environment(step),
        "inputs": dict(inputs),
    }


def _environment(step: Step) -> dict[str, Any] | None:
    """What shapes the step's outputs besides its settings and inputs; None if nothing does."""
    named = {name: package_version(name) for name in step.packages}
    if not step.numeric:
        return {"packages": named} if named else None
    found = numeric_environment(step.config)
    return found | {"packages": found["packages"] | named}


def plan(steps: Iterable[Step], hashes: FileHashes) -> tuple[dict[str, str], dict[Path, Content]]:
    """The plan key of every step by its name, inputs included, and what the user's inputs held when it was made."""
    keys: dict[str, str] = {}
    contents: dict[Path, Content] = {}
    for step in in_order(steps):
        inputs = {}
        for name, source in step.inputs.items():
            if isinstance(source, Step):
                inputs[name] = keys[source.name]
            else:
                if source.path not in contents:
                    contents[source.path] = content_of(source, hashes)
                inputs[name] = contents[source.path].hash
        keys[step.name] = hash_json({"plan": key_parts(step, inputs)})
    return keys, contents


def plan_keys(steps: Iterable[Step], hashes: FileHashes) -> dict[str, str]:
    """The plan key of every step by its name. Reads (or remembers) the user's files, nothing else."""
    return plan(steps, hashes)[0]
