"""`postgrad data stats|look|ledger|erase`: what rows are like, a few to read, what became of each, what to erase."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgrad.cli import erase
from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json
from postgrad.cli.show_rows import heading, show
from postgrad.support.errors import Mistake
from postgrad.support.licences import describe
from postgrad.support.nearest import nearest
from postgrad.support.words import percent, whole_number

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from postgrad.inspection.curation import Curation
    from postgrad.inspection.data_stats import Stats
    from postgrad.inspection.row_history import History

NAME = "data"
SAYS = {"pass": "went on", "keep": "stayed", "change": "changed", "drop": "left", "make": "copied",
        "stand": "another stands for it"}  # fmt: skip


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="look at rows, and at what became of each", description=(
        "Counts, lengths and licences of rows; a few of them to read; and what happened to each on its way through a "
        "run."))
    actions = parser.add_subparsers(metavar="stats|look|ledger|erase", required=True, dest="action")
    _add_stats(actions)
    _add_look(actions)
    _add_ledger(actions)
    erase.add(actions)
    return parser


def _add_stats(actions: Any) -> None:
    parser: Parser = actions.add_parser("stats", help="counts, lengths, languages, licences", description=(
        "Counts, lengths, languages and licences of the rows of files, or of those that a run's stages were given."))
    parser.add_argument("rows", nargs="+", metavar="FILE|RUN", help="files, folders, globs, or one run folder")
    parser.option("--model", metavar="DIR", help="count tokens too, by the tokenizer of this model folder")
    add_json(parser)
    parser.set_defaults(call=_stats)


def _add_look(actions: Any) -> None:
    parser: Parser = actions.add_parser("look", help="read a few rows", description=(
        "Show a few rows of files or of a run, drawn by a seed. Of a run, rows that overlap a task are not drawn."))
    parser.add_argument("rows", nargs="+", metavar="FILE|RUN", help="files, folders, globs, or one run folder")
    parser.option("--source", metavar="NAME", help="rows of this source alone (of files: the file's name)")
    parser.option("-n", dest="number", type=_count, default=5, metavar="N", help="how many rows (5)")
    parser.option("--seed", type=int, default=0, metavar="N", help="which ones are drawn (0)")
    parser.option("--where", metavar="TEXT", help="rows that hold this text, in small letters or capitals")
    add_json(parser)
    parser.set_defaults(call=_look)


def _add_ledger(actions: Any) -> None:
    parser: Parser = actions.add_parser("ledger", help="what happened to a row", description=(
        "What every step of a run did to one row, and whether it was trained on; without a row, how many rows left, "
        "changed or were copied at each step, by reason."))
    parser.add_argument("run", metavar="RUN", help="the folder given to `postgrad run --out`")
    parser.add_argument("origin", nargs="?", metavar="ORIGIN", help="SOURCE:ROW or FILE:ROW, rows counted from 0")
    parser.option("--source", metavar="NAME", help="of this source alone")
    parser.option("--reason", metavar="TEXT", help="of this reason alone, and which rows have it")
    parser.option("-n", dest="number", type=_count, default=20, metavar="N", help="at most so many rows (20)")
    add_json(parser)
    parser.set_defaults(call=_ledger)


def _count(said: str) -> int:
    number = whole_number(said)
    if not number:
        raise Mistake(f"is {said}", where="-n", mend="give a number from 1 on")
    return number


def _stats(options: argparse.Namespace) -> int:
    from postgrad.data.filters.languages import language_of
    from postgrad.inspection.data_stats import Stats
    from postgrad.inspection.draw import numbers

    rows = _Rows(options.rows)
    stats = Stats(count_tokens=_token_counter(options.model) if options.model else None)
    for kind, batch, _ in rows.batches():
        stats.add(kind, batch, numbers(batch))
    stats.look_at_languages(language_of)
    if options.json:
        print_json({**stats.json(), "formats": rows.formats, "broken": rows.broken})
    else:
        _print_stats(stats, rows)
    return 0


def _token_counter(model: str) -> Any:
    from postgrad.chat import Tokenizer

    folder = Path(model)
    if not folder.is_dir():
        raise Mistake("is no folder", where=f"--model {model}", mend="name a folder with tokenizer.json")
    tokenizer = Tokenizer.load(folder)
    return lambda text: len(tokenizer.encode(text))


class _Rows:
    """The rows that the words of the command line mean: those of a run, or of files."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        runs = [word for word in words if (Path(word) / "run.json").exists()]
        if runs and len(words) > 1:
            raise Mistake("a run stands alone", where=runs[0], mend="name one run, or files")
        self.curation = _curation(runs[0]) if runs else None
        self.formats: dict[str, str] = {}
        self.broken: dict[str, int] = {}

    def batches(self) -> Iterator[tuple[str, "pa.RecordBatch", "np.ndarray | None"]]:
        """(kind, batch, which rows may be drawn: None for all)."""
        from postgrad.data.file_rows import FileRows
        from postgrad.inspection.shown_rows import batches, hidden_rows, not_hidden

        if self.curation is None:
            files = FileRows(self.words)
            yield from ((kind, batch, None) for kind, batch in files.batches())
            self.formats, self.broken = files.formats, dict(files.broken.most_common())
            return
        for use in self.curation.uses:
            path, hidden = self.curation.table(use.end), hidden_rows(self.curation, use.end, ("decontaminate",))
            for batch in batches(path) if path else ():
                yield path.stem if path else "", batch, not_hidden(batch, hidden)


def _curation(run: str) -> "Curation":
    from postgrad.inspection.curation import Curation
    from postgrad.inspection.run_folder import read

    return Curation(read(Path(run)))


def _print_stats(stats: "Stats", rows: _Rows) -> None:
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in stats.kinds.items()) or "no rows"
    repeated = f"; {stats.repeated:,} ({percent(stats.repeated / stats.rows)}) repeat another" if stats.repeated else ""
    print(f"{kinds}{repeated}")
    _gap()
    measures = {"turns": stats.turns, "characters": stats.chars, "words": stats.words, "tokens": stats.tokens}
    print_table(("a row has", "least", "median", "90 %", "99 %", "most", "all rows"), [
        (name, *(f"{said[key]:,}" for key in ("least", "p50", "p90", "p99", "most", "total")))
        for name, lengths in measures.items() if lengths.counts for said in [lengths.json()]], right=range(1, 7))
    _gap()
    one_licence = len(stats.labels["licence"]) == 1
    print_table(("source", "rows", "share", "format"), [
        (source, f"{number:,}", percent(number / stats.rows), rows.formats.get(source, ""))
        for source, number in stats.labels["source"].most_common()], right=(1, 2))
    _gap()
    for licence, number in stats.labels["licence"].most_common():
        of = "" if one_licence else f" ({number:,} rows)"
        print(f"licence     {licence or 'none given'}: {describe(licence)}{of}")
    print(f"roles       {_counted(stats.roles)}")
    if stats.languages:
        print(f"languages   {_counted(stats.languages)}  (of {stats.languages.total()} rows drawn)")
    if rows.broken:
        print(f"unreadable  {_counted(rows.broken)}")


def _gap() -> None:
    """A blank line beside a table, where the table has none of its own."""
    if not sys.stdout.isatty():
        print()


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items(), key=lambda one: -one[1]))


def _look(options: argparse.Namespace) -> int:
    from postgrad.inspection.draw import Draw, any_turn, numbers, turns

    draw, sources = Draw(options.number, options.seed), dict[str, int]()
    for _, batch, allowed_N in _Rows(options.rows).batches():
        for name in batch.column("source").to_pylist():
            sources[name] = sources.get(name, 0) + 1
        if options.source is not None:
            mine_N = batch.column("source").to_numpy(zero_copy_only=False) == options.source
            allowed_N = mine_N if allowed_N is None else allowed_N & mine_N
        if options.where is not None:
            found_N = any_turn(batch, options.where)
            allowed_N = found_N if allowed_N is None else allowed_N & found_N
        draw.offer(batch, numbers(batch), allowed_N)
    if options.source is not None and options.source not in sources:
        raise Mistake(f"unknown source {options.source}", where="--source", mend=nearest(options.source, sources))
    drawn = list(draw.rows())
    if options.json:
        print_json([{**row, "turns": [{"who": who, "text": text} for who, text in turns(row)]} for row in drawn])
    elif drawn:
        show((heading(row), turns(row)) for row in drawn)
    else:
        print("no row holds it" if options.where else "no rows")
    return 0


def _ledger(options: argparse.Namespace) -> int:
    from postgrad.inspection.row_history import find_origins, having, history, summary

    curation = _curation(options.run)
    if options.origin is not None:
        if options.source or options.reason:
            raise Mistake("a row needs no --source and no --reason", where=options.origin, mend="leave them out")
        found = [history(curation, origin, file) for origin, file in find_origins(curation, options.origin)]
        if options.json:
            print_json([one.json() for one in found])
        else:
            for one in found:
                _print_history(one)
        return 0
    lines = summary(curation, options.source, options.reason)
    rows = having(curation, lines, options.number) if options.reason else []
    if options.json:
        print_json({"lines": [vars(line) for line in lines], "rows": rows})
        return 0
    print_table(("step", "source", "what", "reason", "rows"), [
        (line.step, line.source, SAYS.get(line.action, line.action), line.reason, f"{line.rows:,}") for line in lines],
        right=(4,))
    if rows:
        print()
        print_table(("row", "step", "detail"), [
            (f"{row['source']}:{row['row']}", row["step"], row["detail"]) for row in rows])
    return 0


def _print_history(found: "History") -> None:
    origin = found.origin
    print(f"{origin.source}:{origin.row}  (line {origin.row + 1} of {found.file or origin.file[:12]})\n")
    print_table(("step", "part", "what", "reason", "detail"), [
        (event.step, event.part, SAYS.get(event.action, event.action), event.reason, event.detail)
        for event in found.events])
    print(f"\n{_fate(found)}")


def _fate(found: "History") -> str:
    said = []
    for one in found.trained:
        copies = f"{one.copies} copies" if one.copies > 1 else "one copy"
        epochs = "" if one.epochs is None else " in one epoch" if one.epochs == 1 else f", {one.epochs:g} epochs"
        who = "Trained on" if one.itself else "A row that stands for it was trained on"
        what = {"rlvr": "a problem to draw from", "dpo": f"{one.copies} preferences"}.get(one.kind, f"{copies}{epochs}")
        said.append(f"{who} by {one.stage}: {what}.")
    if said:
        return " ".join(said)
    left = [event for event in found.events if event.action == "drop"]
    return f"Not trained on: it left at {left[-1].step}, {left[-1].reason}." if left else "Not trained on so far."
