"""The steps of the training stages: what each stage of a recipe calls, with engines and verifiers handed in.

Functions only import torch when they run, so that planning stays light.
"""

from typing import TYPE_CHECKING

from postgrad.pipeline.resources import Resources
from postgrad.pipeline.steps import Config, Inputs, versioned
from postgrad.records.tables import read_records
from postgrad.records.types import Example, Problem

if TYPE_CHECKING:
    from postgrad.generation.native import NativeEngine
    from postgrad.models import LoadedModel


@versioned(2)
def sft(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Supervised fine-tuning. Inputs: model, examples."""
    from postgrad.training import sft as algorithm

    algorithm.run(inputs, config, resources)


@versioned(2)
def reference(inputs: Inputs, config: Config, resources: Resources) -> None:
    """The reference's log-probabilities of the pairs. Inputs: model, preferences."""
    from postgrad.training import dpo

    dpo.reference(inputs, config, resources)


@versioned(3)
def dpo(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Direct preference optimisation. Inputs: model, preferences, reference."""
    from postgrad.training import dpo as algorithm

    algorithm.run(inputs, config, resources)


@versioned(1)
def prove(inputs: Inputs, config: Config, resources: Resources) -> None:
    """The proof of every verifier on the problems that it will reward. Input: problems."""
    from postgrad.verifiers import steps

    steps.prove(inputs, config, resources)


@versioned(5)
def rlvr(inputs: Inputs, config: Config, resources: Resources) -> None:
    """GRPO on verified answers. Inputs: model, problems, proof (that their verifiers hold).

    Config: `training.rlvr`'s, and "slots" of the engine.
    """
    from postgrad.generation.native import NativeEngine
    from postgrad.models import load
    from postgrad.tasks import verdict
    from postgrad.training import rlvr as algorithm

    problems = list(read_records(inputs["problems"] / "problems.parquet", Problem))
    folder = inputs["model"] / "model"

    def engine(policy: "LoadedModel", key: str, step: int) -> "NativeEngine":
        return NativeEngine(policy, key, config["slots"], policy_step=step)

    algorithm.run(load(folder), load(folder), problems, verdict, engine, config, resources)


@versioned(4)
def complete(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Several answers a prompt, from a pool of models. Inputs: prompts.ROWS, pool.NAME."""
    from postgrad.preferences import steps

    steps.complete(inputs, config, resources)


@versioned(2)
def rate(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Four aspects of every answer. Inputs: completions."""
    from postgrad.preferences import steps

    steps.rate(inputs, config, resources)


@versioned(1)
def pair(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Preferences. Inputs: completions, ratings."""
    from postgrad.preferences import steps

    steps.pair(inputs, config, resources)


@versioned(6)
def evaluate(inputs: Inputs, config: Config, resources: Resources) -> None:
    """One model's scores. Inputs: model, task.NAME."""
    from postgrad.evaluation import score

    score.evaluate(inputs, config, resources)


@versioned(1)
def compare(inputs: Inputs, config: Config, resources: Resources) -> None:
    """All stages side by side. Inputs: the evaluations."""
    from postgrad.evaluation import compare as comparison

    comparison.compare(inputs, config, resources)


@versioned(2)
def canaries(inputs: Inputs, config: Config, resources: Resources) -> None:
    """What a model gives away of the secrets that a generator plants. Inputs: model, the examples that it was trained
    on, planted (the file of the generator).

    Config: {"generator", "source": its name, "seed", "candidates": how many secrets of the same form they are ranked
    among}, and `evaluation.canaries`'s.
    """
    from postgrad.data.files import find_files
    from postgrad.data.rows import own_origin
    from postgrad.embedded.sources import CANARIES
    from postgrad.evaluation import canaries as test

    planted = CANARIES[config["generator"]]
    (file,) = find_files(inputs["planted"])
    origins = map(own_origin, read_records(inputs["examples"] / "examples.parquet", Example))
    rows = [origin.row for origin in origins if origin.source == config["source"]]
    known = test.trained_on((test.Canary(*canary) for canary in planted.canaries(config["seed"])),
                            file.read_text().splitlines(), rows)
    test.run(known, planted.secrets(config["seed"], config["candidates"]), inputs, config, resources)
