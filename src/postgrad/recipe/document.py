"""YAML text → plain values, with the file and line of every key. What is not a plain mapping of values is a Mistake.

Only the value model of JSON is taken: no tags, no merge keys, no duplicate keys, no values that refer to themselves.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from postgrad.support.errors import Mistake

Keys = tuple[str | int, ...]     # where a value stands in a document: ("sources", "x", "path"), ("stages", 0, "name")
LONGEST = 4 << 20                # bytes of one file
LARGEST = 100_000                # values in one document; an alias that multiplies itself reaches it
TAG = "tag:yaml.org,2002:"
UNFIT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Place:
    """Where a value was said: `recipe.yaml:12`, or `--set` for one from the command line."""

    said: str
    folder: Path
    line: int | None = None

    def __str__(self) -> str:
        return self.said if self.line is None else f"{self.said}:{self.line}"


@dataclass
class Document:
    """Plain values and the place of each of them. The root's place is `places[()]`."""

    data: dict[str, Any]
    places: dict[Keys, Place] = field(default_factory=dict)

    def place(self, path: Keys) -> Place:
        """The place of the value at `path`, or of the nearest value that contains it."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


def read_text(path: Path, said: str) -> str:
    """The file's text. Mistake if it cannot be read, is too long, or is not UTF-8 (with the first bad byte's line)."""
    try:
        with path.open("rb") as file:
            raw = file.read(LONGEST + 1)
    except OSError as error:
        mend = "name a recipe file that you may read"
        raise Mistake(f"cannot be read ({error.strerror})", where=said, mend=mend) from None
    if len(raw) > LONGEST:  # also a device that never ends
        raise Mistake(f"is longer than {LONGEST >> 20} MiB", where=said, mend="name a recipe file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Mistake(f"byte 0x{raw[error.start]:02x} is not UTF-8", where=f"{said}:{line}",
                      mend="save the recipe as UTF-8") from None


def read_document(path: Path, said: str) -> Document:
    """One recipe file as it stands, before `extends`. `said` is how messages call it."""
    node = _compose(read_text(path, said), Place(said, path.parent), lines=True)
    if node is None:
        raise Mistake("is empty", where=said, mend="a recipe has at least base_model, capabilities and stages")
    if not isinstance(node, MappingNode):
        raise Mistake(f"is {_kind(node)}, must be a mapping of keys", where=f"{said}:{node.start_mark.line + 1}",
                      mend="begin with e.g. `base_model: embedded`")
    reader = _Reader(Place(said, path.parent), lines=True)
    return Document(reader.value(node, ()), reader.places)


def read_value(text: str, place: Place) -> tuple[Any, dict[Keys, Place]]:
    """A value from the command line, parsed as YAML (an empty one is null), every part of it at the same `place`."""
    node = _compose(text, place, lines=False)
    reader = _Reader(place, lines=False)
    return (None, {(): place}) if node is None else (reader.value(node, ()), reader.places)


def _compose(text: str, place: Place, lines: bool) -> Node | None:
    def wrong(what: object, mend: str, line: int | None = None) -> Mistake:
        where = Place(place.said, place.folder, line if lines else None)
        return Mistake("is not YAML: " + " ".join(str(what).split()), where=str(where), mend=mend)

    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
        return node
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what, mend = error.problem or error.context, "mend the YAML on or just above that line"
        if what == "but found another document":
            what, mend = "a second document begins", "keep one document a file"
        raise wrong(what, mend, mark.line + 1 if mark else None) from None
    except YAMLError as error:
        raise wrong(getattr(error, "reason", error), "remove the character that is not text") from None
    except RecursionError:
        raise wrong("nested too deeply", "a recipe needs no more than five levels") from None
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, NotImplementedError) as error:
        # the parser's own slips on malformed input (an impossible escape, a broken directive)
        raise wrong(error, "mend the YAML") from None


def _kind(node: Node) -> str:
    return "a list" if isinstance(node, SequenceNode) else "a single value"


class _Reader:
    """Turns YAML nodes into plain values and notes the place of each."""

    def __init__(self, place: Place, lines: bool) -> None:
        self._place, self._lines = place, lines
        self._open: set[int] = set()
        self._count = 0
        self.places: dict[Keys, Place] = {}

    def value(self, node: Node, path: Keys, line: int | None = None) -> Any:
        """The value of one node; `line` is that of its key, if it has one."""
        here = Place(self._place.said, self._place.folder, (line or node.start_mark.line + 1) if self._lines else None)
        self._count += 1
        if self._count > LARGEST:
            raise Mistake(f"has more than {LARGEST:,} values", where=str(here), mend="do not multiply aliases")
        if id(node) in self._open:
            raise self._wrong("refers to itself", here, path, "write the value out")
        self.places[path] = here
        if isinstance(node, ScalarNode):
            return self._scalar(node, here, path)
        self._open.add(id(node))
        try:
            if not isinstance(node, SequenceNode | MappingNode) or node.tag not in (f"{TAG}seq", f"{TAG}map"):
                raise self._wrong(f"has the tag {_tag(node)}", here, path, "recipes use no tags")
            if isinstance(node, SequenceNode):
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: MappingNode, path: Keys) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            here = Place(self._place.said, self._place.folder, line if self._lines else None)
            if not isinstance(key_node, ScalarNode):
                raise self._wrong("has a key that is not text", here, path, "keys are plain names")
            key = str(key_node.value)
            if UNFIT.search(key):
                raise self._wrong("has a key that is not text", here, path, "keys are plain names")
            if key_node.tag == f"{TAG}merge":
                raise self._wrong("merge keys (<<) are not used in recipes", here, (*path, key), "use `extends`")
            if key in values:
                first = self.places[(*path, key)].line
                raise self._wrong("is said twice" + (f" (first on line {first})" if first else ""), here, (*path, key),
                                  "keep one of the two")
            values[key] = self.value(value_node, (*path, key), line)
        return values

    def _scalar(self, node: ScalarNode, here: Place, path: Keys) -> Any:
        text = str(node.value)
        if UNFIT.search(text):
            raise self._wrong("holds a character that is not text", here, path, "remove it")
        match str(node.tag).removeprefix(TAG):
            case "null":
                return None
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case "int" | "float" as tag:
                try:
                    return _number(text, tag)
                except (ValueError, OverflowError):
                    what = f"{text[:40]!r} is not a number"
                    raise self._wrong(what, here, path, "write it in decimal digits") from None
            case "str" | "timestamp":
                return text
            case _:
                raise self._wrong(f"has the tag {_tag(node)}", here, path, "recipes use no tags")

    def _wrong(self, what: str, place: Place, path: Keys, mend: str) -> Mistake:
        key = ".".join(map(str, path))
        return Mistake(what, where=f"{place}: {key}" if key else str(place), mend=mend)


def _tag(node: Node) -> str:
    return str(node.tag).replace(TAG, "!!")


def _number(text: str, tag: str) -> int | float:
    """YAML 1.2's numbers: 12, 20_000, 0x1F, 0o17, 5e-6, .inf, .nan."""
    plain = text.replace("_", "").lower()
    if tag == "float":
        return float(plain.replace(".inf", "inf").replace(".nan", "nan"))
    sign, digits = (-1 if plain.startswith("-") else 1), plain.lstrip("+-")
    return sign * (int(digits, 0) if digits[:2] in ("0x", "0o", "0b") else int(digits))
