"""What a recipe is going to regret, as far as a plan can tell: lines for `plan`, and for `run` before it begins."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from postgrad.data.detection import fields_said
from postgrad.data.files import raw_rows
from postgrad.data.formats import parse
from postgrad.data.raw import Broken
from postgrad.data.sources import SourceSpec, kind_of
from postgrad.recipe import PreferStage, Recipe, RlvrStage
from postgrad.stages.lengths import FILE_ROWS, Sampled

FEW_STEPS = 20
"""A training stage of fewer optimiser steps than this hardly moves the weights, whatever its learning rate."""


def notes(recipe: Recipe, updates: Mapping[str, int], base_is_here: bool, sampled: Sampled) -> list[str]:
    """The lines. `updates`: training stage → its optimiser steps; `base_is_here`: the base's files can be read."""
    return [*_base(recipe, base_is_here), *_sources(sampled), *_steps(recipe, updates), *_measures(recipe)]


def _base(recipe: Recipe, here: bool) -> Iterator[str]:
    if not here:
        yield (f"base_model: {recipe.base_model} is not on this machine, so costs are not known and a run stops "
               "at once; give a folder, a .gguf file, or the id of a model in the local Hugging Face cache")


def _sources(sampled: Sampled) -> Iterator[str]:
    for name, spec in sampled.rows.specs.items():
        if sampled.recipe.sources[name].generate is None and not sampled.sources[name].rows:
            yield (f"sources.{name}: none of the first {FILE_ROWS} rows can be read as {spec.format}"
                   f"{_first_row(sampled.rows.files(name)[0], spec)}; check `format:` and `columns:`")


def _first_row(path: Path, spec: SourceSpec) -> str:
    """What the file's first row that is one looks like, and what the format misses in it."""
    row = next((row.value for row in raw_rows(path) if row.value is not None), None)
    if row is None:
        return ""
    try:
        parse(row, spec.format, kind_of(spec), spec.columns)
    except Broken as broken:
        return f" (the first: {broken.reason}, {broken.detail}; {fields_said(row, path)})"
    return f" ({fields_said(row, path)})"


def _steps(recipe: Recipe, updates: Mapping[str, int]) -> Iterator[str]:
    for stage in recipe.stages:
        count = updates.get(stage.name, FEW_STEPS)
        if isinstance(stage, PreferStage) or count >= FEW_STEPS:
            continue
        name = stage.name
        mend = f"lower {name}.batch_size or raise {name}.epochs"
        if isinstance(stage, RlvrStage):
            mend = f"raise {name}.steps"
        said = f"{count} optimiser step{'' if count == 1 else 's'}"
        yield f"{name}: {said}, too few to learn from; {mend}"


def _measures(recipe: Recipe) -> Iterator[str]:
    capabilities = recipe.capabilities.values()
    unseen = recipe.evaluate.unseal and any(one.unseen for one in capabilities)
    if not unseen and not any(one.development for one in capabilities):
        yield "no task is scored, so nothing is measured; list one under a capability's `development`"
