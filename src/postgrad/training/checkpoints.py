"""What training needs to go on after a kill, and end in the same bits.

    WORK/checkpoint-00000120/state.safetensors   weight.NAME, exp_avg.NAME, exp_avg_sq.NAME
    WORK/checkpoint-00000120/state.json          {steps done, what the loop wants to remember}

There is no random state in it: nothing in training draws from one. The order of rows and the seeds of sampling are
functions of the recipe's seed and the step. A checkpoint is whole or not there; the newest one is kept.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from postgrad.support.errors import Failure
from postgrad.support.files import whole_folder

MOMENTS = ("exp_avg", "exp_avg_sq")
PATTERN = "checkpoint-*"


def save(
    work: Path, done: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer, remember: dict[str, Any]
) -> None:
    """Write the state after `done` optimiser steps, then remove older ones. OSError if the disk is full; then they
    stay.
    """
    tensors: dict[str, torch.Tensor] = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight.{name}"] = parameter.detach()
        state = optimizer.state.get(parameter)
        if state:
            tensors |= {f"{moment}.{name}": state[moment] for moment in MOMENTS} | {f"step.{name}": state["step"]}
    target = work / f"checkpoint-{done:08d}"
    with whole_folder(target) as folder:
        save_file(tensors, folder / "state.safetensors")
        (folder / "state.json").write_text(json.dumps({"done": done, **remember}))
    for old in work.glob(PATTERN):
        if old != target:
            shutil.rmtree(old)


def restore(work: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
    """Put the newest state into model and optimiser, in place; returns what was remembered, or None if there is none.

    What a kill left half-written is removed. Failure if a checkpoint cannot be read or is another model's.
    """
    for torn in work.glob(f".{PATTERN}"):
        shutil.rmtree(torn)
    newest = max(work.glob(PATTERN), default=None)
    if newest is None:
        return None
    try:
        remembered: dict[str, Any] = json.loads((newest / "state.json").read_text())
        tensors = load_file(newest / "state.safetensors")
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(tensors[f"weight.{name}"])
                if f"step.{name}" in tensors:
                    optimizer.state[parameter] = {
                        "step": tensors[f"step.{name}"].clone(),
                        **{
                            moment: torch.empty_like(parameter).copy_(tensors[f"{moment}.{name}"]) for moment in MOMENTS
                        },
                    }
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise Failure(
            f"the checkpoint cannot be used ({error})",
            where=str(newest),
            mend="remove that folder to begin the stage anew",
        ) from error
    return remembered
