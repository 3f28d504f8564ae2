"""`postgrad redact`: personal data in any JSONL, reported, replaced or its rows dropped, without a recipe."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json, add_output, add_workers
from postgrad.support.errors import Mistake

if TYPE_CHECKING:
    from postgrad.data.pii.kinds import Kind, Treatment

NAME = "redact"


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="take personal data out of files", description=(
        "Find e-mail addresses, phone, account, card and national numbers, network addresses, dates of birth, record "
        "numbers and names of a list in every text of every row, and put marks in their place. Rows without any stay "
        "byte for byte. Writes kept.jsonl, ledger.parquet and report.json; none of the three holds what was found."))
    parser.option("--input", nargs="+", required=True, metavar="FILE", help="files, folders or globs")
    add_output(parser)
    parser.option("--kind", action="append", default=[], metavar="KIND=TREATMENT", help=(
        "keep (not looked for), report (counted, stays), replace (<email>), pseudonym (<email-k3f7q2mx>, the same for "
        "the same value) or drop (the row leaves); may be repeated; `all=…` for every kind (default: replace)"))
    parser.option("--names", metavar="FILE", help="names to look for, one person a line")
    parser.option("--region", action="append", metavar="CC", help="whose national phone numbers are known (US)")
    parser.option("--field", default="", metavar="NAME", help="look in this field of a row alone")
    parser.option("--key", metavar="FILE", help="the key of pseudonyms, made if it is not there (else "
                  "$POSTGRAD_PSEUDONYM_KEY, else in your data folder)")
    parser.option("--presidio", metavar="MODEL", help="have Presidio look as well, with this installed spaCy model")
    parser.option("--report-only", action="store_true", help="count what is there; every text stays")
    add_workers(parser)
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.data.output import check_apart
    from postgrad.data.pii.files import redact_files
    from postgrad.data.pii.kinds import Redaction
    from postgrad.data.pii.names import read_names
    from postgrad.data.pii.pseudonyms import key_file, load_key
    from postgrad.pipeline.failures import said_plainly

    wished = treatments(options.kind, bool(options.names or options.presidio))
    if options.report_only:
        wished = {kind: "keep" if treatment == "keep" else "report" for kind, treatment in wished.items()}
    out = Path(options.out)
    named = Path(options.key) if options.key else None
    key = load_key(key_file(named), (out,)) if "pseudonym" in wished.values() else b""
    if options.names:
        check_apart(out, [Path(options.names)])
    names = read_names(Path(options.names)) if options.names else ()
    redaction = Redaction(wished, _regions(options.region or ["US"]), names, key, options.presidio)
    with said_plainly(f"--out {options.out}", "--out"):
        report = redact_files(options.input, out, redaction, field=options.field, form=options.format,
                              workers=options.workers, ray=options.ray)
    if options.json:
        print_json(report)
        _warn(report)
        return 0
    if report["found"]:
        print_table(("kind", "places", "rows", "treatment"), [
            (kind, f"{count:,}", f"{report['rows_with'][kind]:,}", report["treatments"][kind])
            for kind, count in report["found"].items()], right=(1, 2))
    print(f"{report['rows_in']:,} rows in, {report['rows_kept']:,} kept, {report['rows_dropped']:,} dropped: {out}")
    _warn(report)
    return 0


def _warn(report: Mapping[str, Any]) -> None:
    """On stderr: which kinds were not looked for, and that no row is left."""
    left_out = [kind for kind, treatment in report["treatments"].items() if treatment == "keep"]
    if left_out:
        names = " (names are looked for with --names FILE or --presidio MODEL)" if "name" in left_out else ""
        print(f"not looked for: {', '.join(left_out)}{names}", file=sys.stderr)
    if report["rows_in"] and not report["rows_kept"]:
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in report["by_reason"].items())
        print(f"no row is left ({reasons})", file=sys.stderr)


def treatments(said: Sequence[str], with_names: bool) -> dict["Kind", "Treatment"]:
    """Each kind's treatment, from words such as `email=drop`; what is not said is replaced."""
    from postgrad.data.pii.kinds import KINDS, TREATMENTS
    from postgrad.support.nearest import nearest

    wished: dict[Kind, Treatment] = {kind: "replace" for kind in KINDS if with_names or kind != "name"}
    for word in said:
        name, equals, treatment = word.partition("=")
        if not equals:
            raise Mistake(f"says no treatment for {word}", where="--kind", mend=f"e.g. {word}=replace")
        for given, known in ((name, (*KINDS, "all")), (treatment, TREATMENTS)):
            if given not in known:
                raise Mistake(f"unknown word {given}", where=f"--kind {word}", mend=nearest(given, known))
        wished.update(dict.fromkeys([kind for kind in KINDS if name == kind or (name == "all" and kind in wished)],
                                    treatment))  # type: ignore[arg-type]
    return wished


def _regions(said: Sequence[str]) -> tuple[str, ...]:
    from phonenumbers import SUPPORTED_REGIONS

    for region in said:
        if region not in SUPPORTED_REGIONS:
            raise Mistake(f"no numbering plan for {region}", where="--region", mend="two capital letters, e.g. DE")
    return tuple(said)
