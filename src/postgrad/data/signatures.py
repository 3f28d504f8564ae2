"""MinHash signatures in bands: rows whose shingle sets are alike share a band, others hardly ever do.

Two sets with Jaccard likeness j have the same minimum under a random hash with probability j (Broder 1997). A signature
is cut in `bands` of `width` minima each; two rows are candidates if one whole band is the same, which happens with
probability 1 − (1 − j^width)^bands (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4).
"""

import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgrad.support.errors import Mistake
from postgrad.support.ngrams import BASE, Hashes, Offsets

FOUND = 0.99
"""A pair exactly at the threshold is a candidate with at least this probability; one above it, with more."""
MOST_MINIMA = 128
LEAST_NEAR = 0.5
"""Below it a signature of `MOST_MINIMA` finds hardly more than chance, and rows on one subject are all alike."""
SEED = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """How a signature is cut."""

    bands: int
    width: int

    def chance(self, likeness: float) -> float:
        """Probability that two rows so alike share a band."""
        return 1 - float((1 - likeness**self.width) ** self.bands)


def shape_for(near: float) -> Shape:
    """The widest bands (fewest false candidates) that find pairs at the threshold with probability `FOUND`.

    Mistake if `near` is not from `LEAST_NEAR` to 1.
    """
    if not LEAST_NEAR <= near <= 1:
        raise Mistake(f"near is {near:g}", where="deduplicate", mend=f"give a likeness from {LEAST_NEAR:g} to 1")
    fitting = [Shape(bands, width) for width in range(1, MOST_MINIMA + 1)
               if (bands := _bands(near**width)) * width <= MOST_MINIMA]
    return fitting[-1]


def _bands(agree: float) -> int:
    """So many bands, each the same with probability `agree`, that one is with probability `FOUND`."""
    return 1 if agree == 1 else math.ceil(math.log(1 - FOUND) / math.log1p(-agree))


def signatures(hashes: Hashes, offsets: Offsets, shape: Shape) -> NDArray[np.uint64]:
    """One hash a band for each row of shingles (`data.shingles`): (rows, bands). Rows without shingles share all."""
    os.environ.setdefault("RAYON_NUM_THREADS", "1")  # a worker has one core; rensa reads it once
    from rensa import RMinHash

    digests = RMinHash.digest_matrix_from_flat_token_hashes(
        hashes, offsets.astype(np.uint64), shape.bands * shape.width, SEED)
    minima = np.array(digests.to_rows(), np.uint64).reshape(len(offsets) - 1, shape.bands, shape.width)
    banded = np.zeros(minima.shape[:2], np.uint64)
    for place in range(shape.width):
        banded *= np.uint64(BASE)
        banded += minima[:, :, place] + np.uint64(1)
    return banded


class BandSpool:
    """The bands of many rows in unnamed files of `folder`, a file a band: nothing of them stays in memory."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        self._files = [tempfile.TemporaryFile(dir=folder) for _ in range(shape.bands)]  # noqa: SIM115

    def add(self, banded: NDArray[np.uint64]) -> None:
        """Append rows as `signatures` gives them."""
        for file, column in zip(self._files, banded.T, strict=True):
            file.write(np.ascontiguousarray(column).data)

    def __len__(self) -> int:
        return len(self._files)

    def band(self, number: int) -> Hashes:
        """The hashes of one band, of all rows."""
        file = self._files[number]
        file.seek(0)
        return np.frombuffer(file.read(), np.uint64)

    def close(self) -> None:
        for file in self._files:
            file.close()
