"""`postgrad plan RECIPE`: what a run would do and cost, without doing any of it. No torch."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from postgrad.cli.display import power, print_json, print_table
from postgrad.cli.parser import Parser, add_json, add_set, add_store
from postgrad.cli.recipes import load_recipe
from postgrad.support.progress import duration
from postgrad.support.words import size

NAME = "plan"
COLUMNS = ("step", "what", "tokens", "steps", "FLOPs", "time", "memory", "")
NUMBERS = (2, 3, 4, 5, 6)
SOURCE_COLUMNS = ("source", "capability", "for", "rows there", "rows", "tokens", "epochs", "share")
SOURCE_NUMBERS = (3, 4, 5, 6, 7)


class Total(NamedTuple):
    """What is still to be done: seconds and FLOPs added up, memory at its largest."""

    seconds: float
    flops: float
    memory_bytes: float


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="what a run would do and cost", description=(
        "Check a recipe and show its steps with tokens, optimiser steps, FLOPs, time and memory, and its sources with "
        "rows, tokens and epochs. What is marked ≈ is an estimate for this machine. Nothing is run."))
    parser.add_argument("recipe", metavar="RECIPE", help="a file, or the name of a recipe that ships")
    parser.option("--out", metavar="DIR", help="the run's folder, by which the store is found (else runs/NAME)")
    add_set(parser)
    add_store(parser)
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    recipe = load_recipe(options.recipe, options.set)

    from postgrad.pipeline.store import store_path
    from postgrad.stages.estimate import estimate

    found = estimate(recipe, store_path(options.store, Path(options.out or f"runs/{recipe.name}")))
    rows = found.steps
    left = [row for row in rows if not row.cached]
    total = Total(sum(row.seconds or 0 for row in left), sum(row.flops or 0 for row in left),
                  max((row.memory_bytes or 0 for row in left), default=0))
    if options.json:
        print_json({"recipe": recipe.name, "steps": [dataclasses.asdict(row) for row in rows], "left": total._asdict(),
                    "sources": [dataclasses.asdict(row) for row in found.sources], "mixed": found.mixed,
                    "notes": found.notes})
        return 0
    print_table(COLUMNS, [_cells(row) for row in rows], NUMBERS)
    if found.sources:
        print()
        print_table(SOURCE_COLUMNS, [_source_cells(row, found.mixed) for row in found.sources], SOURCE_NUMBERS)
    print(f"\n{_left(rows, total)}")
    if found.notes:
        print("\n" + "\n".join(f"note: {note}" for note in found.notes))
    return 0


def _left(rows: list[Any], total: Total) -> str:
    """What is to be done, in one line."""
    left = [row for row in rows if not row.cached]
    kept = len(rows) - len(left)
    if not left:
        return f"all {kept} steps are in the store: a run does nothing"
    also = f"; {kept} in the store already" if kept else ""
    cost = (f"≈ {duration(total.seconds)}, ≈ {power(total.flops)} FLOPs, at most ≈ {size(total.memory_bytes)} of memory"
            if all(row.seconds is not None for row in left) else "at what cost is not known")
    return f"{len(left)} of {len(rows)} steps to do, {cost}{also}"


def _source_cells(row: Any, mixed: bool) -> tuple[str, ...]:
    """One line of the sources' table. `row`: a `stages.source_use.SourceRow`; `mixed`: the mixture is counted."""
    about = "" if mixed and row.tokens is not None else "≈ "

    def said(value: float | None, form: str) -> str:
        return "" if value is None else about + format(value, form)

    if row.left_out:
        return (row.source, row.capability, row.use, said(row.available_rows, ",.0f"), "left out", "", "", "")
    return (row.source, row.capability, row.use, said(row.available_rows, ",.0f"), said(row.rows, ",.0f"),
            said(row.tokens, ",.0f"), said(row.epochs, ".2f"), said(row.share, ".1%"))


def _cells(row: Any) -> tuple[str, ...]:
    """One line of the table. `row`: a `stages.estimate.PlanRow`, whose unknown figures are None."""
    def said(value: float | None, write: Any) -> str:
        return "" if value is None else f"≈ {write(value)}"

    steps = "" if row.optimizer_steps is None else f"{row.optimizer_steps:,}"
    return (row.step, row.what, said(row.tokens, lambda count: f"{count:,.0f}"), steps, said(row.flops, power),
            said(row.seconds, duration), said(row.memory_bytes, size), "in store" if row.cached else "")
