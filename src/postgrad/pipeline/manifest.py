"""The manifest of an artifact: what was done, with what, by what, and what came out. `manifest.json` in its folder.

    {"format", "key", "step", "stage",             what it is (step and stage as the run that made it calls them)
     "function", "version", "config", "environment",
     "inputs": {name: {"step", "key", "outputs"} | {"path", "files": {relative: sha256}, "outputs"}},
     "outputs": {relative path: sha256}, "sizes": {relative path: bytes}, "aside": [paths that no key depends on],
     "outputs_hash", "seed", "versions", "hardware", "started", "duration_s", "peak_memory_bytes", "notes", "checksum"}

`key` is the hash of function, version, config, environment and the inputs' `outputs`, so it can be checked from the
manifest alone; `checksum` is the hash of all the rest of the manifest.
"""

import json
from pathlib import Path
from typing import Any

from postgrad.support.errors import Failure
from postgrad.support.hashing import canonical_json, hash_file, hash_json
from postgrad.support.json_files import read_json

NAME = "manifest.json"
FORMAT = 2

Manifest = dict[str, Any]


def files_of(folder: Path) -> list[str]:
    """The files of an artifact, manifest left out, as sorted relative paths. Failure if a step left a link there."""
    names = []
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Failure("is neither a file nor a folder", where=str(path), mend="artifacts hold only files")
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
    return sorted(name for name in names if name != NAME)


def outputs_hash(outputs: dict[str, str], aside: list[str]) -> str:
    """One hash for what later steps may depend on."""
    return hash_json({"outputs": {name: value for name, value in outputs.items() if name not in aside}})


def resolved_key(parts: dict[str, Any]) -> str:
    """The resolved key from what `keys.key_parts` gives, or from a manifest's own account."""
    return hash_json({"resolved": parts})


def describe_outputs(folder: Path, aside: tuple[str, ...]) -> Manifest:
    """Hash every file of a finished folder: the manifest's `outputs`, `sizes`, `aside` and `outputs_hash`."""
    names = files_of(folder)
    outputs = {name: hash_file(folder / name) for name in names}
    kept = [name for name in names if name in aside]
    return {
        "outputs": outputs,
        "sizes": {name: (folder / name).stat().st_size for name in names},
        "aside": kept,
        "outputs_hash": outputs_hash(outputs, kept),
    }


def write(folder: Path, manifest: Manifest) -> Manifest:
    """Put the manifest into the folder, its checksum added. Sealing syncs the folder as a whole."""
    # Through the canonical form, so that what is read back equals what was hashed, whatever the config's types.
    whole: Manifest = json.loads(canonical_json({**manifest, "checksum": hash_json(manifest)}))
    (folder / NAME).write_text(json.dumps(whole, indent=1) + "\n")
    return whole


def read(folder: Path) -> tuple[Manifest | None, str]:
    """The manifest and "", or None and what is wrong with it."""
    try:
        manifest = read_json(folder / NAME)
    except FileNotFoundError:
        return None, "has no manifest"
    except (OSError, ValueError) as error:
        return None, f"its manifest cannot be read ({error})"
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return None, "its manifest is of another format"
    return (manifest, "") if _is_unaltered(manifest) else (None, "its manifest has been altered")


def _is_unaltered(manifest: Manifest) -> bool:
    try:
        rest = {name: value for name, value in manifest.items() if name != "checksum"}
        return bool(hash_json(rest) == manifest["checksum"])
    except (KeyError, ValueError, RecursionError):  # no checksum; or what no manifest is written with: NaN, great depth
        return False


def quick_damage(folder: Path, manifest: Manifest) -> str:
    """What is wrong with the folder as far as sizes tell, or "". Reads no contents."""
    if manifest["key"] != folder.name:
        return f"its manifest is that of artifact {manifest['key'][:12]}"
    for name, size in manifest["sizes"].items():
        try:
            actual = (folder / name).stat().st_size
        except OSError:
            return f"{name} is missing"
        if actual != size:
            return f"{name} has {actual:,} bytes of {size:,}"
    return ""


def full_damage(folder: Path, manifest: Manifest) -> list[str]:
    """All that is wrong with the folder: every file hashed, the key and the one hash computed again."""
    try:
        present = set(files_of(folder))
    except Failure as failure:
        return [f"{Path(failure.where).relative_to(folder)} {failure.what}"]
    found = []
    for name, value in manifest["outputs"].items():
        if name not in present:
            found.append(f"{name} is missing")
        elif (folder / name).stat().st_size != manifest["sizes"][name]:
            found.append(f"{name} has {(folder / name).stat().st_size:,} bytes of {manifest['sizes'][name]:,}")
        elif hash_file(folder / name) != value:
            found.append(f"{name} has been altered")
    found += [f"{name} does not belong there" for name in sorted(present - manifest["outputs"].keys())]
    if outputs_hash(manifest["outputs"], manifest["aside"]) != manifest["outputs_hash"]:
        found.append("its manifest's hash of the outputs is wrong")
    parts = {name: manifest[name] for name in ("function", "version", "config", "environment")}
    inputs = {name: source["outputs"] for name, source in manifest["inputs"].items()}
    if resolved_key({**parts, "inputs": inputs}) != folder.name:
        found.append("its manifest does not give its key")
    return found
