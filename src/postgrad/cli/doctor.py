"""`postgrad doctor`: what this machine can run, what is missing, and the mend. Nothing is fetched or changed."""

import argparse
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json
from postgrad.support.errors import EXIT_FAILURE

if TYPE_CHECKING:
    from postgrad.cli.checks import Answer

NAME = "doctor"
MARKS = {"ok": "✓", "note": "!", "missing": "✗"}


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="what this machine can run", description=(
        "Say what this machine can run and what is missing, with the mend. Exit code 1 if something needed is missing. "
        "No network is used."))
    parser.option("--store", metavar="DIR", help="where work would be kept (else $POSTGRAD_STORE, else .store)")
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    answers = list(_answers(options.store))
    missing = [answer for answer in answers if answer.state == "missing"]
    if options.json:
        print_json({"ready": not missing, "answers": [dataclasses.asdict(answer) for answer in answers]})
    else:
        print_table(("", "what", "found", "mend"), [
            (MARKS[answer.state], answer.what, answer.found, answer.mend) for answer in answers])
        print("\nready: postgrad run quickstart --out runs/quickstart" if not missing else
              f"\nnot ready: {', '.join(answer.what for answer in missing)}")
    return EXIT_FAILURE if missing else 0


def _answers(store: str | None) -> Iterator["Answer"]:
    from postgrad.cli import checks
    from postgrad.pipeline.store import store_path

    yield checks.python()
    yield checks.processor()
    yield checks.memory()
    yield checks.disk(store_path(store))
    yield from checks.packages()
    yield checks.torch_build()
    yield checks.matmul_rate()
    yield checks.base()
