"""`postgrad deduplicate`: rows of files that say the same, or nearly the same, as a better one, without a recipe."""

import argparse
from pathlib import Path
from typing import Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json, add_output, add_workers

NAME = "deduplicate"
NEAR = 0.8


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="drop exact and near duplicates from files", description=(
        "Of rows that say the same the longest stays, of equals the first, within files and across them. Exact: the "
        "same but for white space. Near: shared runs of three words over all of both rows' are at least --near. Both "
        f"are looked for, near ones from {NEAR:g} on, unless --exact or --near stands alone. Writes kept.jsonl, "
        "ledger.parquet and report.json; files are read in the formats that recipes know, or by --field."))
    parser.option("--input", nargs="+", required=True, metavar="FILE", help="files, folders or globs")
    add_output(parser)
    parser.option("--near", type=float, metavar="LIKENESS", help=f"drop near duplicates, from 0.5 to 1 ({NEAR:g})")
    parser.option("--exact", action="store_true", help="drop exact duplicates; alone: no near ones")
    parser.option("--turns", choices=("all", "user"), default="all", help="compare all turns, or the user's (all)")
    parser.option("--field", default="", metavar="NAME", help="compare this field instead of the turns")
    add_workers(parser)
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.data.deduplicate import Rule
    from postgrad.data.deduplicate_files import deduplicate_files
    from postgrad.pipeline.failures import said_plainly

    neither = not options.exact and options.near is None
    rule = Rule(options.exact or neither, NEAR if neither else options.near, options.turns)
    with said_plainly(f"--out {options.out}", "--out"):
        report = deduplicate_files(options.input, Path(options.out), rule, field=options.field, form=options.format,
                                   workers=options.workers, ray=options.ray)
    if options.json:
        print_json(report)
        return 0
    if report["by_reason"]:
        dropped = [(reason, f"{rows:,}") for reason, rows in report["by_reason"].items()]
        print_table(("dropped because", "rows"), dropped, right=(1,))
    if report["capped"]:
        print(f"{report['capped']:,} rows stayed though not all that share a template with them were compared")
    rows = [f"{report[name]:,}" for name in ("rows_in", "rows_kept", "rows_dropped")]
    print(f"{rows[0]} rows in, {rows[1]} kept, {rows[2]} dropped: {options.out}")
    return 0
