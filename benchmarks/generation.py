"""Sampling speed of the native engine against transformers' `generate`, side by side on one random Llama.

Both sample at temperature 1 from the same weights and prompts, the same number of answers of the same length (no end
token is ever drawn), one after the other in turn; each side's figure is the median of the repeats. Prints one line of
JSON; `ratio` is native tokens/s over transformers' tokens/s. `--group` answers are drawn of each prompt: `generate`
gets the prompts repeated.

    python benchmarks/generation.py --batch 256 --group 8 --threads 2
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from work import SHAPE, VOCABULARY

from postgrad.generation.native import NativeEngine
from postgrad.generation.protocol import Request, Sampling

NEVER = -1


@dataclass
class NoWords:
    """A tokenizer without texts: figures are of the model's work."""

    eos_id: int = NEVER

    def decode(self, ids: Sequence[int]) -> str:
        return ""


@dataclass
class Loaded:
    model: Any
    tokenizer: NoWords


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, value in (("batch", 256), ("group", 1), ("prompt", 40), ("answer", 48), ("repeats", 5), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY["tiny"], **SHAPE)).eval()
    rng = random.Random(0)
    several, length = range(options.group), range(options.prompt)
    words = VOCABULARY["tiny"]
    prompts = [tuple(rng.randrange(3, words) for _ in length) for _ in range(options.batch // options.group)]
    asked = [Request(str(n), ids, sample, rng.getrandbits(62)) for n, ids in enumerate(prompts) for sample in several]
    engine = NativeEngine(Loaded(model, NoWords()), "random", options.batch)
    rows = torch.tensor([request.ids for request in asked])

    def native() -> object:
        return engine.generate(asked, Sampling(max_tokens=options.answer))

    def transformers() -> object:
        return model.generate(
            rows, attention_mask=torch.ones_like(rows), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
            min_new_tokens=options.answer, max_new_tokens=options.answer)

    times: dict[str, list[float]] = {"native": [], "transformers": []}
    for repeat in range(options.repeats + 1):
        for name, work in (("native", native), ("transformers", transformers)):
            taken = seconds(work)
            if repeat:  # the first round warms both up
                times[name].append(taken)
    tokens = len(asked) * options.answer
    rates = {name: tokens / statistics.median(taken) for name, taken in times.items()}
    print(json.dumps({
        "benchmark": "generation", **vars(options), "torch": torch.__version__,
        "tokens_per_second": {name: round(rate) for name, rate in rates.items()},
        "seconds": {name: [round(one, 3) for one in taken] for name, taken in times.items()},
        "ratio": round(rates["native"] / rates["transformers"], 3)}))


if __name__ == "__main__":
    main()
