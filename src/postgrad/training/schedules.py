"""The course of the learning rate: linear warm-up, then linear or cosine decay to zero, or none."""

import math
from typing import Literal

Schedule = Literal["linear", "cosine", "constant"]


def learning_rate(step: int, steps: int, peak: float, schedule: Schedule, warmup: float) -> float:
    """Learning rate of optimiser step `step` of `steps`, counted from 0. `warmup`: share of the steps, rounded up.

    Warm-up step s has (s + 1)/W of the peak; the first step after it has the peak, and the last of all is above zero.
    """
    rising = math.ceil(warmup * steps)
    if step < rising:
        return peak * (step + 1) / rising
    left = (steps - step) / (steps - rising)
    match schedule:
        case "linear":
            return peak * left
        case "cosine":
            return peak * 0.5 * (1.0 - math.cos(math.pi * left))
        case "constant":
            return peak
