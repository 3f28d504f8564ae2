"""What a data-protection officer asks of a run: which personal data, on what basis, what was done, who can read it."""

import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.inspection.curation import FOUND, Curation
from postgrad.inspection.run_folder import Run
from postgrad.support.hashing import hash_file

KINDS = {
    "name": "names", "birth_date": "dates of birth", "record_number": "record numbers", "national_id": "national ids",
    "phone": "phone numbers", "email": "e-mail addresses", "iban": "bank accounts", "card": "payment cards",
    "ip": "IP addresses", "mac": "network cards",
}  # fmt: skip
"""Kinds of personal data as the page calls them, in the order of its tables."""
TREATED = {
    "replace": "replaced by a mark", "pseudonym": "replaced by a pseudonym", "drop": "the row dropped",
    "report": "counted, left in the text",
}  # fmt: skip
CANARIES = "canaries"
SHOWN_HASH = 16


@dataclass(frozen=True)
class SourceRow:
    """A source, and how many places of each kind were found in it."""

    name: str
    basis: str
    origin: str
    licence: str
    rows: int
    found: dict[str, int]


@dataclass(frozen=True)
class KindRow:
    """A kind of personal data that was looked for: what is done with it, places and rows it was found in."""

    kind: str
    title: str
    treatment: str
    places: int
    rows: int


@dataclass(frozen=True)
class Key:
    """The key of pseudonyms: where it lay, the beginning of its file's hash, whether it still lies there."""

    path: str
    fingerprint: str
    there: bool


@dataclass(frozen=True)
class Place:
    """A folder with what came of the data, and who may read it."""

    what: str
    path: str
    access: str
    private: bool


@dataclass(frozen=True)
class Protection:
    sources: tuple[SourceRow, ...]
    kinds: tuple[KindRow, ...]
    not_looked_for: tuple[str, ...]
    key: Key | None
    network: dict[str, Any]
    canaries: dict[str, Any] | None
    places: tuple[Place, ...]
    openings: tuple[dict[str, Any], ...]
    erase: str


def of_run(curation: Curation) -> Protection | None:
    """The account of a run that redacts, or that has a source with a legal basis; None of any other."""
    run = curation.run
    said = (run.recipe.get("curate") or {}).get("redact") or {}
    treatments = {kind: said[kind] for kind in KINDS if said.get(kind, "keep") != "keep"}
    sources = run.recipe.get("sources") or {}
    if not treatments and not any(source.get("legal_basis") for source in sources.values()):
        return None
    places, rows, read = _found(curation)
    listed = [name for one in (run.recipe.get("capabilities") or {}).values() for name in one.get("sources") or ()]
    return Protection(
        tuple(_source(name, sources.get(name) or {}, read[name], places) for name in listed),
        tuple(KindRow(kind, KINDS[kind], TREATED[treatment], sum(places[source, kind] for source in listed),
                      sum(rows[source, kind] for source in listed)) for kind, treatment in treatments.items()),
        tuple(title for kind, title in KINDS.items() if kind not in treatments),
        _key(run), run.about.get("network") or {"mode": run.recipe.get("network", "allowed")}, _canaries(run),
        tuple(_places(run)), tuple((run.about.get("seal") or {}).get("openings") or ()),
        f"postgrad data erase {run.folder} {listed[0] if listed else 'SOURCE'}:ROW")


def _found(curation: Curation) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], Counter[str]]:
    """(source, kind) → places, and rows; source → rows read. A step's ledger counts once, whatever it is used for."""
    run = curation.run
    places, rows, read = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[str]()
    for step in curation.steps:
        for (source, part, _, reason, detail), number in curation.details(step).items():
            kind = reason.split(" ")[0]
            for named, count in FOUND.findall(detail) if part == "redact" else ():
                # A dropped row has one entry for all kinds, any other one for each.
                if named.strip() == kind or reason.startswith("holds "):
                    places[source, named.strip()] += number * int(count)
                    rows[source, named.strip()] += number
        if step.startswith("read.") and (about := run.json(step, "counts.json")):
            (name,) = set(about["by_source"]) or {""}
            read[name] = max(read[name], about["rows_in"])
    return places, rows, read


def _source(name: str, said: dict[str, Any], rows: int, places: Counter[tuple[str, str]]) -> SourceRow:
    made = f"made by the generator {said['generate']}" if said.get("generate") else ""
    origin = str(said.get("origin") or made or said.get("path") or said.get("hub") or "")
    found = {kind: count for (source, kind), count in places.items() if source == name and count}
    return SourceRow(name, str(said.get("legal_basis") or ""), origin, str(said.get("licence") or ""), rows, found)


def _key(run: Run) -> Key | None:
    for manifest in run.manifests.values():
        told = (manifest.get("inputs") or {}).get("pseudonyms")
        if told:
            path, (value, *_) = Path(told["path"]), tuple(told["files"].values())
            return Key(str(path), value[:SHOWN_HASH], path.is_file() and hash_file(path) == value)
    return None


def _canaries(run: Run) -> dict[str, Any] | None:
    found = [run.json(step, "canaries.json") for step in run.steps(CANARIES)]
    return next((one for one in reversed(found) if one), None)


def _places(run: Run) -> list[Place]:
    store = (run.folder / (run.about.get("store") or "../.store")).resolve()
    return [_place("the store: rows, weights, completions, scores", store),
            _place("this run: the model, the report, the cards", run.folder.resolve())]


def _place(what: str, path: Path) -> Place:
    try:
        mode = path.stat().st_mode
    except OSError:
        return Place(what, str(path), "not there", True)
    known = (("its group", stat.S_IRGRP), ("everybody on this machine", stat.S_IROTH))
    others = [who for who, bit in known if mode & bit]
    if others:
        return Place(what, str(path), f"its owner and {others[-1]} (mode {stat.S_IMODE(mode):o})", False)
    return Place(what, str(path), f"its owner alone (mode {stat.S_IMODE(mode):o})", True)
