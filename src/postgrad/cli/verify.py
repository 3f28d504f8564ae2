"""`postgrad verify`: each verifier accepts right answers and rejects wrong ones, shown on the problems that ship."""

import argparse
from typing import TYPE_CHECKING, Any

from postgrad.cli.display import print_json, print_table
from postgrad.cli.parser import Parser, add_json
from postgrad.support.errors import EXIT_FAILURE, Mistake
from postgrad.support.nearest import nearest

if TYPE_CHECKING:
    from postgrad.verifiers.prove import Case

NAME = "verify"
DEFAULT_CASES = 100


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="prove the verifiers", description=(
        "Show that each verifier accepts gold answers, rejects wrong and empty ones, cannot be talked round and ends "
        "in time, on its own samples and the development problems that ship. Exit code 1 if a claim fails."))
    parser.add_argument("verifiers", metavar="VERIFIER", nargs="*", help="which ones (else all)")
    parser.option("--cases", type=int, default=DEFAULT_CASES, metavar="N",
                  help=f"development problems a task ({DEFAULT_CASES})")
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    from postgrad.verifiers.prove import prove
    from postgrad.verifiers.verify import NAMES

    if options.cases < 1:
        raise Mistake(f"is {options.cases}", where="--cases", mend="give 1 or more")
    for name in options.verifiers:
        if name not in NAMES:
            raise Mistake(f"no verifier {name}", where="postgrad verify", mend=nearest(name, NAMES))
    cases = _cases(options.cases)
    lines = [line for name in options.verifiers or NAMES for line in prove(name, cases[name])]
    failed = [line for line in lines if not line.holds]
    if options.json:
        print_json([{"verifier": line.verifier, "claim": line.claim, "tried": line.tried, "holds": line.holds,
                     "failures": list(line.failures)} for line in lines])
        return EXIT_FAILURE if failed else 0
    print_table(("verifier", "claim", "tried", ""), [
        (line.verifier, line.claim, f"{line.tried:,}", "holds" if line.holds else "FAILS" if line.tried else "no cases")
        for line in lines], right=(2,))
    for line in failed:
        for failure in line.failures:
            print(f"{line.verifier} {line.claim}: {failure}")
    return EXIT_FAILURE if failed else 0


def _cases(count: int) -> dict[str, list["Case"]]:
    """verifier → its samples, and cases of the development tasks that ship. The unseen ones stay sealed."""
    from postgrad.embedded.sources import TASKS, problems, split_of_task
    from postgrad.verifiers.prove import Case
    from postgrad.verifiers.samples import SAMPLES

    found = {name: [Case("sample", truth, prompt, gold, (wrong,)) for truth, prompt, gold, wrong in samples]
             for name, samples in SAMPLES.items()}
    for task in TASKS:
        if split_of_task(task) == "development":
            for row in problems(task)[:count]:
                prompt = row["messages"][-1]["content"]
                case = Case(f"{task}: {prompt[:40]}", row["ground_truth"], prompt, row["gold"], (row["wrong"],))
                found[row["verifier"]].append(case)
    return found
