"""Lineage from manifests alone: what an artifact was made from, and from what that was made, down to the files."""

from collections.abc import Iterable, Iterator
from glob import has_magic
from pathlib import Path

from postgrad.pipeline.store import Artifact, Store
from postgrad.support.errors import Failure
from postgrad.support.patterns import fixed_part


def parents(artifact: Artifact) -> dict[str, str]:
    """The keys of the artifacts that it was made from, by input name."""
    return {name: source["key"] for name, source in artifact.manifest["inputs"].items() if "key" in source}


def files_of(artifact: Artifact) -> Iterator[tuple[Path, str]]:
    """(where it lay, sha256) of the user's files that it was made from."""
    for source in artifact.manifest["inputs"].values():
        files = source.get("files", {})
        yield from ((place_of(Path(source["path"]), name, files), value) for name, value in files.items())


def reachable(store: Store, keys: Iterable[str]) -> set[str]:
    """These keys and those of all their ancestors. What is not there any more ends its own branch."""
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        found.add(key)
        artifact = store.look(key)
        if isinstance(artifact, Artifact):
            waiting += parents(artifact).values()
    return found


def checked_parent(store: Store, child: Artifact, name: str) -> Artifact:
    """The artifact behind an input, held to what the child says that it read. Failure if they do not agree."""
    said = child.manifest["inputs"][name]
    parent = store.artifact(said["key"])
    if parent.outputs_hash != said["outputs"]:
        raise Failure(
            f"holds {parent.outputs_hash[:12]}, but {child.manifest['step']} was made from {said['outputs'][:12]}",
            where=f"artifact {parent.key[:12]} ({parent.manifest['step']})",
            mend="run the recipe again",
        )
    return parent


def place_of(path: Path, relative: str, files: dict[str, str]) -> Path:
    """Where a file of an input lies: the input itself, or below its folder, or below the fixed part of its pattern."""
    if list(files) == [relative] and path.name == relative:
        return path
    return (fixed_part(path) if has_magic(str(path)) else path) / relative
