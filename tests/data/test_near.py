"""Near duplicates against the stated rule carried out pair by pair, and how much is found and compared at scale."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from data.naive_duplicates import kept, likeness, shingles
from postgrad.data import near
from postgrad.data.buckets import SMALL
from postgrad.data.near import MOST_COMPARED, Near, near_duplicates
from postgrad.data.parts import prompts
from postgrad.data.shingles import ShingleSpool, jaccard, matrix
from postgrad.data.shingles import shingles as hashed
from postgrad.data.signatures import FOUND, BandSpool, shape_for, signatures
from postgrad.support.errors import Mistake
from postgrad.support.ngrams import hashed as windows_of
from postgrad.support.ngrams import tokens

WORDS = [f"{first}{second}" for first in "bcdfghjklmnprstvwz" for second in "aeiou"]


def run(texts: list[str], near: float, folder: Path) -> Near:
    """All texts, in the order given as that of rank; each must have a token."""
    hashes, offsets = prompts("examples", [[("user", text)] for text in texts])
    spool, bands = ShingleSpool(folder), BandSpool(folder, shape_for(near))
    half = len(texts) // 2
    for some in (slice(0, half + 1), slice(half, None)):  # in two pieces, as chunks come
        piece = offsets[some]
        spool.add(hashes[piece[0] : piece[-1]], piece - piece[0])
        bands.add(signatures(hashes[piece[0] : piece[-1]], piece - piece[0], shape_for(near)))
    spool.finish()
    found = near_duplicates(np.arange(len(texts)), spool, bands, near)
    spool.close()
    bands.close()
    return found


def edited(words: list[str], changes: int, draw: random.Random) -> list[str]:
    """So many words replaced, left out or put in."""
    words = list(words)
    for _ in range(changes):
        at = draw.randrange(len(words))
        words[at : at + draw.randint(0, 1)] = [draw.choice(WORDS)] * draw.randint(0, 2)
        words = words or ["none"]
    return words


@given(st.lists(st.text(st.sampled_from("ab 1.é\u0301"), max_size=12), max_size=8))
def test_shingles_are_runs_of_three_tokens_or_the_whole_of_a_shorter_text(texts: list[str]) -> None:
    hashes, offsets = hashed(texts)
    assert len(offsets) == len(texts) + 1
    for row, text in enumerate(texts):
        said = tokens(text)
        expected = windows_of(said, min(3, len(said))) if said else []
        assert hashes[offsets[row] : offsets[row + 1]].tolist() == expected


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=300), min_size=2, max_size=6))
def test_likeness_is_that_of_the_sets(members: list[list[int]]) -> None:
    sets = matrix(np.concatenate(members), np.cumsum([0, *map(len, members)]))
    pairs = [(one, other) for one in range(len(members)) for other in range(len(members))]
    ones, others = (np.array(side) for side in zip(*pairs, strict=True))
    expected = [len(set(members[a]) & set(members[b])) / len(set(members[a]) | set(members[b])) for a, b in pairs]
    assert jaccard(sets, ones, others).tolist() == expected


def test_a_shingle_that_comes_256_times_is_in_the_set() -> None:
    sets = matrix(np.array([7] * 256 + [7], np.int64), np.array([0, 256, 257]))
    assert jaccard(sets, np.array([0]), np.array([1])).tolist() == [1.0]


@pytest.mark.parametrize("near", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_find_what_they_promise(near: float) -> None:
    """The published formula, summed over the ways in which bands can agree instead of as one less none."""
    shape = shape_for(near)
    agree = near**shape.width
    none = 1.0
    for _ in range(shape.bands):
        none *= 1 - agree
    assert 1 - none >= FOUND
    assert shape.bands * shape.width <= 128


@pytest.mark.parametrize("near", [0.0, 0.49, 1.01, float("nan")])
def test_a_likeness_out_of_range_is_a_mistake(near: float) -> None:
    with pytest.raises(Mistake, match="near is"):
        shape_for(near)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.5, 0.7, 0.8, 0.9, 1.0]))
def test_what_leaves_is_near_a_row_that_stays_and_goes_before_it(
    tmp_path_factory: pytest.TempPathFactory, seed: int, near: float
) -> None:
    draw = random.Random(seed)
    rows = [draw.choices(WORDS, k=draw.randint(1, 40)) for _ in range(12)]
    rows += [edited(draw.choice(rows), draw.randint(0, 4), draw) for _ in range(40)]
    texts = [" ".join(words) for words in rows]
    found = run(texts, near, tmp_path_factory.getbasetemp())
    for row, keeper in enumerate(found.keeper.tolist()):
        if keeper >= 0:
            assert keeper < row and found.keeper[keeper] == -1
            assert found.likeness[row] == likeness(texts[row], texts[keeper]) >= near
        else:
            assert found.likeness[row] == 0


def test_precision_and_recall_against_every_pair(tmp_path: Path) -> None:
    """3,000 rows of 5 to 140 words: words by Zipf's law, half of them edits of others by up to a tenth."""
    draw = random.Random(5)
    weights = [1 / rank for rank in range(1, len(WORDS) + 1)]
    rows = [draw.choices(WORDS, weights, k=draw.randint(5, 140)) for _ in range(1_500)]
    for _ in range(1_500):
        words = draw.choice(rows)
        rows.append(edited(words, draw.randint(1, max(1, len(words) // 10)), draw))
    draw.shuffle(rows)
    texts = [" ".join(words) for words in rows]
    sets = [shingles(text) for text in texts]
    number: dict[tuple[str, ...], int] = {}
    columns = [number.setdefault(shingle, len(number)) for members in sets for shingle in members]
    sizes = np.array([len(members) for members in sets])
    there = csr_array((np.ones(len(columns), np.int64), columns, np.cumsum([0, *sizes])))
    shared = (there @ there.T).toarray()  # of every pair
    alike = np.tril(shared / (sizes[:, None] + sizes - shared) >= 0.8, -1)
    near = [np.flatnonzero(row).tolist() for row in alike]
    found = run(texts, 0.8, tmp_path)
    left = found.keeper >= 0
    owed = [row for row in range(len(texts)) if any(not left[other] for other in near[row])]
    assert len(owed) > 500
    missed = [row for row in owed if not left[row]]
    assert len(missed) <= 0.01 * len(owed)  # of the rows near one that stayed, at least 99 of 100 are found
    assert all(found.keeper[row] in near[row] for row in np.flatnonzero(left))  # and nothing else is
    assert found.capped == 0


def test_long_rows_are_compared_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sets that are in memory at once have a bounded number of members, whatever the pairs; the outcome is one."""
    draw = random.Random(5)
    rows = [draw.choices(WORDS, k=draw.choice([20, 200])) for _ in range(80)]
    rows += [edited(draw.choice(rows), 1, draw) for _ in range(40)]
    rows += [row.split() for row in template_rows(40, 60, 6, draw)]
    texts = [" ".join(words) for words in rows]
    whole = run(texts, 0.8, tmp_path)
    members: list[int] = []

    def counted(sets: csr_array, *pairs: np.ndarray) -> np.ndarray:
        members.append(sets.nnz)
        return jaccard(sets, *pairs)

    monkeypatch.setattr(near, "jaccard", counted)
    monkeypatch.setattr(near, "SHINGLES_AT_ONCE", 1_000)
    monkeypatch.setattr(near, "BYTES_AT_HAND", 1_000)
    parted = run(texts, 0.8, tmp_path)
    assert max(members) <= 1_000 + 2 * 200 and len(members) > 2 * shape_for(0.8).bands
    assert (parted.keeper.tolist(), parted.likeness.tolist()) == (whole.keeper.tolist(), whole.likeness.tolist())
    assert parted.comparisons == whole.comparisons


def template_rows(count: int, words: int, slots: int, draw: random.Random) -> list[str]:
    """Rows of one template: the same words, some places in it filled in anew each time."""
    template = draw.choices(WORDS, k=words)
    places = [at * words // slots for at in range(slots)]
    rows = []
    for _ in range(count):
        row = list(template)
        for at in places:
            row[at] = f"{draw.choice(WORDS)}{draw.choice(WORDS)}{draw.choice(WORDS)}"
        rows.append(" ".join(row))
    return rows


@pytest.mark.parametrize(("slots", "alike"), [(1, True), (6, False)])
def test_a_template_is_not_quadratic(slots: int, alike: bool, tmp_path: Path) -> None:
    """Rows of one template, all near each other or all just not: the comparisons grow with the rows."""
    rows = template_rows(6_000, 60, slots, random.Random(2))
    few, many = (run(rows[:count], 0.8, tmp_path) for count in (1_500, 6_000))
    bound = MOST_COMPARED + shape_for(0.8).bands * (SMALL - 1) / 2
    for found, count in ((few, 1_500), (many, 6_000)):
        assert found.comparisons <= count * bound
        assert (found.keeper[1:] == 0).all() if alike else (found.keeper == -1).mean() > 0.99
    assert many.comparisons < 8 * few.comparisons  # sixteen times as many pairs
    assert (many.capped > 0) != alike  # what is passed over is said


def test_duplicates_within_a_template_are_found(tmp_path: Path) -> None:
    """Of rows that are not near one another by their template alone, those that are by their slots leave."""
    draw = random.Random(3)
    rows = [row.split() for row in template_rows(3_000, 60, 6, draw)]
    for number in range(2_700, 3_000):  # one slot of six is another, all else is as in the row it was made of
        rows[number] = list(rows[number - 2_700])
        rows[number][0] = "another"
    found = run([" ".join(row) for row in rows], 0.8, tmp_path)
    assert (found.keeper[:2_700] == -1).mean() > 0.99
    assert (found.keeper[2_700:] == np.arange(300)).mean() >= 0.95


def test_brute_force_keeps_the_same_rows(tmp_path: Path) -> None:
    draw = random.Random(11)
    rows = [draw.choices(WORDS, k=draw.randint(20, 60)) for _ in range(60)]
    rows += [edited(draw.choice(rows), draw.randint(0, 3), draw) for _ in range(200)]
    texts = [" ".join(words) for words in rows]
    found = run(texts, 0.7, tmp_path)
    expected = kept(texts, [()] * len(texts), False, 0.7)
    assert set(np.flatnonzero(found.keeper == -1).tolist()) == expected
