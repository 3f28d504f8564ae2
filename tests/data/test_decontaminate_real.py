"""The rule on real data sets, file against file, beside a reading of it that shares no code with the library."""

import json
import os
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest

from postgrad.data.decontaminate_files import decontaminate_files

DATA = os.environ.get("POSTGRAD_TEST_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="POSTGRAD_TEST_DATA is not set: no real data sets to compare")
N = 8


def words(text: str) -> list[str]:
    """Runs of letters with their marks, and runs of decimal digits, character by character."""
    found, before = [], ""
    text = "".join(char for char in text if not unseen(ord(char)))
    for char in unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()):
        kind = "digit" if char.isdecimal() else "letter" if char.isalnum() else ""
        if unicodedata.category(char)[0] == "M" and before == "letter":
            kind = "letter"
        if kind and kind == before:
            found[-1] += char
        elif kind:
            found.append(char)
        before = kind
    return found


def unseen(code: int) -> bool:
    """Of what Unicode ignores by default, all that texts are known to hold."""
    return code in (0xAD, 0x34F, 0x61C, 0xFEFF) or 0x200B <= code <= 0x200F or 0x202A <= code <= 0x202E or (
        0x2060 <= code <= 0x206F or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF)


def brute(train: list[str], items: list[str]) -> set[tuple[int, int, int]]:
    """(row, item, tokens that count) of every overlap: each item's windows looked up in each row's."""
    wanted = [words(item) for item in items]
    places = defaultdict(list)
    for index, item in enumerate(wanted):
        for at in range(len(item) - N + 1):
            places[tuple(item[at : at + N])].append((index, at))
    short = defaultdict(list)
    for index, item in enumerate(wanted):
        if 0 < len(item) < N:
            short[tuple(item)].append(index)
    lengths = sorted({len(item) for item in short})
    found = set()
    for row, text in enumerate(train):
        said = words(text)
        counted: dict[int, set[int]] = defaultdict(set)
        for at in range(len(said) - N + 1):
            for index, start in places.get(tuple(said[at : at + N]), ()):
                counted[index].update(range(start, start + N))
        for length in lengths:
            windows = [said] if 2 * length < N else [said[at : at + length] for at in range(len(said) - length + 1)]
            for window in windows:
                for index in short.get(tuple(window), ()):
                    counted[index].update(range(length))
        found |= {(row, index, len(tokens)) for index, tokens in counted.items()
                  if 2 * len(tokens) > len(wanted[index])}
    return found


def texts(path: Path, field: str) -> list[str]:
    return [json.loads(line)[field] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", ["gsm8k", "self_instruct", "mmlu"])
def test_real_files_overlap_as_brute_force_says(name: str, tmp_path: Path) -> None:
    assert DATA
    data = Path(DATA)
    if name == "gsm8k":
        train, test, field = data / "gsm8k" / "train.jsonl", data / "gsm8k" / "test.jsonl", "question"
    elif name == "self_instruct":
        train, field = data / "self_instruct" / "seed_tasks.jsonl", "instruction"
        test = data / "self_instruct" / "user_oriented_instructions.jsonl"
    else:
        train, test = unpacked(data, "validation", tmp_path), unpacked(data, "test", tmp_path)
        field = "question"
    report = decontaminate_files(
        [str(train)], [str(test)], tmp_path / "out", train_field=field, against_field=field, workers=1)
    items = texts(test, field)
    found = {(said["train_row"], said["item"], round(said["overlap"] * len(words(items[said["item"]]))))
             for said in report["items"]}
    expected = brute(texts(train, field), items)
    assert found == expected
    assert report["rows_dropped"] == len({row for row, _, _ in expected})
    assert expected  # each of these pairs does overlap somewhere


def unpacked(data: Path, split: str, folder: Path) -> Path:
    """MMLU's questions of a split, each once, as they come."""
    import gzip

    path, questions = folder / f"{split}.jsonl", {}
    for part in sorted((data / "mmlu_decon").glob(f"mmlu_{split}-*.jsonl.gz")):
        with gzip.open(part, "rt") as file:
            questions |= dict.fromkeys(json.loads(line)["question"] for line in file)
    path.write_text("".join(json.dumps({"question": question}) + "\n" for question in questions))
    return path
