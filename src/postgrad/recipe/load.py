"""`load`: a file, or the name of a recipe that ships, and the `--set`s of a command line → one checked, frozen Recipe.

Every mistake in it is one `Mistake`: `file:line: key: what is wrong; the mend`. Nothing heavy is imported.
Paths in a file are relative to that file, also in one that is extended; those of a `--set` to the current folder.
"""

import json
import os
import re
from collections.abc import Sequence
from glob import has_magic
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from postgrad.recipe.check import Shipped, check
from postgrad.recipe.complain import first_mistake, mistake_at
from postgrad.recipe.document import Document, Keys, read_document
from postgrad.recipe.merge import extend, set_value
from postgrad.recipe.models import Recipe
from postgrad.recipe.schema import json_schema
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest
from postgrad.support.patterns import matching

FILES_OF_CURATION = (("filter", "keywords_file"), ("redact", "names"), ("redact", "pseudonym_key"))
"""Keys under `curate` that name files."""
SHIPPED_FOLDER = Path(__file__).parents[1] / "recipes"
SUFFIX = ".yaml"
EMBEDDED = "embedded"
TOP_LEVEL = (*(field.alias or name for name, field in Recipe.model_fields.items()), "extends")


def shipped_recipes() -> tuple[str, ...]:
    """Names of the recipes that ship."""
    return tuple(sorted(path.stem for path in SHIPPED_FOLDER.glob(f"*{SUFFIX}")))


def load(recipe: str, sets: Sequence[str] = (), shipped: Shipped | None = None) -> Recipe:
    """The recipe of a file or of a shipped name, with each `a.b=value` of `sets` laid over it in turn.

    `shipped`: the tasks, generators and verifiers that need no entry. Raises Mistake, and nothing else, for whatever
    is wrong with the recipe.
    """
    path, said = _find(recipe, Path(), "recipe")
    document = _read(path, said, ())
    document.data.setdefault("name", _name(path.stem))
    for text in sets:
        set_value(document, text, TOP_LEVEL)
    if "extends" in document.data:
        raise mistake_at(document, ("extends",), "cannot be set on the command line", "write it in a recipe file")
    _resolve_paths(document)
    try:
        made = Recipe.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        raise first_mistake(document, error.errors(include_url=False), json_schema()) from None
    check(made, document, shipped or Shipped(), TOP_LEVEL)
    return made


def resolved(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON-able values with every default filled in, under the keys that a file would use."""
    said: dict[str, Any] = recipe.model_dump(mode="json", by_alias=True)
    return said


def _name(stem: str) -> str:
    """What a recipe without a name is called: its file's name, as far as names allow."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", re.sub(r"^[^A-Za-z]+", "", stem))[:80] or "recipe"


def _find(said: str, folder: Path, where: str) -> tuple[Path, str]:
    """The file that a recipe argument or an `extends` means, and how messages call it."""
    path = folder / _at_home(said)
    if _exists(path):
        if path.is_dir():
            raise Mistake(f"{said} is a folder", where=where, mend="name a recipe file in it")
        return path, _spoken(path)
    names = shipped_recipes()
    if said in names:
        return SHIPPED_FOLDER / f"{said}{SUFFIX}", _spoken(SHIPPED_FOLDER / f"{said}{SUFFIX}")
    raise Mistake(f"no recipe file {said}, and none of that name ships", where=where,
                  mend=nearest(said, names) or "name a recipe file")


def _spoken(path: Path) -> str:
    """Relative to the current folder if the file is below it."""
    absolute = _whole(path)
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def _read(path: Path, said: str, below: tuple[Path, ...]) -> Document:
    """The file, laid over what it extends."""
    document = read_document(_whole(path), said)
    if "extends" not in document.data:
        return document
    base = document.data.pop("extends")
    here = mistake_at(document, ("extends",), "").where
    if not isinstance(base, str) or not base:
        raise Mistake("must be the name of one recipe", where=here, mend="write e.g. `extends: base.yaml`")
    found, spoken = _find(base, path.parent, here)
    chain = (*below, path.resolve())
    if found.resolve() in chain:
        raise Mistake(f"{spoken} extends this recipe in turn", where=here, mend="take one of the `extends` out")
    inherited = _read(found, spoken, chain)
    inherited.data.pop("name", None)
    return extend(inherited, document)


def _resolve_paths(document: Document) -> None:
    """Make paths absolute, and say which are not there."""
    data = document.data
    for section in ("sources", "tasks"):
        entries = data.get(section)
        for name, entry in (entries.items() if isinstance(entries, dict) else ()):
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                keys: Keys = (section, name, "path")
                entry["path"] = _absolute(document, keys, entry["path"])
                if not _exists(Path(entry["path"])) and not _matches(entry["path"]):
                    raise mistake_at(document, keys, f"no such file: {entry['path']}", _file_mend(entry["path"]))
    curate = data.get("curate")
    for part, key in FILES_OF_CURATION:
        said = curate.get(part) if isinstance(curate, dict) else None
        if isinstance(said, dict) and isinstance(said.get(key), str):
            keys = ("curate", part, key)
            said[key] = path = _absolute(document, keys, said[key])
            if key != "pseudonym_key" and not _exists(Path(path)):  # a key is made at its first use
                raise mistake_at(document, keys, f"no such file: {path}", _file_mend(path))
    models = data.get("models")
    specs: list[tuple[dict[str, Any], str, Keys]] = [(data, "base_model", ("base_model",))]
    for name, entry in (models.items() if isinstance(models, dict) else ()):
        if isinstance(entry, dict):
            specs.append((entry, "path", ("models", name, "path")))
    for holder, key, keys in specs:
        if isinstance(holder.get(key), str) and holder[key] != EMBEDDED:
            holder[key] = _model(document, keys, holder[key])


def _absolute(document: Document, keys: Keys, said: str) -> str:
    return str(_whole(document.place(keys).folder / _at_home(said)))


def _model(document: Document, keys: Keys, said: str) -> str:
    """An absolute path if a file or folder is there or can only be meant; else the hub id as it stands."""
    path = _absolute(document, keys, said)
    if _exists(Path(path)):
        if Path(path).is_file() and not path.endswith(".gguf"):
            raise mistake_at(document, keys, f"is a file but no .gguf: {path}", "name a model folder or a .gguf file")
        if Path(path).is_dir() and not _exists(Path(path, "config.json")):
            raise mistake_at(document, keys, f"is not a model folder (no config.json): {path}",
                             "name a folder saved by transformers")
        return path
    if said.endswith(".gguf") or said.startswith((".", "/", "~")) or said.count("/") > 1 or os.sep + os.sep in said:
        raise mistake_at(document, keys, f"no such file or folder: {path}", _file_mend(path))
    if "/" not in said and nearest(said, [EMBEDDED]).startswith("did you mean"):
        raise mistake_at(document, keys, f"no model {said}", nearest(said, [EMBEDDED]))
    return said


def _whole(path: Path) -> Path:
    """Absolute and without `..`, links left as they are: the name a user would recognise."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _at_home(said: str) -> str:
    """`~` as the home folder; a home that is not known stays as it was said."""
    return os.path.expanduser(said)  # noqa: PTH111


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:      # a name longer than the system takes, a folder that may not be read
        return False


def _matches(pattern: str) -> bool:
    return has_magic(pattern) and bool(matching(Path(pattern)))


def _file_mend(path: str) -> str:
    """The nearest name in the same folder, if there is one."""
    folder, name = os.path.split(path)
    try:
        hint = nearest(name, sorted(path.name for path in Path(folder).iterdir()))
    except OSError:
        return f"there is no folder {folder}"
    if hint.startswith("did you mean"):
        return hint
    return "check the path; it is relative to the recipe that says it, or with --set to the current folder"
