"""`postgrad deduplicate` (exact and near) beside datasketch and plain Python: rows a minute and memory, in one run.

Rows are short instructions of about 100 tokens, words drawn by Zipf's law; a fifth are edits of earlier rows (1 to 5 of
100 words changed), a twentieth repeat one with other blanks. datasketch (if installed: `pip install datasketch`) has as
many minima, cut in as many bands, and verifies nothing; plain Python compares a row with the rows that stayed and share
one of its ten rarest shingles, by sets. Both take the first `--peer-rows` and `--plain-rows` rows. Prints one line of
JSON; the ratios are our rows a second over theirs. With `--template N` the rows are N of one template instead, and
`compared` says how often two rows were compared: it grows with N, not with its square.

    python benchmarks/deduplicate.py --rows 1000000
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from measuring import measured

from postgrad.data.signatures import shape_for

WORDS = 60_000
AT_ONCE = 10_000
NEAR = 0.8
RAREST = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    defaults = {"rows": 1_000_000, "peer-rows": 100_000, "plain-rows": 10_000, "template": 0, "seed": 0}
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--folder", help="where the files go (a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        path, out = folder / "rows.jsonl", folder / "out"
        words = vocabulary(np.random.default_rng(options.seed))
        draw = np.random.default_rng(options.seed + 1)
        rows = options.template or options.rows
        write(path, template(rows, words, draw) if options.template else instructions(rows, words, draw))
        ours = measured([sys.executable, "-m", "postgrad.cli.main", "deduplicate", "--input", str(path),
                         "--out", str(out), "--near", str(NEAR), "--exact"])
        report = json.loads((out / "report.json").read_text())
        said = {
            "benchmark": "deduplicate", "rows": rows, "bytes": path.stat().st_size, "seconds": round(ours.seconds, 2),
            "rows_a_minute": round(60 * rows / ours.seconds), "peak_gb": round(ours.peak_bytes / 1e9, 3),
            "dropped": report["by_reason"], "compared": report["comparisons"], "capped": report["capped"]}
        if not options.template:
            if find_spec("datasketch"):
                said["datasketch"] = beside(by_datasketch, path, options.peer_rows, rows / ours.seconds)
            said["plain"] = beside(plainly, path, options.plain_rows, rows / ours.seconds)
    print(json.dumps(said))


def beside(work: Callable[[list[str]], int], path: Path, count: int, our_rate: float) -> dict[str, float]:
    """The same on the first rows, reading included; `ratio`: our rows a second over these."""
    start = time.perf_counter()
    with path.open() as file:
        texts = ["\n".join(message["content"] for message in json.loads(line)["messages"])
                 for line, _ in zip(file, range(count), strict=False)]
    dropped = work(texts)
    rate = len(texts) / (time.perf_counter() - start)
    return {"rows": len(texts), "rows_a_minute": round(60 * rate), "dropped": dropped,
            "ratio": round(our_rate / rate, 1)}


def by_datasketch(texts: list[str]) -> int:
    """Rows whose signature shares a band with that of a row that stayed."""
    from datasketch import MinHash, MinHashLSH

    shape = shape_for(NEAR)
    index = MinHashLSH(num_perm=shape.bands * shape.width, params=(shape.bands, shape.width))
    dropped = 0
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=shape.bands * shape.width)
        sketch.update_batch([" ".join(shingle).encode() for shingle in shingles(text)])
        if index.query(sketch):
            dropped += 1
        else:
            index.insert(number, sketch)
    return dropped


def plainly(texts: list[str]) -> int:
    """Rows near one that stayed, by sets of shingles."""
    sets = [shingles(text) for text in texts]
    common = Counter(shingle for members in sets for shingle in members)
    stayed: dict[tuple[str, ...], list[int]] = {}
    dropped = 0
    for number, members in enumerate(sets):
        rarest = sorted(members, key=lambda shingle: common[shingle] if common[shingle] > 1 else len(texts))[:RAREST]
        rivals = {rival for shingle in rarest for rival in stayed.get(shingle, ())}
        if any(len(members & sets[rival]) >= NEAR * len(members | sets[rival]) for rival in rivals):
            dropped += 1
            continue
        for shingle in members:
            stayed.setdefault(shingle, []).append(number)
    return dropped


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall("[a-z]+|[0-9]+", text.lower())
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def vocabulary(draw: np.random.Generator) -> list[str]:
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    return ["".join(draw.choice(letters, length)) for length in draw.integers(2, 11, WORDS)]


def zipf() -> np.ndarray:
    shares = 1 / np.arange(1, WORDS + 1)
    return np.cumsum(shares / shares.sum())


def instructions(count: int, words: list[str], draw: np.random.Generator) -> Iterator[list[str]]:
    """The words of each row; duplicates are of rows among the `AT_ONCE` or so before them."""
    shares, lately = zipf(), []
    for start in range(0, count, AT_ONCE):
        lately = lately[-AT_ONCE:]
        lengths = draw.integers(60, 141, AT_ONCE)
        drawn = iter(np.minimum(np.searchsorted(shares, draw.random(int(lengths.sum()))), WORDS - 1).tolist())
        for length, part in zip(lengths[: count - start].tolist(), draw.random(AT_ONCE).tolist(), strict=False):
            fresh = [words[next(drawn)] for _ in range(length)]
            if part > 0.25 or not lately:
                lately.append(fresh)
                yield fresh
                continue
            row = list(lately[int(draw.integers(len(lately)))])
            if part < 0.2:
                for at in draw.integers(0, len(row), max(1, round(len(row) * draw.uniform(0.01, 0.05)))).tolist():
                    row[at] = words[int(draw.integers(WORDS))]
            else:
                row[1] += " "
            yield row


def template(count: int, words: list[str], draw: np.random.Generator) -> Iterator[list[str]]:
    """Rows of one template of 60 words, six of them filled in anew: likeness about 0.65 between any two."""
    base = [words[at] for at in draw.integers(0, WORDS, 60).tolist()]
    for filled in draw.integers(0, WORDS, (count, 6)).tolist():
        row = list(base)
        row[::10] = [words[at] for at in filled]
        yield row


def write(path: Path, rows: Iterator[list[str]]) -> None:
    with path.open("w") as file:
        for row in rows:
            turns = (("user", " ".join(row[:30])), ("assistant", " ".join(row[30:]) + "."))
            file.write(json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]}) + "\n")


if __name__ == "__main__":
    main()
