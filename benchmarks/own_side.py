"""Our side of `training.py`: the steps' own updates, losses and loop on the fixed work; prints a line of JSON.

    python benchmarks/own_side.py sft-packed|sft-default|dpo MODEL COUNT THREADS

A step has as many tokens as the peer's: rows packed to 1,024 tokens, or 8 rows, or 4 pairs. The reference of the pairs
is computed in the measured time, as the peer does.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from work import LONGEST, documents, pairs

from postgrad.models import load
from postgrad.models.deterministic import make_deterministic
from postgrad.models.packed import Segment
from postgrad.support.progress import Progress
from postgrad.training import dpo, sft
from postgrad.training.loop import Optimisation, train
from postgrad.training.packing import first_fit_decreasing
from postgrad.training.rows import Conversation

SETTINGS = {"learning_rate": 5e-5, "schedule": "linear", "warmup": 0.0, "weight_decay": 0.0, "clip_norm": 1.0}


def sft_work(model: Any, count: int, packed: bool) -> tuple[int, Any, Any, int]:
    """(steps, update, loss, tokens)."""
    rows = [Conversation(Segment(ids, [place >= prompt for place in range(len(ids))]), len(ids) - prompt, False)
            for ids, prompt in documents(count, model.config.vocab_size)]
    sizes = [len(row.segment.ids) for row in rows]
    steps = first_fit_decreasing(sizes, LONGEST) if packed else [
        list(range(start, min(start + 8, count))) for start in range(0, count, 8)]
    names = [str(number) for number in range(count)]
    return len(steps), lambda step: sft.sft_update(rows, names, steps[step], "sum", 8192), sft.sft_loss, sum(sizes)


def dpo_work(model: Any, count: int) -> tuple[int, Any, Any, int]:
    rows = [dpo.Pair(number, str(number), prompt, chosen, rejected)
            for number, (prompt, chosen, rejected) in enumerate(pairs(count, model.config.vocab_size))]
    with torch.no_grad():
        against = torch.cat([
            torch.stack(dpo.pair_logprobs(model, dpo.pack_pairs(rows[start : start + 4])), dim=1)
            for start in range(0, count, 4)])
    steps = [list(range(start, min(start + 4, count))) for start in range(0, count, 4)]
    return (len(steps), lambda step: dpo.dpo_update(rows, against, steps[step], 8192),
            lambda model, micro: dpo.dpo_loss(model, micro, "dpo", 0.1, 0.0), sum(row.tokens for row in rows))


def main() -> None:
    work, folder, count, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    make_deterministic(threads)
    model = load(folder).model
    began = time.perf_counter()
    steps, update, loss, tokens = dpo_work(model, count) if work == "dpo" else sft_work(
        model, count, work == "sft-packed")
    with tempfile.TemporaryDirectory() as folder_made:
        out = Path(folder_made, "out")
        out.mkdir()
        train(model, steps, update, loss, Optimisation.of(SETTINGS), out=out, work=Path(folder_made),
              progress=Progress("training", tokens, "tokens"))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    left = torch.randn(4096, 256), torch.randn(256, 704)
    times = []
    for _ in range(60):
        start = time.perf_counter()
        torch.mm(*left)
        times.append(time.perf_counter() - start)
    flops = 2 * 4096 * 256 * 704 / sorted(times)[len(times) // 2]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(json.dumps({"tokens": tokens, "seconds": seconds, "peak_bytes": peak, "matmul_flops": flops,
                      "share_of_matmul": 6 * parameters * tokens / seconds / flops}))


if __name__ == "__main__":
    main()
