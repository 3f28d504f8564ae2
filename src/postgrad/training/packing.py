"""Which rows make an optimiser step, and which of its rows are computed together."""

import math
import random
from collections.abc import Sequence

from postgrad.support.hashing import hash_json


def seed_of(*parts: object) -> int:
    """A seed (63 bits) that is a function of the parts, which are JSON values, and of nothing else."""
    return int(hash_json(list(parts))[:16], 16) >> 1


def step_rows(rows: int, batch_size: int, epochs: float, seed: int) -> list[list[int]]:
    """Row numbers of each optimiser step: each epoch a new permutation, one after another, cut into steps.

    The last step may be smaller. With a broken number of epochs the last permutation is cut short.
    """
    wanted = round(rows * epochs)
    order: list[int] = []
    for epoch in range(math.ceil(epochs)):
        permutation = list(range(rows))
        random.Random(seed_of("order", seed, epoch)).shuffle(permutation)
        order += permutation
    order = order[:wanted]
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def first_fit_decreasing(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """Put items into as few bins of `budget` as first-fit-decreasing finds; an item above the budget has its own bin.

    Returns the item numbers of each bin. At most 11/9 of the fewest bins, plus one (Johnson 1973).
    """
    bins: list[list[int]] = []
    room: list[int] = []
    for item in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        place = next((b for b, free in enumerate(room) if free >= sizes[item]), None)
        if place is None:
            place = len(bins)
            bins.append([])
            room.append(budget)
        bins[place].append(item)
        room[place] -= sizes[item]
    return bins
