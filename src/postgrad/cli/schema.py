"""`postgrad schema`: the JSON Schema of a recipe, for editors; `--tables`: the same as tables to read."""

import argparse
from typing import Any

from postgrad.cli.display import print_json
from postgrad.cli.parser import Parser

NAME = "schema"


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="print the JSON Schema of a recipe", description=(
        "Print the JSON Schema of a recipe. An editor that knows it completes keys and marks mistakes while you type."))
    parser.option("--tables", action="store_true", help="print Markdown tables of every key instead")
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    if options.tables:
        from postgrad.recipe.reference import tables

        print(tables())
    else:
        from postgrad.recipe.schema import json_schema

        print_json(json_schema())
    return 0
