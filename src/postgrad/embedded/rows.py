"""The plain rows that the generators emit, and the mask by which prompts are compared.

An example is {"messages": [user, assistant]}. A problem is {"messages": [user], "ground_truth", "verifier", "plain",
"gold", "wrong"}: `plain` is the same question as the base saw such text in pretraining, `gold` an answer that the
verifier must accept and `wrong` one that it must reject. A prompt for preferences is a problem without what only a
verifier may see.
"""

import re
from typing import Any

from postgrad.embedded.words import FAMILY, GIVEN, LANDS, TOWNS

Row = dict[str, Any]


def example(question: str, answer: str) -> Row:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def problem(question: str, plain: str, verifier: str, ground_truth: Row, gold: str, wrong: str) -> Row:
    """A problem; `plain` ends where the base's answer begins, at the start of a line."""
    return {
        "messages": [{"role": "user", "content": question}],
        "ground_truth": ground_truth,
        "verifier": verifier,
        "plain": plain + "\n",
        "gold": gold,
        "wrong": wrong,
    }


def as_example(row: Row) -> Row:
    return example(row["messages"][0]["content"], row["gold"])


def as_prompt(row: Row) -> Row:
    return {"messages": row["messages"]}


def question_of(row: Row) -> str:
    return row["messages"][0]["content"]


_NAMES = re.compile(r"\b(?:" + "|".join(sorted({*GIVEN, *FAMILY, *TOWNS, *LANDS}, key=lambda w: (-len(w), w))) + r")\b")


def mask_names(text: str) -> str:
    """Names of people and places as N, each digit as #."""
    return re.sub(r"\d", "#", _NAMES.sub("N", text))
