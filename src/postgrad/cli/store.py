"""`postgrad store ls|verify|gc`: look at finished work, check it, and clear away what no run refers to."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json
from postgrad.support.errors import EXIT_FAILURE
from postgrad.support.progress import Progress, duration
from postgrad.support.words import size

if TYPE_CHECKING:
    from postgrad.pipeline.store import Store

NAME = "store"


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="look at finished work, check it, clear it away", description=(
        "The store keeps every step's finished work under a key made of its settings and inputs."))
    parser.add_argument("action", choices=("ls", "verify", "gc"), metavar="ls|verify|gc", help=(
        "ls: what is in it. verify: hash everything again and set damaged work aside, to be made anew. gc: say what no "
        "run folder refers to; with --yes remove it"))
    parser.option("--store", metavar="DIR", help="which one (else $POSTGRAD_STORE, else .store here)")
    parser.option("--yes", action="store_true", help="gc: remove what it names")
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.pipeline.store import Store, store_path

    store = Store.existing(store_path(options.store))
    return {"ls": _list, "verify": _verify, "gc": _clear}[options.action](store, options)


def _list(store: "Store", options: argparse.Namespace) -> int:
    from postgrad.pipeline.store import Artifact

    rows: list[dict[str, Any]] = []
    for found in store.artifacts():
        whole = isinstance(found, Artifact)
        said = found.manifest if isinstance(found, Artifact) else {}
        held = found.bytes if isinstance(found, Artifact) else 0
        rows.append({"key": found.key, "step": said.get("step"), "bytes": held,
                     "duration_s": said.get("duration_s"), "whole": whole, "folder": str(found.folder)})
    rows.sort(key=lambda row: (str(row["step"]), row["key"]))
    if options.json:
        print_json({"store": str(store.root), "artifacts": rows})
        return 0
    print_table(("key", "step", "size", "took", ""), [
        (row["key"][:12], row["step"] or "?", size(row["bytes"]),
         "" if row["duration_s"] is None else duration(row["duration_s"]), "" if row["whole"] else "damaged")
        for row in rows], right=(2, 3))
    print(f"\n{len(rows)} artifacts, {size(sum(row['bytes'] for row in rows))}, in {store.root}")
    return 0


def _verify(store: "Store", options: argparse.Namespace) -> int:
    from postgrad.pipeline.cleaning import verify

    with Progress("verify", len(store.keys()), "artifacts") as progress:
        findings = verify(store, on_progress=lambda done, total: progress.advance())
    if options.json:
        print_json([{"key": found.key, "step": found.step, "what": list(found.what), "moved_to": _path(found.moved_to)}
                    for found in findings])
    else:
        for found in findings:
            left = "set aside, the next run makes it anew" if found.moved_to else "left, as the store takes no writing"
            print(f"{found.key[:12]} {found.step}: {'; '.join(found.what)}; {left}")
        print(f"{len(findings)} damaged" if findings else "all whole")
    return EXIT_FAILURE if findings else 0


def _clear(store: "Store", options: argparse.Namespace) -> int:
    from postgrad.pipeline.cleaning import gc

    removals = gc(store, dry_run=not options.yes)
    freed = sum(removal.bytes for removal in removals)
    if options.json:
        print_json({"removed": options.yes, "bytes": freed, "paths": [
            {"path": str(removal.path), "why": removal.why, "bytes": removal.bytes} for removal in removals]})
        return 0
    for removal in removals:
        print(f"{size(removal.bytes):>9}  {removal.path.relative_to(store.root)}: {removal.why}")
    if not removals:
        print("nothing to remove")
    else:
        print(f"{size(freed)} {'removed' if options.yes else 'would be freed; remove it with --yes'}")
    return 0


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
