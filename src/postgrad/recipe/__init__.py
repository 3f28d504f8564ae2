"""What the user wants: one YAML recipe → one frozen, checked `Recipe`. No torch."""

from postgrad.recipe.check import Shipped
from postgrad.recipe.load import FILES_OF_CURATION, load, resolved, shipped_recipes
from postgrad.recipe.models import Capability, Curate, Evaluate, ModelSpec, Recipe, Source, TaskSpec
from postgrad.recipe.regimen import DpoStage, PreferStage, RlvrStage, SftStage, Stage
from postgrad.recipe.schema import json_schema

__all__ = [
    "FILES_OF_CURATION", "Capability", "Curate", "DpoStage", "Evaluate", "ModelSpec", "PreferStage", "Recipe",
    "RlvrStage", "SftStage", "Shipped", "Source", "Stage", "TaskSpec", "json_schema", "load", "resolved",
    "shipped_recipes"]
