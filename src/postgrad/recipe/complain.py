"""pydantic's errors → one Mistake in one line: the place, the key, what is wrong, and the mend."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from postgrad.recipe.document import Document, Keys
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

KEY = "{key}"          # stands in a mend for the key as `--set` takes it
KINDS = {
    "int": "a whole number", "float": "a number", "string": "text", "bool": "true or false", "list": "a list",
    "tuple": "a list", "dict": "a mapping", "model": "a mapping", "model_attributes": "a mapping", "path": "a path"}
BOUNDS = {
    "greater_than": ("gt", "more than"), "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"), "less_than_equal": ("le", "at most")}


def mistake_at(document: Document, path: Keys, what: str, mend: str = "") -> Mistake:
    """A Mistake about the value at `path`."""
    key = spoken(document.data, path)
    place = str(document.place(path))
    named = place.endswith(f" {key}") or not key
    return Mistake(what, where=place if named else f"{place}: {key}", mend=mend)


def spoken(data: Any, path: Keys) -> str:
    """The key as `--set` would take it: `sft.epochs` for ("stages", 0, "epochs"), `x.sources[1]` for lists."""
    stages = data.get("stages") if isinstance(data, dict) else None
    if len(path) > 1 and path[0] == "stages" and isinstance(path[1], int) and isinstance(stages, list):
        stage = stages[path[1]] if path[1] < len(stages) else None
        if isinstance(stage, dict) and isinstance(stage.get("name"), str) and stage["name"]:
            path = (stage["name"], *path[2:])
    said = ""
    for part in path:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else str(part)
    return said


def first_mistake(document: Document, errors: Sequence[ErrorDetails], schema: Mapping[str, Any]) -> Mistake:
    """The error that most likely made the others: an unknown key before a missing one; then the first of the file."""
    def rank(error: ErrorDetails) -> tuple[bool, str, int]:
        place = document.place(_path(error))
        return (error["type"] != "extra_forbidden", place.said, place.line or 0)

    error = min(errors, key=rank)
    path = _path(error)
    what, mend = _said(error, path, schema)
    return mistake_at(document, path, what, mend.replace(KEY, spoken(document.data, path)))


def _path(error: ErrorDetails) -> Keys:
    """Where the value stands, without what pydantic adds: the kind of a stage, `[key]` after a bad key."""
    location = error["loc"]
    if error["type"] == "union_tag_invalid":
        return (*location, "kind")
    if location[:1] == ("stages",) and len(location) > 2:
        location = (*location[:2], *location[3:])
    return location[:-1] if location[-1:] == ("[key]",) else location


def _said(error: ErrorDetails, path: Keys, schema: Mapping[str, Any]) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx") or {}
    value = error["input"]
    if kind == "recipe":
        return str(context["what"]), str(context["mend"])
    if kind == "extra_forbidden":
        known = list(_properties(schema, error["loc"][:-1]))
        key, _, rest = str(path[-1]).partition(" ")
        if value is None and rest.strip() and key in known:
            return "has no colon after its name", f"write `{key}: {rest.strip()}`"
        return "unknown key", nearest(str(path[-1]), known)
    if kind == "missing":
        described = _properties(schema, error["loc"][:-1]).get(str(path[-1]), {})
        meaning = described.get("description", "").split(". ")[0].rstrip(".")
        return "is missing", f"add it, or --set {KEY}=…: {meaning[:1].lower()}{meaning[1:]}"
    if kind == "union_tag_not_found":
        return "has no kind", f"add `kind:`, one of {', '.join(_kinds(schema))}"
    if kind == "union_tag_invalid":
        return f"unknown kind {context['tag']}", nearest(str(context["tag"]), _kinds(schema))
    if kind == "literal_error":
        allowed = str(context["expected"])
        return f"is {_shown(value)}, must be {allowed}", _near_literal(value, allowed)
    if kind in BOUNDS:
        name, words = BOUNDS[kind]
        return f"is {_shown(value)}, must be {words} {context[name]:g}", "give such a number"
    if kind == "string_pattern_mismatch" or kind == "string_too_long":
        return f"{_shown(value)} is not a name", "use up to 80 letters, digits, - and _, beginning with a letter"
    if kind in ("string_too_short", "too_short"):
        least = context["min_length"]
        one, several = ("character", "characters") if kind == "string_too_short" else ("entry", "entries")
        unit = one if least == 1 else several
        return "is empty" if not value else f"is {_shown(value)}", f"give at least {least} {unit}"
    if kind == "finite_number":
        return f"is {_shown(value)}, must be a finite number", "give such a number"
    if kind == "int_from_float":
        return f"is {_shown(value)}, must be a whole number", "write it without a fraction"
    stem = kind.removesuffix("_type").removesuffix("_parsing")
    if stem in KINDS:
        return f"is {_shown(value)}, must be {KINDS[stem]}", f"give {KINDS[stem]}"
    return " ".join(error["msg"].split()), "see `postgrad schema`"


def _near_literal(value: Any, allowed: str) -> str:
    names = [name.strip(" '") for name in allowed.replace(" or ", ", ").split(",")]
    return nearest(value, names) if isinstance(value, str) else "choose one of them"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    return list(schema["properties"]["stages"]["items"]["discriminator"]["mapping"])


def _properties(schema: Mapping[str, Any], location: tuple[int | str, ...]) -> dict[str, Any]:
    """The JSON Schema's properties of the mapping at pydantic's `location`."""
    here: Mapping[str, Any] = schema
    for part in location:
        here = _resolve(schema, here)
        if isinstance(part, int):
            here = here["items"]
        elif "discriminator" in here:
            here = {"$ref": here["discriminator"]["mapping"][part]}
        elif part in here.get("properties", {}):
            here = here["properties"][part]
        else:
            here = here.get("additionalProperties") or next(iter(here["patternProperties"].values()))
    found: dict[str, Any] = _resolve(schema, here).get("properties", {})
    return found


def _resolve(schema: Mapping[str, Any], here: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in here:
        here = schema["$defs"][here["$ref"].rsplit("/", 1)[1]]
    return here
