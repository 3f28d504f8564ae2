"""math: the completion's final answer equals the ground truth {"answer": "14"}.

A number as ground truth (GSM8K and its like): the last number of the completion must equal it in value, as in GSM8K's
scoring. Thousands commas, currency signs, percent signs and a sentence's full stop are not part of a number; a minus
between two numbers subtracts and is no sign; 0.5, .50, 1/2, \\frac{1}{2} and 5e-1 are the same number. A truth in
GSM8K's own form ("… #### 14") is read after its marks.

Anything else is LaTeX ("\\frac{\\pi}{3}", "(1, 2]", "x^2 + 1") and goes to math-verify, in a process of its own that is
stopped when it takes too long: its own time limits use signals, which work in a main thread alone.
"""

import re
from collections import deque
from fractions import Fraction
from typing import Any

from postgrad.verifiers import latex
from postgrad.verifiers.ground_truth import BrokenTruth, field

VERSION = 2
MOST_DIGITS = 400
"""A longer run of digits is no answer; Python would take quadratic time to read it."""

_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(
    # A sign stands at its number, or before a space after = or (. Between two numbers a minus subtracts; before a
    # space and after words it is a dash.
    r"(?P<sign>(?<![\w.)\]}$%])(?<![\d)\]}%]\s)[-+\u2212](?!\s)|(?:(?<=[=(])|(?<=[=(]\s))[-+\u2212]\s|(?<=\$)-)?\$?"
    rf"(?:(?P<whole>\d+) (?=\d+/\d+(?![\d/]|\.\d)))?(?P<value>{_PLAIN})"
    r"(?:(?P<exponent>[eE][-+]?\d{1,3})(?![\w.])|/(?P<below>\d+)(?![\d/]|\.\d))?")
_LATEX_FRACTION = re.compile(
    r"(?P<before>\d?)\\[dt]?frac\s*(?:\{\s*(?P<above>[-\u2212]?\d+)\s*\}|(?P<above_digit>\d))"
    r"\s*(?:\{\s*(?P<below>\d+)\s*\}|(?P<below_digit>\d)(?!\d))")
_LATEX_SPACING = re.compile(r"\\[!,;: ]|\{,\}|\\left|\\right")
_MARK = "####"


def number_of(found: re.Match[str]) -> Fraction | None:
    """The value of one match, or None if it is too long to be an answer."""
    if max(len(part or "") for part in (found["value"], found["whole"], found["below"])) > MOST_DIGITS:
        return None
    value = Fraction(found["value"].replace(",", "") + (found["exponent"] or ""))
    if found["below"]:
        below = int(found["below"])
        value = value / below if below else Fraction(0)
    if found["whole"]:
        value += int(found["whole"])
    return -value if (found["sign"] or "").strip() in ("-", "\u2212") else value


def _fraction(found: re.Match[str]) -> str:
    """One \\frac as 3/4; a digit before it makes it the broken part of a mixed number, 1 3/4."""
    above, below = (found[name] or found[f"{name}_digit"] for name in ("above", "below"))
    return f"{found['before']}{' ' if found['before'] else ''}{above}/{below}"


def _simple(text: str) -> str:
    """LaTeX that merely dresses numbers, taken off."""
    text = _LATEX_FRACTION.sub(_fraction, text.replace("\\$", "$").replace("{,}", ","))
    return _LATEX_SPACING.sub("", text)


def last_number(text: str) -> tuple[Fraction | None, str]:
    """(value of the last number in the text, how it was written); (None, "") if there is none."""
    last: re.Match[str] | None = next(iter(deque(_NUMBER.finditer(_simple(text)), maxlen=1)), None)
    return (None, "") if last is None else (number_of(last), last.group())


def _gold(answer: str) -> Fraction | None:
    """The value of a ground truth that is one number and nothing else, or None."""
    said = _simple(answer).strip().strip("$%").strip().rstrip(".")
    found = _NUMBER.fullmatch(said)
    return number_of(found) if found else None


def judge(text: str, ground_truth: Any, prompt: str, finish_reason: str) -> tuple[float, dict[str, float], str]:
    """(reward 0 or 1, parts, reason). Part `number`: whether there was an answer to compare."""
    answer = str(field(ground_truth, "answer", (str, int, float), "the answer as text")).rpartition(_MARK)[2].strip()
    if not answer:
        raise BrokenTruth("ground truth's `answer` is empty")
    gold = _gold(answer)
    if gold is None:
        if not text.strip():
            return 0.0, {"number": 0.0}, latex.NOTHING
        right, reason = latex.equal(answer, text)
        return float(right), {"number": float(reason != latex.NOTHING)}, reason
    value, written = last_number(text)
    if value is None:
        long = f"the last number is {len(written)} characters long"
        return 0.0, {"number": 0.0}, long if written else "holds no number"
    return float(value == gold), {"number": 1.0}, f"the last number is {written.strip()[:40]}, wanted {answer[:40]}"
