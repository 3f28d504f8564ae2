"""What several commands ask of a recipe."""

from typing import TYPE_CHECKING

from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

if TYPE_CHECKING:
    from postgrad.recipe import Recipe


def load_recipe(name: str, sets: list[str]) -> "Recipe":
    """The checked recipe, with the names that ship."""
    from postgrad.recipe import load
    from postgrad.stages.shipped import shipped

    return load(name, sets, shipped())


def a_stage(recipe: "Recipe", stage: str | None, where: str) -> None:
    """Mistake if `stage` is said and the recipe has none of that name."""
    names = [known.name for known in recipe.stages]
    if stage is not None and stage not in names:
        raise Mistake(f"no stage is called {stage}", where=where, mend=nearest(stage, names))
