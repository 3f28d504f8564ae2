"""`postgrad decontaminate` beside plain Python: rows a minute, memory, and the same rows found.

Training rows are short instructions (about 100 tokens, words drawn by Zipf's law), one in `--planted` of them with a
test item in its prompt; items are prompts of the same kind. Plain Python carries out the same rule with sets of tuples,
on the first `--plain-rows` rows; what both drop there is compared. Prints one line of JSON; `ratio` is our rows a
second over plain Python's. With `--template N` rows and items are of one template instead, every row gives every item
away, and the rows hit N different sets of n-grams.

    python benchmarks/decontaminate.py --rows 1000000
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from measuring import measured

WORDS = 60_000
NGRAM = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, value in (("rows", 1_000_000), ("items", 10_000), ("planted", 500), ("plain-rows", 20_000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--template", type=int, default=0)
    parser.add_argument("--folder", help="where the files go (a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        train, test, few = folder / "train.jsonl", folder / "test.jsonl", folder / "few.jsonl"
        items = template(train, test, options) if options.template else write(train, test, few, options)
        ours = measured([sys.executable, "-m", "postgrad.cli.main", "decontaminate", "--train", str(train),
                         "--against", str(test), "--out", str(folder / "out")])
        report = json.loads((folder / "out" / "report.json").read_text())
        said = {
            "rows": options.rows, "items": options.items, "bytes": train.stat().st_size,
            "seconds": round(ours.seconds, 2), "rows_a_minute": round(60 * options.rows / ours.seconds),
            "peak_gb": round(ours.peak_bytes / 1e9, 3), "dropped": report["rows_dropped"]}
        if options.template:
            said |= {"overlaps": len(report["items"]) + report["items_not_listed"]}
            print(json.dumps(said))
            return
        start = time.perf_counter()
        plain = plainly(few, items)
        plain_seconds = time.perf_counter() - start
        dropped = {row["row"] for row in pq.read_table(folder / "out" / "ledger.parquet")["origin"].to_pylist()}
        same = plain == {row for row in dropped if row < options.plain_rows}
        print(json.dumps(said | {
            "plain_rows_a_minute": round(60 * options.plain_rows / plain_seconds), "same_rows": same,
            "ratio": round(options.rows / ours.seconds / (options.plain_rows / plain_seconds), 2)}))


def template(train: Path, test: Path, options: argparse.Namespace) -> list[str]:
    """The files of `--template`; returns the items' texts."""
    frame = ("a customer of the shop would like to know whether order {} of last week has been sent to the right place "
             "and when it will be there at last")
    items = [frame.format(number) for number in range(options.items)]
    test.write_text("".join(json.dumps({"question": item, "answer": "x"}) + "\n" for item in items))
    with train.open("w") as file:
        for number in range(options.rows):
            turns = (("user", frame.format(number % options.template)), ("assistant", f"I shall see to it, {number}."))
            file.write(json.dumps({"messages": [{"role": role, "content": said} for role, said in turns]}) + "\n")
    return items


def write(train: Path, test: Path, few: Path, options: argparse.Namespace) -> list[str]:
    """The files; returns the items' texts."""
    draw = np.random.default_rng(options.seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = np.array(["".join(draw.choice(letters, length)) for length in draw.integers(2, 11, WORDS)])
    shares = 1 / np.arange(1, WORDS + 1)
    shares /= shares.sum()

    def texts(count: int, least: int, most: int) -> Iterator[str]:
        lengths = draw.integers(least, most, count)
        drawn = iter(words[draw.choice(WORDS, int(lengths.sum()), p=shares)])
        for length in lengths:
            yield " ".join(next(drawn) for _ in range(length)) + "."

    items = list(texts(options.items, 12, 80))
    test.write_text("".join(json.dumps({"question": item, "answer": "x"}) + "\n" for item in items))
    with train.open("w") as file, few.open("w") as first:
        for start in range(0, options.rows, 10_000):
            count = min(10_000, options.rows - start)
            for number, (asked, said) in enumerate(zip(texts(count, 20, 61), texts(count, 30, 91), strict=True), start):
                if number % options.planted == 0:
                    asked = f"{asked} {items[number // options.planted % len(items)]}"
                line = json.dumps({"messages": [{"role": "user", "content": asked},
                                                {"role": "assistant", "content": said}]}) + "\n"
                file.write(line)
                if number < options.plain_rows:
                    first.write(line)
    return items


def plainly(path: Path, items: list[str]) -> set[int]:
    """The numbers of the rows that overlap an item: the rule as one would write it down."""
    token = re.compile("[a-z]+|[0-9]+")
    places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    lengths = []
    for index, item in enumerate(items):
        said = token.findall(item.lower())
        lengths.append(len(said))
        for at in range(len(said) - NGRAM + 1):
            places.setdefault(tuple(said[at : at + NGRAM]), []).append((index, at))
    found = set()
    with path.open() as file:
        for number, line in enumerate(file):
            covered: dict[int, set[int]] = {}
            for message in json.loads(line)["messages"]:
                if message["role"] == "user":
                    said = token.findall(message["content"].lower())
                    for at in range(len(said) - NGRAM + 1):
                        for index, position in places.get(tuple(said[at : at + NGRAM]), ()):
                            covered.setdefault(index, set()).update(range(position, position + NGRAM))
            if any(2 * len(tokens) > lengths[index] for index, tokens in covered.items()):
                found.add(number)
    return found


if __name__ == "__main__":
    main()
