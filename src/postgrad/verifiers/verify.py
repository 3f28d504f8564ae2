"""One door to every verifier: a name, a completion's text and the problem's ground truth in, a verdict out."""

from types import ModuleType
from typing import Any

from postgrad.records.types import FinishReason, Verdict
from postgrad.support.errors import Mistake
from postgrad.verifiers import ifeval, instructions, match, math, refusal
from postgrad.verifiers.ground_truth import BrokenTruth
from postgrad.verifiers.latex import CannotCompare, TooLong

VERIFIERS: dict[str, ModuleType] = {
    "ifeval": ifeval, "instructions": instructions, "match": match, "math": math, "refusal": refusal}
NAMES = tuple(VERIFIERS)


def verify(
    name: str, text: str, ground_truth: Any, *, prompt: str = "", finish_reason: FinishReason = "stop",
    completion: str = "",
) -> Verdict:
    """The verdict of the named verifier. Pure: the same arguments give the same verdict, alone or among others.

    `completion` is the id to put into the verdict. A verifier that cannot tell (a broken ground truth, a time limit, a
    fault of its own) says so: status error or timeout, reward None. Mistake only if no verifier has the name.
    """
    verifier = VERIFIERS.get(name)
    if verifier is None:
        raise Mistake(f"no verifier {name!r}", where="verifier", mend=f"use one of {', '.join(NAMES)}")
    version: int = verifier.VERSION
    try:
        reward, parts, reason = verifier.judge(text, ground_truth, prompt, finish_reason)
    except TooLong as error:
        return Verdict("timeout", None, {}, str(error), name, version, completion)
    except (BrokenTruth, CannotCompare) as error:
        return Verdict("error", None, {}, str(error), name, version, completion)
    except Exception as error:  # one answer that trips a verifier must not end a run, nor count as wrong
        reason = f"the verifier failed: {type(error).__name__}: {error}"[:300]
        return Verdict("error", None, {}, reason, name, version, completion)
    return Verdict("ok", reward, parts, reason, name, version, completion)
