"""match: the completion names one of the answers, and none of the wrong ones.

Ground truth {"answers": [text, …], "others": [text, …]}. Names are compared as whole words, case aside; where one name
stands inside another ("Ann" in "Ann Lee") the longer one counts. Naming every candidate is therefore wrong.
"""

from typing import Any

from postgrad.verifiers.ground_truth import BrokenTruth, texts
from postgrad.verifiers.words import occurrences, plain

VERSION = 1


def judge(text: str, ground_truth: Any, prompt: str, finish_reason: str) -> tuple[float, dict[str, float], str]:
    """(reward 0 or 1, parts, reason). Parts: answers and others, how many different ones of each are named."""
    answers = texts(ground_truth, "answers", "a list of accepted texts")
    others = texts(ground_truth, "others", "a list of wrong texts", required=False)
    right = {" ".join(plain(answer).split()) for answer in answers}
    if both := right & {" ".join(plain(other).split()) for other in others}:
        raise BrokenTruth(f"ground truth has {sorted(both)[0]!r} among the answers and the others")
    named = set(occurrences(text, answers + others))
    good, bad = sorted(named & right), sorted(named - right)
    parts = {"answers": float(len(good)), "others": float(len(bad))}
    if bad:
        return 0.0, parts, f"names {', '.join(bad[:3])}" + (" …" if len(bad) > 3 else "")
    return (1.0, parts, f"names {good[0]}") if good else (0.0, parts, "names none of the answers")
