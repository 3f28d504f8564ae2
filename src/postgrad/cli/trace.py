"""`postgrad trace RUN SCORE`: one number of the report, walked back to checkpoint, rows and source lines."""

import argparse
from pathlib import Path
from typing import Any

from postgrad.cli.display import print_json
from postgrad.cli.parser import Parser, add_json

NAME = "trace"


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="walk a score back to the lines it came from", description=(
        "Walk one score back to its outcomes, its checkpoint, the rows that trained it and the lines of the files they "
        "were read from, and hash everything on the way again."))
    parser.add_argument("run", metavar="RUN", help="the folder given to `postgrad run --out`")
    parser.add_argument("score", metavar="SCORE", help="STAGE/TASK or STAGE/TASK/METRIC, e.g. sft/gsm8k")
    parser.option("--store", metavar="DIR", help="where the run's store lies now, if it was moved")
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.pipeline.runs import open_run
    from postgrad.pipeline.trace import trace

    tree = trace(open_run(Path(options.run), Path(options.store) if options.store else None), options.score)
    if options.json:
        print_json(tree.json())
    else:
        for line in tree.lines():
            print(line)
    return 0
