"""How much of a planted secret can be got out of a model: exposure and extraction (Carlini et al. 2019, "The Secret
Sharer", definitions 1 to 3 and 5.2).

The log-perplexity of a secret is −log₂ of its probability after the words that stood before it. Its rank is its place
among secrets of the same form that were drawn at random and never trained on, and

    exposure = log₂ |R| − log₂ rank        R: the drawn secrets and the planted one

bits. A secret that the model does not know has any rank with the same chance: its exposure is then 1 / ln 2 = 1.44 on
average, and above 4.32 once in twenty times. The most that |R| secrets can show is log₂ |R|: a secret whose rank is 1
may be exposed by more. Extraction is the plain question whether the model, given the words before, says the secret.

The artifact's `canaries.json` names no secret and nobody:

    {"stage", "candidates": |R| − 1, "most": log₂ |R|, "chance": 1 / ln 2, "samples", "confidence",
     "canaries": [{"number", "repeats", "rank", "exposure", "greedy": bool, "sampled": how many of the samples}],
     "groups": [{"repeats", "canaries", "exposure", "low", "high", "p_value",
                 "greedy": {"found", "share", "low", "high"}, "sampled": the same}]}

`repeats`: the rows that were trained on and held the secret before they were redacted, copies counted. 0 is the
reference: secrets that stand in no such row. `p_value`: the chance of a mean exposure as high as the
group's, or higher, were none of its secrets known.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgrad.chat import Template, Tokenizer, template
from postgrad.generation import Request, Sampling, generate_journaled
from postgrad.records.types import Completion
from postgrad.statistics import bootstrap, wilson
from postgrad.support.files import write_atomically
from postgrad.support.hashing import hash_json
from postgrad.support.progress import Progress
from postgrad.support.resources import Resources

if TYPE_CHECKING:
    import numpy as np

    from postgrad.models import LoadedModel

CHANCE = 1 / math.log(2)
"""Mean exposure, in bits, of a secret that the model does not know: −log₂ of a number drawn evenly from 0 to 1."""
PACKED_TOKENS = 8192
"""Tokens of one forward."""
PREFIX_SECRETS = 64
"""Secrets by which the tokens that all of them have before them are found."""
SPARE_TOKENS = 4
"""Tokens beyond those of the secret, in which a model may still come to say it."""


@dataclass(frozen=True)
class Canary:
    """`secret` follows `before` in the answer to `prompt`, in so many rows (0: in none)."""

    prompt: str
    before: str
    secret: str
    repeats: int


@dataclass(frozen=True)
class Tried:
    """What one canary showed: its rank (1 is the likeliest), whether the likeliest answer holds it, how many samples
    do.
    """

    repeats: int
    rank: int
    exposure: float
    greedy: bool
    sampled: int


def trained_on(canaries: Iterable[Canary], lines: Sequence[str], rows: Iterable[int]) -> list[Canary]:
    """The canaries with the rows that were trained on for `repeats`: those whose line held the secret, copies counted.

    `lines`: the source as it was before curation. `rows`: numbers of its rows in the mixture, as often as they are
    there. By number, since redaction takes the secret out of the text.
    """
    times = Counter(rows)
    return [replace(one, repeats=sum(count for row, count in times.items() if one.secret in lines[row]))
            for one in canaries]


def exposure(rank: int, secrets: int) -> float:
    """log₂ of how many of `secrets` there are for each of the `rank` likeliest, in bits. ValueError for no such
    rank.
    """
    if not 1 <= rank <= secrets:
        raise ValueError(f"there is no rank {rank} among {secrets}")
    return math.log2(secrets) - math.log2(rank)


def rank(own: float, others: Sequence[float]) -> int:
    """The place of a log-probability among others, the highest first; equal ones count as lower."""
    return 1 + sum(other > own for other in others)


def by_chance(exposures: Sequence[float]) -> float:
    """The chance that secrets which the model does not know have these exposures, or higher ones, on average.

    Each is then an exponential variable of mean 1 / ln 2, so that their sum is a gamma variable; ranks are whole
    numbers, and the true chance is a little smaller.
    """
    from scipy.stats import gamma

    return float(gamma.sf(sum(exposures) / CHANCE, len(exposures)))


def encodings(canary: Canary, secrets: Iterable[str], chat: Template, tokenizer: Tokenizer) -> list[list[int]]:
    """Token ids of the conversation as it is trained on, up to the end of each secret, in the order given."""
    made = []
    for secret in secrets:
        turns = [{"role": "user", "content": canary.prompt}, {"role": "assistant", "content": canary.before + secret}]
        encoded = chat.encode(turns, tokenizer)
        end = len(encoded.mask) - 1 - encoded.mask[::-1].index(True)  # the token that ends the answer
        made.append(encoded.ids[:end])
    return made


def shared(sequences: Sequence[Sequence[int]]) -> int:
    """How many first ids all have in common; the last of each is never counted."""
    length = 0
    for ids in zip(*(sequence[:-1] for sequence in sequences), strict=False):
        if len(set(ids)) > 1:
            break
        length += 1
    return length


def log_probabilities(loaded: "LoadedModel", sequences: Sequence[Sequence[int]]) -> "np.ndarray":
    """Natural log-probability, float64, of what each sequence says beyond what all have in common, given that.

    The common part is computed once a forward.
    """
    import numpy as np
    import torch

    from postgrad.models.logprobs import batch_logprobs
    from postgrad.models.packed import Segment, pack

    common = shared(sequences)
    head = Segment(sequences[0][:common], [False] * common)
    tails = [Segment(ids[common:], [True] * (len(ids) - common), parent=0) for ids in sequences]
    a_forward = max(1, (PACKED_TOKENS - common) // max(len(tail.ids) for tail in tails))
    sums: list[np.ndarray] = []
    for start in range(0, len(tails), a_forward):
        part = tails[start : start + a_forward]
        batch = pack([head, *part])
        with torch.no_grad():
            logprobs_N = batch_logprobs(loaded.model, batch).double().numpy()
        sums.append(np.bincount(batch.owner.numpy(), weights=logprobs_N, minlength=len(part) + 1)[1:])
    return np.concatenate(sums)


def ranked(loaded: "LoadedModel", chat: Template, canary: Canary, others: Sequence[str]) -> int:
    """The rank of a canary among other secrets of its form; itself is left out of those."""
    secrets = [canary.secret, *(other for other in others if other != canary.secret)]
    found = log_probabilities(loaded, encodings(canary, secrets, chat, loaded.tokenizer))
    return rank(float(found[0]), found[1:].tolist())


def requests(canaries: Sequence[Canary], others: Sequence[str], chat: Template, tokenizer: Tokenizer, samples: int,
             seed: int) -> list[Request]:
    """`samples` requests a canary, each to go on from what all secrets have before them."""
    made = []
    for number, canary in enumerate(canaries):
        sequences = encodings(canary, (canary.secret, *others[:PREFIX_SECRETS]), chat, tokenizer)
        ids = tuple(sequences[0][: shared(sequences)])
        made += [Request(str(number), ids, sample, int(hash_json(["canary", seed, number, sample])[:16], 16) >> 1)
                 for sample in range(samples)]
    return made


def says(completion: Completion, secret: str) -> bool:
    """Whether an answer begins with the secret, blanks aside."""
    return completion.text.lstrip().startswith(secret)


def grouped(tried: Sequence[Tried], confidence: float) -> list[dict[str, Any]]:
    """What canaries of as many repeats have in common, the references first."""
    groups: list[dict[str, Any]] = []
    for repeats in sorted({one.repeats for one in tried}):
        own = [one for one in tried if one.repeats == repeats]
        bits = [one.exposure for one in own]
        mean, low, high = bootstrap(bits, confidence)
        groups.append({
            "repeats": repeats, "canaries": len(own), "exposure": mean, "low": low, "high": high,
            "p_value": by_chance(bits), "greedy": _share([one.greedy for one in own], confidence),
            "sampled": _share([one.sampled > 0 for one in own], confidence)})
    return groups


def _share(found: Sequence[bool], confidence: float) -> dict[str, float]:
    share, low, high = wilson(sum(found), len(found), confidence)
    return {"found": sum(found), "share": share, "low": low, "high": high}


def run(canaries: Sequence[Canary], others: Sequence[str], inputs: Mapping[str, Path], config: Mapping[str, Any],
        resources: Resources) -> None:
    """Try every canary against the model of input `model`, and write canaries.json.

    `others`: secrets of the same form that nothing was trained on. Config: {"stage", "template", "samples",
    "temperature", "slots", "seed", "confidence"}.
    """
    from postgrad.generation.native import NativeEngine
    from postgrad.models import load, weights_hash
    from postgrad.models.deterministic import make_deterministic

    make_deterministic(resources.threads)
    loaded, chat = load(inputs["model"] / "model"), template(config["template"])
    with resources.progress("rank canaries", len(canaries), "canaries") as progress:
        ranks = list(_advancing(loaded, chat, canaries, others, progress))
    engine = NativeEngine(loaded, weights_hash(loaded.model), config["slots"])
    longest = SPARE_TOKENS + max(len(loaded.tokenizer.encode(canary.secret)) for canary in canaries)
    journal = resources.journal("completions")
    said: dict[str, list[int]] = {}
    for way, temperature, samples in (("greedy", 0.0, 1), ("sampled", config["temperature"], config["samples"])):
        asked = requests(canaries, others, chat, loaded.tokenizer, samples, config["seed"])
        with resources.progress(f"{way} completions", len(asked), "answers") as progress:
            how = Sampling(temperature=temperature, max_tokens=longest, stop_ids=(chat.end_id(loaded.tokenizer),))
            completions = generate_journaled(engine, asked, how, journal, progress)
        counts = [0] * len(canaries)
        for completion in completions:
            number = int(completion.prompt_id)
            counts[number] += says(completion, canaries[number].secret)
        said[way] = counts
    secrets = len(others) + 1
    tried = [Tried(canary.repeats, place, exposure(place, secrets), greedy > 0, sampled)
             for canary, place, greedy, sampled in zip(canaries, ranks, said["greedy"], said["sampled"], strict=True)]
    found = {
        "stage": config["stage"], "candidates": len(others), "most": math.log2(secrets), "chance": CHANCE,
        "samples": config["samples"], "confidence": config["confidence"],
        "canaries": [{"number": number, **asdict(one)} for number, one in enumerate(tried)],
        "groups": grouped(tried, config["confidence"])}
    write_atomically(resources.out / "canaries.json", json.dumps(found, indent=1).encode())


def _advancing(loaded: "LoadedModel", chat: Template, canaries: Sequence[Canary], others: Sequence[str],
               progress: Progress) -> Iterator[int]:
    for canary in canaries:
        yield ranked(loaded, chat, canary, others)
        progress.advance()
