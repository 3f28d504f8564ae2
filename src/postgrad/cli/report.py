"""`postgrad report RUN`: draw the page again from what the run left."""

import argparse
from pathlib import Path
from typing import Any

from postgrad.cli.parser import Parser
from postgrad.support.errors import Mistake

NAME = "report"


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="write a run's report", description=(
        "Write a run's report as one self-contained HTML page, from what the run left in the store."))
    parser.add_argument("run", metavar="RUN", help="the folder given to `postgrad run --out`")
    parser.option("--to", metavar="FILE", help="where to write it (else RUN/report.html)")
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.pipeline.failures import said_plainly
    from postgrad.pipeline.runs import REPORT

    run = Path(options.run)
    target = Path(options.to) if options.to else run / REPORT
    if target.is_dir():
        raise Mistake("is a folder", where=f"--to {target}", mend="name the file to write")

    from postgrad.inspection.report import write

    with said_plainly(f"writing {target}"):
        write(run, target)
    if target.is_file():  # else a device or a pipe, such as this very output
        print(target)
    return 0
