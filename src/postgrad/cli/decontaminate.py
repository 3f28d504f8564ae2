"""`postgrad decontaminate`: rows of training files that give test items away, by Tülu 3's rule, without a recipe."""

import argparse
from pathlib import Path
from typing import Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json, add_output, add_workers

NAME = "decontaminate"


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="drop training rows that overlap test files", description=(
        "Compare training files with test files by the rule of Tülu 3: user turns, 8-grams; a row overlaps an item "
        "when more than half of the item's tokens lie in shared 8-grams. Overlapping rows are dropped. Writes "
        "kept.jsonl, ledger.parquet and report.json; files are read in the formats that recipes know, or by --field."))
    parser.option("--train", nargs="+", required=True, metavar="FILE", help="training files, folders or globs")
    parser.option("--against", nargs="+", required=True, metavar="FILE", help="test files: each is a task")
    add_output(parser)
    parser.option("--ngram", type=int, default=8, metavar="N", help="tokens that must follow one another (8)")
    parser.option("--overlap", type=float, default=0.5, metavar="SHARE", help="of an item's tokens, more than (0.5)")
    parser.option("--source-limit", type=float, default=0.02, metavar="SHARE",
                  help="of a task's items; a training file above it is called contaminated (0.02)")
    parser.option("--field", default="", metavar="NAME", help="compare this field instead of the user turns")
    parser.option("--against-field", metavar="NAME", help="the same for the test files (default: as --field)")
    add_workers(parser)
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.data.decontaminate_files import decontaminate_files
    from postgrad.pipeline.failures import said_plainly

    against_field = options.field if options.against_field is None else options.against_field
    with said_plainly(f"--out {options.out}", "--out"):
        report = decontaminate_files(
            options.train, options.against, Path(options.out), ngram=options.ngram, overlap=options.overlap,
            source_limit=options.source_limit, train_field=options.field, against_field=against_field,
            form=options.format, workers=options.workers, ray=options.ray)
    if options.json:
        print_json(report)
        return 0
    pairs = [pair for pair in report["pairs"] if pair["items"]]
    if pairs:
        print_table(("train", "against", "rows", "items", "share", ""), [
            (pair["train"], pair["against"], f"{pair['rows']:,}", f"{pair['items']:,} of {pair['task_items']:,}",
             f"{pair['share']:.2%}", "above the limit" if pair["above_limit"] else "") for pair in pairs],
            right=(2, 3, 4))
    print(f"{report['rows_in']:,} rows in, {report['rows_kept']:,} kept, {report['rows_dropped']:,} dropped: "
          f"{options.out}")
    return 0
