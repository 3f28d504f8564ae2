"""What work costs on this machine: FLOPs, seconds and memory of training, scoring and generating.

Seconds come from the machine's own rate of float32 matrix products, measured in the call, and from how far each kind of
work stays behind that rate. Those shares were measured on one kind of machine (two x86-64 threads with AVX-512):
elsewhere an estimate is only as good as the same ratio between matrix products and the rest. docs/plan.md has figures.

Dense decoder, N parameters, L layers, width d, mean length T of what a token looks back on:

    training     6·N + 12·L·d·T a token         forward and backward (Kaplan et al. 2020, section 2.1)
    scoring      2·N + 4·L·d·T a token          forward alone: a reference's log-probabilities, a prompt
    generating   2·N + 4·L·d·T a token drawn    and a prompt once for all the answers in a row that share it
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from postgrad.pipeline.environment import default_threads
from postgrad.support.model_shape import Shape

RATE_SIZE, RATE_REPEATS, RATE_SECONDS = 64, 16, 0.02
SMALL_PRODUCT = 0.9
"""Products so small are computed by BLAS libraries on one thread, at this share of the rate of large ones."""

PACKED_SHARE = 0.62
"""FLOPs a second of training and scoring a wide model, over those of large products."""
SHARED = 60.0
"""Width at which packed batches whose answers share a prompt take twice as long as plain ones: there are more and
shorter pieces of attention."""
GENERATING_SHARE = 0.337
"""As `PACKED_SHARE`, of drawing tokens: products of as many rows as the engine has slots."""
THIN = 26.0
"""Width at which what is not a matrix product (norms, rotations, activations) takes as long as the products do: a
layer's products grow with the square of its width, the rest with the width."""
SECONDS_A_ROW = 3e-5
"""Drawing a token and keeping its record, for each row of an engine's step."""
SECONDS_A_LAYER = 5e-4
"""Of one engine step, however few rows run: launching the operations of a layer."""
SECONDS_AN_UPDATE, SECONDS_A_PARAMETER = 2e-3, 1e-9
"""Of one move of the weights: what it takes at least, and AdamW and the gradient's norm for each parameter."""
LOADING_SECONDS, SECONDS_A_BYTE = 0.3, 4e-9
"""Of a model that is read and hashed, or written and hashed."""

FLOAT = 4
PROCESS_BYTES = 1.1e9
"""torch, transformers and pyarrow loaded, with what they hold at work."""
WIDTHS_KEPT, INNERS_KEPT = 16, 7
"""Numbers that backpropagation keeps of a token and layer: so many times the width, and the MLP's width."""
MOMENTS = 4
"""Copies of the weights in training: themselves, their gradients, Adam's two moments."""


@dataclass(frozen=True, slots=True)
class Cost:
    """FLOPs, seconds, and bytes beyond those of the process. Costs of things done one after another add up."""

    flops: float = 0.0
    seconds: float = 0.0
    memory: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.flops + other.flops, self.seconds + other.seconds, max(self.memory, other.memory))


@dataclass(frozen=True, slots=True)
class Generation:
    """What an engine is asked: prompts to compute and answers to draw, in calls of at most `a_call` requests; lengths
    are means but for `longest_prompt` and `longest`, those of the longest prompt and answer.
    """

    prompts: float
    prompt: float
    longest_prompt: float
    requests: float
    answer: float
    longest: float
    slots: int
    a_call: float

    @property
    def tokens(self) -> float:
        """Prompt tokens computed and answer tokens drawn."""
        return self.prompts * self.prompt + self.requests * self.answer

    @property
    def engine_steps(self) -> float:
        """One token in every running row: slots stay full while there is a queue, then the longest answer ends."""
        steps, left = 0.0, self.requests
        while left >= 1:
            now = min(left, self.a_call)
            whole = max(1.0, left // self.a_call)
            steps += whole * (self.answer * max(1.0, now / self.slots) + self.longest - self.answer)
            left -= whole * now
        return steps


@dataclass(frozen=True)
class Costs:
    """Costs of a model of this shape on a machine of that rate (FLOP/s)."""

    shape: Shape
    rate: float

    def _seconds(self, flops: float, share: float) -> float:
        return flops / (self.rate * share) * (1 + THIN / self.shape.width)

    def _attention(self, length: float) -> float:
        """FLOPs of a token that looks back on half of `length` others, forward."""
        return 4 * self.shape.layers * self.shape.width * length / 2

    def _pace(self, shared: bool) -> float:
        return 1 / (1 + SHARED / self.shape.width) if shared else 1.0

    def loading(self, written: bool = False) -> Cost:
        """Read a model, or read and write it."""
        weights = FLOAT * self.shape.parameters
        return Cost(0.0, LOADING_SECONDS + SECONDS_A_BYTE * weights * (2 if written else 1), weights)

    def training(self, tokens: float, length: float, updates: float, at_once: float, shared: bool = False) -> Cost:
        """Forward, backward and `updates` moves of the weights. `at_once`: tokens of a micro-batch; `shared`: its
        answers share prompts.
        """
        flops = tokens * (6 * self.shape.parameters + 3 * self._attention(length))
        kept = at_once * self.shape.layers * (WIDTHS_KEPT * self.shape.width + INNERS_KEPT * self.shape.inner)
        moves = updates * (SECONDS_AN_UPDATE + SECONDS_A_PARAMETER * self.shape.parameters)
        return Cost(flops, self._seconds(flops, PACKED_SHARE * self._pace(shared)) + moves,
                    FLOAT * (MOMENTS * self.shape.parameters + kept))

    def scoring(self, tokens: float, length: float, at_once: float, shared: bool = False) -> Cost:
        """Forward alone, of packed batches."""
        flops = tokens * (2 * self.shape.parameters + self._attention(length))
        return Cost(flops, self._seconds(flops, PACKED_SHARE * self._pace(shared)),
                    FLOAT * (self.shape.parameters + at_once * (2 * self.shape.width + 3 * self.shape.inner)))

    def generating(self, asked: Generation) -> Cost:
        """Prompts in, answers out."""
        prompts = asked.prompts * asked.prompt * (2 * self.shape.parameters + self._attention(asked.prompt))
        drawn = asked.requests * asked.answer
        answers = drawn * (2 * self.shape.parameters + self._attention(2 * asked.prompt + asked.answer))
        seconds = (self._seconds(prompts, PACKED_SHARE) + self._seconds(answers, GENERATING_SHARE)
                   + drawn * SECONDS_A_ROW + asked.engine_steps * self.shape.layers * SECONDS_A_LAYER)
        columns = 1.125 * (asked.longest_prompt + asked.longest)
        rows = min(asked.slots, asked.requests)
        cache = 2 * rows * columns * self.shape.layers * self.shape.keys
        logits = 3 * rows * self.shape.vocabulary
        return Cost(prompts + answers, seconds, FLOAT * (self.shape.parameters + cache + logits))

    def beside(self, cost: Cost) -> Cost:
        """The cost with a second model held in memory: the reference."""
        return Cost(cost.flops, cost.seconds, cost.memory + FLOAT * self.shape.parameters)


def matmul_rate() -> float:
    """FLOP/s of float32 matrix products on all cores that this process may use: the best that one core reaches in
    numpy, times their number. Measured on one core and in its processor's time, so that a busy machine says the same as
    a calm one.
    """
    import numpy as np

    left, out = np.ones((RATE_SIZE, RATE_SIZE), np.float32), np.empty((RATE_SIZE, RATE_SIZE), np.float32)
    least, begin = float("inf"), time.thread_time()
    while time.thread_time() - begin < RATE_SECONDS:
        start = time.thread_time()
        for _ in range(RATE_REPEATS):
            np.matmul(left, left, out=out)
        least = min(least, time.thread_time() - start)
    return 2.0 * RATE_SIZE**3 * RATE_REPEATS / least / SMALL_PRODUCT * min(default_threads(), cores())


def cores() -> int:
    """Cores of the machine, two threads of one core counted once; where that is not told, its processors."""
    told = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    return len({path.read_text() for path in told}) or os.cpu_count() or 1
