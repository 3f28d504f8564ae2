"""What the licences of several parts allow for the whole that is made of them, in plain words. Not legal advice.

Whether weights are a derived work of their training data, or a mixture one of its sources, is not settled; the verdict
reads the licences as if they were, which is the careful reading.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from postgrad.support.licences import (
    CREDIT,
    NO_DERIVED,
    NONCOMMERCIAL,
    RESEARCH,
    SHARE,
    TERMS,
    UNKNOWN,
    Conditions,
    conditions,
    find_named,
    plain_name,
)
from postgrad.support.words import joined, model_name

NOT_ADVICE = "This is a careful reading, not legal advice."
CC_CHART = "https://wiki.creativecommons.org/wiki/Wiki/cc_license_compatibility"
GNU_LIST = "https://www.gnu.org/licenses/license-list.html"


@dataclass(frozen=True)
class Verdict:
    """`summary`: a sentence or two for the top. `points`: one plain sentence for each consequence, naming who causes it
    and what is to be done; `conflicts`: licences that cannot, or may not, be heeded together."""

    summary: str
    points: tuple[str, ...]
    commercial: bool
    conflicts: tuple[str, ...] = ()


def named(recipe: Mapping[str, Any], base_licence: str) -> dict[str, str]:
    """Everything that a resolved recipe's weights come from: name → licence, the base first."""
    base = {f"base model {model_name(str(recipe.get('base_model') or ''))}".strip(): base_licence}
    return base | {name: str(source.get("licence") or "") for name, source in (recipe.get("sources") or {}).items()}


def verdict(licences: Mapping[str, str], whole: str = "the weights") -> Verdict:
    """Combine the licences of everything that the whole was made of: name (a source, the base model) → licence."""
    if not licences:
        return Verdict("No licence is on record, so nothing can be said.", (), False)
    asked = {name: conditions(licence) for name, licence in licences.items()}
    has = lambda one: [f"{name} ({licences[name] or 'none given'})" for name in licences if one in asked[name]]
    points = [*_points(has, whole), *_named_terms(licences)]
    everything = Conditions(0)
    for one in asked.values():
        everything |= one
    commercial = not everything & (UNKNOWN | NO_DERIVED | TERMS | NONCOMMERCIAL | RESEARCH)
    return Verdict(_summary(everything), tuple(points), commercial, tuple(_conflicts(licences, asked)))


def _points(has: Any, whole: str) -> Iterable[str]:
    if names := has(UNKNOWN):
        are = "is" if len(names) == 1 else "are"
        yield (
            f"Nothing can be promised: {joined(names)} {are} not in this project's table. "
            "Read the text of the licence first."
        )
    if names := has(NO_DERIVED):
        yield f"Read strictly, {whole} may not be passed on, because of {joined(names)}."
    if names := has(RESEARCH):
        yield f"For research alone, because of {joined(names)}."
    if names := has(NONCOMMERCIAL):
        yield f"No commercial use, because of {joined(names)}."
    if names := has(TERMS):
        yield (
            f"Terms of their own hold for {joined(names)}: limits of use or a name to carry on. "
            "Read them before you publish."
        )
    if names := has(SHARE):
        yield f"Read strictly, publish {whole} under the same licence as {joined(names)}."
    if names := has(CREDIT):
        yield f"Credit {joined(names)} and keep their notices."


def _named_terms(licences: Mapping[str, str]) -> Iterable[str]:
    """What the terms known by name ask, each once."""
    entries = dict.fromkeys(entry for licence in licences.values() if (entry := find_named(licence)))
    return [f"{one.title}: {one.asks} ({one.source})." for one in entries if one.asks and TERMS in one.conditions]


def _summary(everything: Conditions) -> str:
    unclear = " Unclear: at least one licence is not known here."
    if NO_DERIVED in everything:
        said = "For your own use: read strictly, not to be passed on."
    elif RESEARCH in everything:
        said = "For research only, not for commercial use."
    elif NONCOMMERCIAL in everything:
        said = "Not for commercial use."
    elif UNKNOWN in everything:
        return unclear.strip()
    elif TERMS in everything:
        said = "Use within the special terms of at least one licence."
    elif SHARE in everything:
        said = "Free to use, also commercially; read strictly, to be shared under the same licence."
    else:
        said = "Free to use, also commercially" + ("; give credit." if CREDIT in everything else ".")
    return said + (unclear if UNKNOWN in everything else "")


def _conflicts(licences: Mapping[str, str], asked: Mapping[str, Conditions]) -> Iterable[str]:
    """A sentence for each pair of licences that stand in each other's way, naming one source of each and the count."""
    by_licence: dict[str, list[str]] = {}
    for name, licence in licences.items():
        by_licence.setdefault(plain_name(licence), []).append(name)
    for left, right in combinations(by_licence.values(), 2):
        one, other = left[0], right[0]
        if said := _conflict(licences[one], asked[one], licences[other], asked[other]):
            yield f"{_who(left, licences)} and {_who(right, licences)} {said}"


def _who(names: list[str], licences: Mapping[str, str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more} ({licences[names[0]]})"


def _conflict(left: str, left_asks: Conditions, right: str, right_asks: Conditions) -> str:
    """Why the two cannot be heeded in one work, or ""."""
    if UNKNOWN in left_asks | right_asks or SHARE not in left_asks | right_asks:
        return ""
    for share, other, name in ((left_asks, right_asks, left), (right_asks, left_asks, right)):
        if SHARE in share and NONCOMMERCIAL not in share and NONCOMMERCIAL in other:
            return (
                f"do not go into one derived work: {name} asks for its own terms, which allow commerce, on the whole, "
                f"and the other forbids commerce ({CC_CHART}). Leave one out, or keep the rows apart, each under its "
                "own licence."
            )
        if SHARE in share and other & (NO_DERIVED | TERMS):
            return f"may not go into one derived work: {name} allows no further limits, and the other has some."
    if {plain_name(left), plain_name(right)} == {"gpl-2.0-only", "apache-2.0"}:
        return f"do not go into one derived work ({GNU_LIST}#apache2)."
    if SHARE in left_asks and SHARE in right_asks and not _compatible(plain_name(left), plain_name(right)):
        return "both ask for their own licence on the whole, differ, and may not be compatible."
    return ""


def _compatible(left: str, right: str) -> bool:
    """Whether two share-alike licences are known to meet: versions of one Creative Commons licence (a later one may be
    chosen for what is adapted: section 4(b) of 3.0), GPL 2-or-later with 3, BY-SA 4.0 into GPL 3 (CC's list of 2015).
    """
    family = [re.fullmatch(r"(cc-by(?:-nc)?-sa)(?:-[2-4]\.[05])?(?:-[a-z]{2,3})?", name) for name in (left, right)]
    if all(family) and len({match[1] for match in family if match}) == 1:
        return True
    return {left, right} in COMPATIBLE


COMPATIBLE = [
    {"gpl-2.0-or-later", "gpl-2.0-only"}, {"gpl-2.0-or-later", "gpl-3.0-only"},
    {"gpl-2.0-or-later", "gpl-3.0-or-later"}, {"gpl-3.0-only", "gpl-3.0-or-later"},
    {"cc-by-sa-4.0", "gpl-3.0-only"}, {"cc-by-sa-4.0", "gpl-3.0-or-later"}, {"cc-by-sa-4.0", "lal-1.3"}]  # fmt: skip
