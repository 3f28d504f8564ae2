"""The judge's own small arithmetic: sums that a text states, and whether they hold."""

import re
from dataclasses import dataclass
from fractions import Fraction

OPERATORS = {"+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "×": "*", "x": "*", "·": "*", "/": "/", "÷": "/"}
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_SIGN = r"[+\-−–*×·/÷]"
_SUM = rf"[-−]?\$?{NUMBER}(?:\s*(?:{_SIGN}|\bx\b)\s*\$?{NUMBER})+"
EXPRESSION = re.compile(rf"(?<![\w.]){_SUM}(?![\w])")
EQUATION = re.compile(rf"(?<![\w.])({_SUM})\s*=\s*\$?([-−]?{NUMBER})")
_TOKEN = re.compile(rf"({NUMBER})|({_SIGN}|x)")
_SIGNED = re.compile(rf"(?:(?<!\d)([-−]))?\$?({NUMBER})")
_FINAL = re.compile(
    rf"(?:answer|total|result|sum|makes|equals|so|therefore|left|in all)\b"
    rf"[^\d\n.=+*/]{{0,24}}?([-−]?)\$?({NUMBER})(?!\s*[\d=+*/×÷−-])",
    re.IGNORECASE)


@dataclass(frozen=True)
class Equation:
    """One stated equation: the sum as written, what it says it makes, and whether that is so."""

    written: str
    operands: tuple[Fraction, ...]
    stated: Fraction
    true: bool


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", "").replace("−", "-"))


def evaluate(expression: str) -> Fraction | None:
    """The value of a flat sum, products and quotients first; None if it is no sum or divides by zero."""
    terms: list[Fraction] = []
    operator, expect_number = "+", True
    for digits, sign in _TOKEN.findall(expression):
        if digits and expect_number:
            value = _value(digits)
            if operator in "*/":
                if not terms or (operator == "/" and value == 0):
                    return None
                terms[-1] = terms[-1] * value if operator == "*" else terms[-1] / value
            else:
                terms.append(value if operator == "+" else -value)
            expect_number = False
        elif sign and not expect_number:
            operator, expect_number = OPERATORS[sign], True
        elif sign and OPERATORS[sign] == "-" and not terms:
            operator = "-"
        else:
            return None
    return None if expect_number else sum(terms, Fraction(0))


def equations(text: str) -> list[Equation]:
    """Every `a op b = c` of a text. A stated value may be rounded: it holds if it is right to its own last digit."""
    found = []
    for written, stated in EQUATION.findall(text):
        value, said = evaluate(written), _value(stated)
        places = len(stated.partition(".")[2])
        slack = Fraction(1, 2 * 10**places) if places else Fraction(0)
        true = value is not None and abs(value - said) <= slack
        operands = tuple(_value(digits) for digits in re.findall(NUMBER, written))
        found.append(Equation(written, operands, said, true))
    return found


def numbers(text: str) -> list[Fraction]:
    """Every number of a text, in order."""
    return [_value(digits) for digits in re.findall(NUMBER, text)]


def asked_value(prompt: str) -> Fraction | None:
    """What the prompt's sum makes, if it writes exactly one; a story or a text has none."""
    found = EXPRESSION.findall(prompt)
    return evaluate(found[0]) if len(found) == 1 else None


def final_number(text: str) -> Fraction | None:
    """The last number that a text states: what it answers where a number is asked for. A minus must touch its
    number.
    """
    stated = _SIGNED.findall(text)
    return (-1 if stated[-1][0] else 1) * _value(stated[-1][1]) if stated else None


def stated_result(text: str) -> Fraction | None:
    """The number that words call the answer (`so 12`, `the answer is 12`), the last of them; None without such
    words.
    """
    found = _FINAL.findall(text)
    return (-1 if found[-1][0] else 1) * _value(found[-1][1]) if found else None
