"""`postgrad data erase RUN|STORE ORIGIN…`: everything that a row went into, named, and with --delete --yes removed."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json
from postgrad.support.errors import Mistake
from postgrad.support.words import size

if TYPE_CHECKING:
    from postgrad.pipeline.erasure import Erasure
    from postgrad.pipeline.store import Store
    from postgrad.records.types import Origin

WHERE = "postgrad data erase"


def add(actions: Any) -> None:
    parser: Parser = actions.add_parser("erase", help="what a person's rows went into, to erase it", description=(
        "Name every artifact, model, score, report and copy that rows went into, in every run that shares the store, "
        "and what may hold them because it is damaged, half made, or lost what it was made from. Nothing is removed "
        "without --delete --yes, and then only what postgrad wrote: the files that the rows were read from, and all "
        "others of yours, are never touched."))
    parser.add_argument("where", metavar="RUN|STORE", help="a run's folder, or a store")
    parser.add_argument("origins", nargs="*", metavar="ORIGIN", help=(
        "SOURCE:ROW, rows counted from 0, or SOURCE:FILE:ROW with the beginning of the file's hash"))
    parser.option("--containing", action="append", default=[], metavar="TEXT", help=(
        "also the rows that hold this text, looked for in the files of the sources; - reads it from standard input, so "
        "that no shell remembers it; may be repeated"))
    parser.option("--delete", action="store_true", help="remove what is named (with --yes)")
    parser.option("--yes", action="store_true", help="with --delete: yes, remove it")
    add_json(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    from postgrad.pipeline.erasure import erase, erasure, origins_of

    if not options.origins and not options.containing:
        raise Mistake("wants a row", where=WHERE, mend="name an ORIGIN such as notes:17, or say --containing TEXT")
    if options.yes and not options.delete:
        raise Mistake("--yes goes with --delete", where=WHERE, mend="say both, or neither")
    store, files = _store(Path(options.where))
    origins = [*(origins_of(store, options.origins, files) if options.origins else ()),
               *_holding(store, options.containing, files)]
    found = erasure(store, origins)
    gone = options.delete and options.yes
    if gone:
        erase(store, found)
    if options.json:
        print_json({**found.json(), "removed": gone})
    else:
        _tell(found, gone)
    return 0


def _store(where: Path) -> tuple["Store", set[str]]:
    """The store that is meant, and, of a run, the hashes of the files that it read (none: all)."""
    from postgrad.pipeline.runs import open_run
    from postgrad.pipeline.store import Store

    if (where / "run.json").is_file():
        run = open_run(where)
        made = {value for step in run.record["steps"] if (found := run.store.look(step["key"])) is not None
                for value in getattr(found, "manifest", {}).get("outputs", {}).values()}
        return run.store, made | {value for read in run.record["files"] for value in read["files"].values()}
    return Store.existing(where), set()


def _holding(store: "Store", texts: list[str], files: set[str]) -> list["Origin"]:
    """The rows of all sources that hold one of the texts."""
    from postgrad.data.containing import rows_containing
    from postgrad.pipeline.erasure import files_of_sources
    from postgrad.records.types import Origin
    from postgrad.support.hashing import hash_file

    wanted = [sys.stdin.read() if text == "-" else text for text in texts]
    if any(not text.strip() for text in wanted):
        raise Mistake("is empty", where="--containing", mend="give a text to look for")
    found: dict[Origin, None] = {}
    for (source, file), path in files_of_sources(store).items() if wanted else ():
        if files and file not in files:
            continue
        if path is None or not path.is_file() or hash_file(path) != file:
            place = path or f"a file of {source}"
            print(f"{place}: not there any more as it was read, so it was not searched", file=sys.stderr)
            continue
        for text in wanted:
            found.update({Origin(source, file, row): None for row in rows_containing(path, text)})
    if wanted and not found:
        raise Mistake("no row of the sources holds it", where="--containing", mend="check the spelling, or name a row")
    return list(found)


def _tell(found: "Erasure", gone: bool) -> None:
    lines: dict[str, Origin] = {}
    near: dict[str, Origin] = {}
    for place in sorted(found.places, key=lambda place: (str(place.path), place.origin.row)):
        (near if place.origin in found.near else lines)[f"{place.path}:{place.origin.row + 1}"] = place.origin
    if lines:
        print("Lines to take out of their files by hand:")
        for where, origin in lines.items():
            same = "  (says the same as a row asked for, as it was read)" if origin in found.same else ""
            print(f"  {where}{same}")
        print()
    if near:
        print("Near duplicates of these, which are other texts. If one is of the same person, name it as well:")
        for where, origin in near.items():
            print(f"  {where}  ({origin.source}:{origin.file[:12]}:{origin.row})")
        print()
    if found.artifacts:
        print_table(("artifact", "step", "why", "rows", "size", ""), [
            (held.key[:12], held.step, held.how, f"{held.rows:,}" if held.rows else "", size(held.bytes),
             "a model" if held.weights else "") for held in found.artifacts], right=(3, 4))
        print()
    for title, paths in (("Copies and pages in run folders", [copy.path for copy in found.copies]),
                         ("Unfinished or damaged work, which may hold anything", found.unknown)):
        if paths:
            print(f"{title}:", *(f"  {path}" for path in paths), sep="\n")
            print()
    more = len(found.copies) + len(found.unknown)
    what = f"{len(found.artifacts)} artifacts, {len(found.models)} of them models, and {more} more"
    if not found.artifacts and not found.copies and not found.unknown:
        print("nothing in this store came of it")
        return
    then = ("take the lines above out of their files" if lines
            else "see that nothing makes the rows again, since no file of yours has them")
    first = f"{what} removed." if gone else f"{what}: --delete --yes removes them."
    print(f"{first} Then {then}, and run the recipe again: what is missing is made anew. Copies that you made "
          "elsewhere are not known here.")
