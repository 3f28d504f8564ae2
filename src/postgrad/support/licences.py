"""What the licences of the data and the base allow for the trained weights, in plain words. Not legal advice.

Whether weights are a derived work of their training data is not settled; the verdict reads the licences as if they
were, which is the careful reading. Names are SPDX identifiers (https://spdx.org/licenses/), compared without case.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from postgrad.support.words import model_name

PUBLIC, CREDIT, SHARE, SHARE_NONCOMMERCIAL, NONCOMMERCIAL, TERMS, NO_DERIVED, UNKNOWN = range(8)  # mildest first

CLASSES = {
    PUBLIC: "no conditions",
    CREDIT: "credit the authors",
    SHARE: "share under the same licence",
    NONCOMMERCIAL: "no commercial use",
    SHARE_NONCOMMERCIAL: "no commercial use, share under the same licence",
    TERMS: "terms of its own, read them",
    NO_DERIVED: "no derived works",
    UNKNOWN: "not known here",
}
KNOWN = {
    **dict.fromkeys(("cc0-1.0", "unlicense", "0bsd", "pddl-1.0", "mit-0"), PUBLIC),
    **dict.fromkeys(
        (
            "mit",
            "apache-2.0",
            "bsd-2-clause",
            "bsd-3-clause",
            "isc",
            "zlib",
            "bsl-1.0",
            "cc-by-2.0",
            "cc-by-3.0",
            "cc-by-4.0",
            "odc-by-1.0",
            "cdla-permissive-1.0",
            "cdla-permissive-2.0",
        ),
        CREDIT,
    ),
    **dict.fromkeys(
        (
            "cc-by-sa-3.0",
            "cc-by-sa-4.0",
            "odbl-1.0",
            "cdla-sharing-1.0",
            "gpl-2.0-only",
            "gpl-2.0-or-later",
            "gpl-3.0-only",
            "gpl-3.0-or-later",
            "agpl-3.0-only",
            "agpl-3.0-or-later",
            "lgpl-2.1-only",
            "lgpl-3.0-only",
            "mpl-2.0",
            "gfdl-1.3-only",
        ),
        SHARE,
    ),
    **dict.fromkeys(("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"), NONCOMMERCIAL),
    **dict.fromkeys(("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"), SHARE_NONCOMMERCIAL),
    **dict.fromkeys(
        (
            "llama2",
            "llama3",
            "llama3.1",
            "llama3.2",
            "llama3.3",
            "llama4",
            "gemma",
            "openrail",
            "openrail++",
            "bigscience-bloom-rail-1.0",
            "bigscience-openrail-m",
            "creativeml-openrail-m",
        ),
        TERMS,
    ),
    **dict.fromkeys(("cc-by-nd-4.0", "cc-by-nc-nd-4.0"), NO_DERIVED),
}
SPDX_TERMS = "licenseref-"


@dataclass(frozen=True)
class Verdict:
    """`summary`: one sentence for the top. `points`: one plain sentence for each consequence, naming who causes it."""

    summary: str
    points: tuple[str, ...]
    commercial: bool


def named(recipe: Mapping[str, Any], base_licence: str) -> dict[str, str]:
    """Everything that a resolved recipe's weights come from: name → licence, the base first."""
    base = {f"base model {model_name(str(recipe.get('base_model') or ''))}".strip(): base_licence}
    return base | {name: str(source.get("licence") or "") for name, source in (recipe.get("sources") or {}).items()}


def class_of(licence: str) -> int:
    """The class of an SPDX expression: of `A OR B` the mildest, of `A AND B`, which binds tighter, the strictest."""
    words = re.findall(r"[()]|[^\s()]+", licence.lower())[::-1]  # the next one last
    try:
        found = _any_of(words)
    except IndexError:  # it ends too soon
        return UNKNOWN
    return UNKNOWN if words else found


def _any_of(words: list[str]) -> int:
    found = _all_of(words)
    while words[-1:] == ["or"]:
        words.pop()
        found = min(found, _all_of(words))
    return found


def _all_of(words: list[str]) -> int:
    found = _one(words)
    while words[-1:] == ["and"]:
        words.pop()
        found = max(found, _one(words))
    return found


def _one(words: list[str]) -> int:
    word = words.pop()
    if word != "(":
        return TERMS if word.startswith(SPDX_TERMS) else KNOWN.get(word, UNKNOWN)
    found = _any_of(words)
    return found if words.pop() == ")" else UNKNOWN


def describe(licence: str) -> str:
    """What one licence asks, in a few words."""
    return CLASSES[class_of(licence)]


def verdict(licences: Mapping[str, str]) -> Verdict:
    """Combine the licences of everything that the weights came from: name (a source, or the base model) → SPDX id."""
    groups: dict[int, list[str]] = {}
    for name, licence in licences.items():
        groups.setdefault(class_of(licence), []).append(f"{name} ({licence or 'none given'})")
    has = lambda *kinds: [name for kind in kinds for name in groups.get(kind, [])]
    points = []
    if names := has(UNKNOWN):
        points.append(
            f"Nothing can be promised: {_all(names)} {_are(names)} not in this project's table. "
            "Read the text of the licence first."
        )
    if names := has(NO_DERIVED):
        points.append(f"Read strictly, the weights may not be passed on, because of {_all(names)}.")
    if names := has(TERMS):
        points.append(
            f"Terms of their own hold for {_all(names)}: limits of use or a name to carry on. "
            "Read them before you publish."
        )
    if names := has(NONCOMMERCIAL, SHARE_NONCOMMERCIAL):
        points.append(f"No commercial use, because of {_all(names)}.")
    if names := has(SHARE, SHARE_NONCOMMERCIAL):
        points.append(f"Read strictly, publish the weights under the same licence as {_all(names)}.")
        if (
            len(
                {
                    licences[name].lower()
                    for name in licences
                    if class_of(licences[name]) in (SHARE, SHARE_NONCOMMERCIAL)
                }
            )
            > 1
        ):
            points.append("These share-alike licences differ from each other and may not be compatible.")
    if names := has(CREDIT):
        points.append(f"Credit {_all(names)} and keep their notices.")
    commercial = not has(UNKNOWN, NO_DERIVED, TERMS, NONCOMMERCIAL, SHARE_NONCOMMERCIAL)
    if not licences:
        return Verdict("No licence is on record, so nothing can be said.", (), False)
    if has(NO_DERIVED):
        summary = "For your own use: read strictly, not to be passed on."
    elif has(NONCOMMERCIAL, SHARE_NONCOMMERCIAL):
        summary = "Not for commercial use."
    elif has(UNKNOWN):
        summary = "Unclear: at least one licence is not known here."
    elif has(TERMS):
        summary = "Use within the special terms of at least one licence."
    elif has(SHARE):
        summary = "Free to use, also commercially; read strictly, to be shared under the same licence."
    else:
        summary = "Free to use, also commercially" + ("; give credit." if has(CREDIT) else ".")
    return Verdict(summary, tuple(points), commercial)


def _all(names: Iterable[str]) -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
