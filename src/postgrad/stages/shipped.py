"""What ships with the product and needs no entry in a recipe: tasks, generators, verifiers. No torch."""

from postgrad.embedded.sources import CANARIES, GENERATORS, TASKS, split_of_task
from postgrad.recipe import Shipped
from postgrad.verifiers.verify import VERIFIERS


def shipped() -> Shipped:
    """The names that a recipe may use."""
    tasks = {name: split_of_task(name) for name in TASKS}
    return Shipped(tasks=tasks, generators=tuple(GENERATORS), verifiers=tuple(VERIFIERS), canaries=tuple(CANARIES))
