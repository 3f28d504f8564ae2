"""The stages a recipe may list. Defaults are those published for Tülu 3 8B ([P] Tables 11, 20, 21; [OI] docs/tulu3.md).

They fit an 8-billion-parameter model and hundreds of thousands of rows; a smaller model wants larger learning rates.
"""

from typing import Annotated, Literal

from pydantic import Field

from postgrad.recipe.part import BelowOne, Count, Epochs, Name, Names, NotNegative, Part, Positive, Temperature

Length = Annotated[int, Field(ge=8)]
Several = Annotated[int, Field(ge=2)]
Schedule = Literal["linear", "cosine", "constant"]


class StagePart(Part):
    """What every stage has."""

    name: Name
    """How the stage is called: `--set NAME.key=value` changes it. May not be a top-level key."""
    from_: Annotated[Name | None, Field(alias="from")] = None
    """The earlier stage whose weights it starts with, or `base`. Default: the nearest one that yields weights."""
    primary: Names = ()
    """Development tasks that the stage is for, said before the run: its gain is judged by them."""


class TrainedStage(StagePart):
    """What every stage that trains has besides: how a step is computed, and what is alike for all of them."""

    weight_decay: NotNegative = 0.0
    """Of AdamW. Published for SFT and DPO: 0 ([P] Tables 11, 20)."""
    clip_norm: Positive = 1.0
    """Largest norm of the gradient. Published: 1 for the reward model and RLVR ([P] Table 21), not for the others."""
    micro_batch_tokens: Count = 8192
    """Tokens computed at once: memory against speed; the result is the same up to rounding."""


class SftStage(TrainedStage):
    """Supervised fine-tuning on the mixture: the assistant's turns are trained on, packed without leaks."""

    # [P] Table 11 (8B): 5e-6, linear, warm-up 0.03, batch 128, length 4,096, 2 epochs, weight decay 0. [OI]'s script
    # finetune_8b.sh trains on 512 rows only, and its HEAD no longer sums the loss (#1728): the paper's values stand.
    kind: Literal["sft"]
    """`sft`."""
    learning_rate: Positive = 5e-6
    """Peak learning rate of AdamW. Published: 5e-6 ([P] Table 11)."""
    epochs: Epochs = 2.0
    """Passes over the mixture. Published: 2."""
    batch_size: Count = 128
    """Sequences a step. Published: 128."""
    max_length: Length = 4096
    """Tokens a sequence; longer ones are cut at the end. Published: 4096."""
    loss: Literal["sum", "mean"] = "sum"
    """`sum`: every trained token of a step weighs the same, as published ([P] 4.3.2). `mean`: every sequence does."""
    schedule: Schedule = "linear"
    """Learning rate after warm-up: falling to zero (`linear`, `cosine`) or `constant`. Published: linear."""
    warmup: BelowOne = 0.03
    """Share of the steps over which the learning rate rises from zero. Published: 0.03."""


class RulesJudge(Part):
    """A judge made of rules. It sees no ground truth and shares no code with the verifiers."""

    kind: Literal["rules"] = "rules"
    """`rules`: helpfulness, instruction following, honesty and truthfulness, 1 to 5 each."""


class PreferStage(StagePart):
    """Several completions a prompt from a pool of models, rated on four aspects, made into pairs. Yields no weights."""

    kind: Literal["prefer"]
    """`prefer`."""
    prompts: Annotated[Names, Field(min_length=1)]
    """Sources whose prompts are answered."""
    rows: Count | None = None
    """How many prompts in all, shared out by priority. Default: all."""
    pool: Annotated[Names, Field(min_length=1)] = ("policy", "base")
    """Who answers, in turn: `policy` (the weights of `from`), `base`, an earlier stage, or a name under `models`. One
    that is listed twice answers twice as often."""
    judge: RulesJudge = RulesJudge()
    """Who rates."""
    completions: Several = 4
    """Completions a prompt, dealt out over the pool. Published: 4, from a pool of 22 models ([P] 5.2)."""
    temperature: Temperature = 1.0
    """Of sampling. Not published."""
    max_tokens: Count = 2048
    """Longest completion in tokens. Not published; DPO's length is 2048."""
    margin: NotNegative = 0.0
    """Smallest difference of the mean ratings (1 to 5) that makes a pair. Published: any difference."""
    floor: NotNegative = 0.0
    """Smallest mean rating of a chosen answer: a poor answer against a worse one is no lesson. Published: none."""


class DpoStage(TrainedStage):
    """Direct preference optimisation on the pairs of the nearest earlier `prefer` stage, or of sources."""

    # [P] Table 20 (8B): 5e-7, linear, warm-up 0.1, batch 128, length 2,048, 1 epoch, beta 5, weight decay 0.
    # [OI]'s dpo_8b.sh amounts to a batch of 512 (4 nodes × 8 × 1 × 16): the paper's 128 stands.
    kind: Literal["dpo"]
    """`dpo`."""
    preferences: Names = ()
    """Sources of pairs, curated as other rows are. Default: the pairs of the nearest earlier `prefer` stage."""
    loss: Literal["dpo_norm", "dpo"] = "dpo_norm"
    """`dpo_norm` divides log-probabilities by length ([P] eq. 6); `dpo` does not. Published: dpo_norm."""
    beta: Positive = 5.0
    """Strength of the pull to the reference. Published: 5, with dpo_norm; plain dpo wants about 0.1."""
    nll: NotNegative = 0.0
    """Weight of the chosen answer's negative log-likelihood a token in the loss. Published: none; Llama 3: 0.2."""
    learning_rate: Positive = 5e-7
    """Peak learning rate of AdamW. Published: 5e-7 ([P] Table 20)."""
    epochs: Epochs = 1.0
    """Passes over the pairs. Published: 1."""
    batch_size: Count = 128
    """Pairs a step. Published: 128 ([OI]'s script amounts to 512)."""
    max_length: Length = 2048
    """Tokens of prompt and answer together; pairs with a longer side are left out. Published: 2048."""
    schedule: Schedule = "linear"
    """Learning rate after warm-up: falling to zero (`linear`, `cosine`) or `constant`. Published: linear."""
    warmup: BelowOne = 0.1
    """Share of the steps over which the learning rate rises from zero. Published: 0.1."""


class RlvrStage(TrainedStage):
    """Reinforcement learning with verifiable rewards: GRPO, and the reward is the verifier's."""

    # [OI] docs/tulu3.md, Tülu 3.1 8B (GRPO): 12 learners × 4 prompts × 16 samples, 5e-7 constant, beta 0.01 with kl3,
    # temperature 1, 2,048 + 2,048 tokens; grpo_fast_8b.sh says kl2 instead. [P] Table 21 is PPO, not GRPO: 3e-7,
    # linear, beta 0.05. No default for `steps`: 100k ([P] Table 21), 2M (grpo_fast_8b.sh) and 10M episodes (docs).
    kind: Literal["rlvr"]
    """`rlvr`."""
    algorithm: Literal["grpo"] = "grpo"
    """`grpo`: the mean of the group is the baseline, groups without variance are skipped."""
    problems: Annotated[Names, Field(min_length=1)]
    """Sources of problems with a verifier."""
    steps: Count
    """Optimiser steps. No default: what is published ranges from 100k to 10M completions."""
    prompts_per_step: Count = 48
    """Prompts a step. Published: 48 ([OI] 3.1: 12 learners × 4)."""
    group_size: Several = 16
    """Completions a prompt. Published: 16 ([OI] 3.1)."""
    updates_per_step: Count = 1
    """Optimiser updates on a step's completions, each on its part of the groups. 1: on-policy. PPO in [P]: 4."""
    advantage: Literal["standardised", "centred"] = "standardised"
    """Reward less the group's mean, divided by its deviation or not. [OI] has centred today."""
    kl: NotNegative = 0.01
    """Weight of the divergence from the reference, estimator k3. Published: 0.01 ([OI] 3.1); PPO in [P]: 0.05."""
    clip: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Lower clip of the probability ratio: 1 − clip. Published: 0.2 ([P] Table 21)."""
    clip_high: Positive | None = None
    """Upper clip of the probability ratio: 1 + clip_high. Default: as `clip`. [OI] has 0.272 today."""
    learning_rate: Positive = 5e-7
    """Peak learning rate of AdamW. Published: 5e-7 ([OI] 3.1); PPO in [P]: 3e-7."""
    schedule: Schedule = "constant"
    """Learning rate after warm-up. Published: constant ([OI] 3.1); PPO in [P]: linear."""
    warmup: BelowOne = 0.0
    """Share of the steps over which the learning rate rises from zero. Published: 0."""
    temperature: Annotated[Temperature, Field(gt=0)] = 1.0
    """Of sampling. Published: 1."""
    max_tokens: Count = 2048
    """Longest completion in tokens. Published: 2048."""


Stage = Annotated[SftStage | PreferStage | DpoStage | RlvrStage, Field(discriminator="kind")]
