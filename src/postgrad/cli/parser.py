"""argparse with our manners: one line for a mistake, the nearest option or command, exit code 2."""

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest


class Parser(argparse.ArgumentParser):
    """Options in full only; a mistake is a Mistake instead of a printed usage."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})  # type: ignore[arg-type]
        self.spoken_options: list[str] = []

    def option(self, *names: str, **settings: object) -> None:
        """`add_argument` for an option, remembered for the nearest name."""
        self.add_argument(*names, **settings)  # type: ignore[arg-type]
        self.spoken_options += [name for name in names if name.startswith("--")]

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            name = action.option_strings[0] if action.option_strings else ""
            mend = nearest(str(value), [str(choice) for choice in action.choices])
            raise Mistake(f"unknown word {value}", where=f"{self.prog} {name}".strip(), mend=mend)

    def error(self, message: str) -> NoReturn:
        raise Mistake(message, where=self.prog, mend=f"see `{self.prog} --help`")

    def unknown(self, words: Sequence[str]) -> Mistake:
        """What to say of arguments that nothing took."""
        said = words[0].partition("=")[0]
        close = get_close_matches(said, [*self.spoken_options, "--help"], n=1)
        what = f"unknown option {said}" if said.startswith("-") else f"unexpected argument {said}"
        mend = f"did you mean {close[0]}?" if close else f"see `{self.prog} --help`"
        return Mistake(what, where=self.prog, mend=mend)


def add_set(parser: Parser) -> None:
    parser.option("--set", action="append", default=[], metavar="KEY=VALUE",
                  help="change one key of the recipe, e.g. sft.epochs=1; may be repeated")


def add_store(parser: Parser) -> None:
    parser.option("--store", metavar="DIR",
                  help="where finished work is kept (else $POSTGRAD_STORE, else .store beside the run's folder)")


def add_output(parser: Parser) -> None:
    parser.option("--out", required=True, metavar="DIR", help="where kept rows, ledger and report go")
    parser.option("--format", choices=("jsonl", "parquet"), default="jsonl", help="of the kept rows (jsonl)")


def add_workers(parser: Parser) -> None:
    parser.option("--workers", type=int, metavar="N", help="processes (default: one a core)")
    parser.option("--ray", metavar="ADDRESS", help="work on this Ray cluster instead (`local`: one of its own)")


def add_json(parser: Parser) -> None:
    parser.option("--json", action="store_true", help="print JSON, for programs")
