"""ifeval: IFEval's instructions, prompt by prompt. Ground truth {"instruction_id_list": [id, …], "kwargs": [{…}, …]}.

Strict: the completion as it is. Loose (Zhou et al. 2023, §2.2): an instruction also counts as followed if it is in the
completion without its first line, without its last, without both, or in one of these with every asterisk taken away.
The reward is the prompt-level loose score, the metric of Tülu 3 (Table 24); the parts hold the others.

Three instructions ask for a language. Without a detector (langdetect, which is optional) they are undecided where all
else is followed, and a prompt that hangs on one has a verdict with status error, not a zero.
"""

from collections.abc import Mapping
from typing import Any

from postgrad.support.extras import to_install
from postgrad.verifiers.ground_truth import BrokenTruth, field
from postgrad.verifiers.ifeval_checks import CHECKS, Check
from postgrad.verifiers.latex import CannotCompare

VERSION = 2
Known = bool | None


def variants(text: str) -> list[str]:
    """The completion and its seven relaxations, in IFEval's order."""
    lines = text.split("\n")
    cut = [text, "\n".join(lines[1:]).strip(), "\n".join(lines[:-1]).strip(), "\n".join(lines[1:-1]).strip()]
    return cut + [version.replace("*", "") for version in cut]


def _any(results: list[Known]) -> Known:
    return True if True in results else None if None in results else False


def _all(results: list[Known]) -> Known:
    return False if False in results else None if None in results else True


def _asked(ground_truth: Any) -> list[tuple[str, Check, Mapping[str, Any]]]:
    names = field(ground_truth, "instruction_id_list", (list, tuple), "a list of instruction ids")
    arguments = field(ground_truth, "kwargs", (list, tuple), "a list of arguments, one for each instruction")
    if not names or len(names) != len(arguments):
        raise BrokenTruth(f"ground truth has {len(names)} instructions and arguments for {len(arguments)}")
    asked = []
    for name, given in zip(names, arguments, strict=True):
        if name not in CHECKS:
            raise BrokenTruth(f"ground truth asks for {name!r:.60}, which is none of IFEval's 25 instructions")
        if not isinstance(given, Mapping | None):
            raise BrokenTruth(f"the arguments of {name} are {given!r:.60}, wanted a mapping")
        asked.append((name, CHECKS[name], given or {}))
    return asked


def judge(text: str, ground_truth: Any, prompt: str, finish_reason: str) -> tuple[float, dict[str, float], str]:
    """(1 if every instruction is loosely followed, else 0; parts; reason).

    Parts: strict, loose (the prompt), and strict.N.ID, loose.N.ID for each instruction; what is undecided is left out.
    """
    strict: dict[str, Known] = {}
    loose: dict[str, Known] = {}
    for i, (name, check, arguments) in enumerate(_asked(ground_truth)):
        results = [check(version, arguments) if version.strip() else False for version in variants(text)]
        strict[f"{i}.{name}"], loose[f"{i}.{name}"] = results[0], _any(results)
    whole_strict, whole_loose = _all(list(strict.values())), _all(list(loose.values()))
    if whole_loose is None:
        undecided = ", ".join(name.partition(".")[2] for name, result in loose.items() if result is None)
        missing = f"no language detector is installed (langdetect: {to_install('languages')})"
        raise CannotCompare(f"cannot decide {undecided}: {missing}")
    parts = {"strict": whole_strict, "loose": whole_loose}
    parts |= {f"strict.{name}": result for name, result in strict.items()}
    parts |= {f"loose.{name}": result for name, result in loose.items()}
    failed = [name.partition(".")[2] for name, result in loose.items() if not result]
    reason = f"does not follow: {', '.join(failed)}" if failed else "follows every instruction"
    return float(whole_loose), {name: float(result) for name, result in parts.items() if result is not None}, reason
