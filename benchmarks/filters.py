"""Each filter alone: microseconds of one core a row.

Rows are the conversations of a file that `postgrad` reads, or made ones of about 100 words drawn by Zipf's law. Prints
one line of JSON: characters a row, what the bare loop takes, and what each filter adds to it.

    python benchmarks/filters.py --file data/train.jsonl
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from postgrad.data.filters import FilterConfig, make
from postgrad.data.rows import Record, taught
from postgrad.data.sources import SourceSpec, read
from postgrad.records.types import Example, Message, Origin

BARE = {"markers": "keep", "max_unreadable": None}
"""All that asks for nothing: empty turns are looked for all the same."""
FILTERS: dict[str, dict[str, Any]] = {
    "default": {"markers": "drop", "max_unreadable": 0.1},
    "mojibake": {"max_mojibake": 0.1},
    "characters": {"min_chars": 1},
    "words": {"max_words": 10**9},
    "URLs": {"max_urls": 1.0},
    "letters": {"max_non_letters": 1.0},
    "scripts": {"scripts": ("latin",), "max_other_scripts": 1.0},
    "look-alikes": {"lookalikes": "drop"},
    "100 keywords": {"keywords": tuple(f"keyword {number}" for number in range(100))},
    "self-identification: names": {"self_identification": ("names",)},
    "self-identification: cutoff": {"self_identification": ("cutoff",)},
    "self-identification: ai": {"self_identification": ("ai",)},
    "repetition": {"repetition": True},
    "loop": {"max_loop": 10**9},
    "an expression": {"keep_if": ('words(assistant) >= 0 and not contains(user, "zzz")',)},
    "an expression with a pattern": {"keep_if": ('not matches(assistant, "zzz+y")',)},
    "language": {"languages": ("en",), "language_confidence": 1.0},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args()
    rows = list(islice(read_rows(options.file) if options.file else made_rows(), options.rows))
    length = sum(len(message.content) for row in rows for message in taught(row)) / len(rows)
    bare = microseconds(rows, {})
    added = {name: round(microseconds(rows, said) - bare, 1) for name, said in FILTERS.items()}
    said = {"rows": len(rows), "characters_a_row": round(length), "bare": round(bare, 1), "microseconds": added}
    print(json.dumps(said))


def microseconds(rows: list[Record], said: dict[str, Any]) -> float:
    """The best of three, in time of this process alone."""
    judge = make(FilterConfig(**{**BARE, **said}))
    judge(rows[0])
    times = []
    for _ in range(3):
        start = time.process_time()
        for row in rows:
            judge(row)
        times.append(time.process_time() - start)
    return 1e6 * min(times) / len(rows)


def read_rows(path: Path) -> Iterator[Record]:
    return (handled.record for handled in read([path], SourceSpec("file", "unknown")) if handled.record is not None)


def made_rows() -> Iterator[Record]:
    rng = random.Random(0)
    words = ["".join(rng.choices("aeiourtnslm", k=rng.randint(2, 9))) for _ in range(5000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    while True:
        turns = [Message(role, " ".join(rng.choices(words, weights, k=count)))
                 for role, count in (("user", 30), ("assistant", 70))]
        yield Example("id", (Origin("made", "f" * 64, 0),), tuple(turns), "made", "MIT", "c")


if __name__ == "__main__":
    main()
