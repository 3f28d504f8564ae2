"""What a recipe inherits (`extends`) and what the command line changes (`--set`): later words win, places follow them.

Mappings merge key by key; every other value replaces. `null` takes back what was said before, so that the default
holds again (`capabilities: {safety: null}` drops a capability). `stages` as a list replaces the whole list; as a
mapping it changes the named stages of the recipe that is extended: `stages: {sft: {epochs: 1}, rlvr: null}`.
"""

from pathlib import Path
from typing import Any

from postgrad.recipe.document import Document, Keys, Place, read_value
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest


def extend(base: Document, child: Document) -> Document:
    """`child` laid over `base`. Mistake if it changes a stage that the base does not have."""
    merged = Document(base.data, dict(base.places))
    merged.places[()] = child.places[()]
    for key, value in child.data.items():
        _lay(merged, merged.data, key, value, (key,), child.places, (key,))
    return merged


def set_value(document: Document, text: str, top_level: tuple[str, ...]) -> None:
    """Carry out one `--set a.b=value` in place. `a` is a top-level key or the name of a stage."""
    keys_said, equals, value_said = text.partition("=")
    keys = keys_said.strip().split(".")
    place = Place(f"--set {keys_said.strip()}", Path.cwd())
    if not equals or not all(keys):
        raise Mistake("wants KEY=VALUE", where=f"--set {text}", mend="write e.g. --set sft.epochs=1")
    value, places = read_value(value_said, place)
    stages = stage_numbers(document)
    if keys[0] in stages:
        keys = ["stages", *keys]
    elif keys[0] not in top_level:
        raise Mistake("unknown key", where=str(place), mend=nearest(keys[0], [*stages, *top_level]))
    holder: Any = document.data
    path: Keys = ()
    for key in keys[:-1]:
        holder, path = _descend(document, holder, path, key, place)
    last: str | int = _number(document, holder, path, keys[-1], place)
    _lay(document, holder, last, value, (*path, last), places, ())


def stage_numbers(document: Document) -> dict[str, int]:
    """Name → position of the stages that have a name; none if `stages` is not a list."""
    stages = document.data.get("stages")
    found: dict[str, int] = {}
    for number, stage in enumerate(stages if isinstance(stages, list) else []):
        if isinstance(stage, dict) and isinstance(stage.get("name"), str):
            found.setdefault(stage["name"], number)
    return found


def _descend(document: Document, holder: Any, path: Keys, key: str, place: Place) -> tuple[Any, Keys]:
    """The value at `key`, made as an empty mapping if there is none."""
    step = _number(document, holder, path, key, place)
    if isinstance(holder, dict) and holder.get(key) is None:
        holder[key] = {}
        document.places[(*path, key)] = place
    value = holder[step]
    if not isinstance(value, dict | list):
        raise Mistake(f"{key} is a single value and has no keys", where=str(place), mend=f"set {key} itself")
    return value, (*path, step)


def _number(document: Document, holder: Any, path: Keys, key: str, place: Place) -> str | int:
    """`key` itself in a mapping; in the list of stages the position of the stage of that name."""
    if isinstance(holder, dict):
        return key
    if path == ("stages",):
        stages = stage_numbers(document)
        if key in stages:
            return stages[key]
        raise Mistake(f"no stage is called {key}", where=str(place), mend=nearest(key, stages))
    raise Mistake("a list has no keys", where=str(place), mend="set the whole list, e.g. [a, b]")


def _lay(into: Document, holder: Any, key: Any, value: Any, path: Keys, places: dict[Keys, Place], at: Keys) -> None:
    """Put `value`, whose parts stand at `places[at…]`, at `holder[key]`, which is at `path`."""
    old = holder[key] if isinstance(holder, list) else holder.get(key)
    if path == ("stages",) and isinstance(value, dict) and isinstance(old, list):
        for name, change in value.items():
            number = _number(into, old, path, name, places[(*at, name)])
            _lay(into, old, number, change, (*path, number), places, (*at, name))
        into.data["stages"] = [stage for stage in old if stage is not None]
        _renumber(into, [number for number, stage in enumerate(old) if stage is not None])
        return
    if isinstance(value, dict) and isinstance(old, dict):
        for name, inner in value.items():
            _lay(into, old, name, inner, (*path, name), places, (*at, name))
        return
    for known in [known for known in into.places if known[: len(path)] == path]:
        del into.places[known]
    if value is None and isinstance(holder, dict):
        holder.pop(key, None)
        return
    if value is None and path[0] == "stages" and len(path) == 2 and not at:   # --set rlvr=null
        del holder[path[1]]
        _renumber(into, [number for number in range(len(holder) + 1) if number != path[1]])
        return
    holder[key] = value
    for known, place in places.items():
        if known[: len(at)] == at:
            into.places[(*path, *known[len(at):])] = place


def _renumber(document: Document, kept: list[int]) -> None:
    """After stages were taken out: the places of those that stayed (`kept`: their old positions) move with them."""
    new = {old: number for number, old in enumerate(kept)}
    stages = {path: place for path, place in document.places.items() if path[0:1] == ("stages",) and len(path) > 1}
    for path in stages:
        del document.places[path]
    for path, place in stages.items():
        if path[1] in new:
            document.places[("stages", new[path[1]], *path[2:])] = place
