"""The page's colours by role. A plot is drawn in the light values; `svg.py` then writes CSS variables in their place.

So one drawing serves light, dark and print. Stage colours are Okabe and Ito's (2008), capability colours Paul Tol's
"light" scheme: both can be told apart with the common kinds of colour blindness; shape or words always say it too.
"""

from collections.abc import Sequence

LIGHT = {
    "text": "#1b1f27",
    "soft": "#5b6370",
    "line": "#dfe2e8",
    "paper": "#fefefe",
    "wash": "#f4f5f8",
    "gain": "#0b6e4f",
    "loss": "#b3400f",
    "unsure": "#8b93a1",
    "drop": "#c9705d",
    "base-plain": "#a9afba",
    "base": "#767d8a",
    "stage-1": "#0071b3",
    "stage-2": "#c25a00",
    "stage-3": "#00875f",
    "stage-4": "#a8508a",
    "stage-5": "#8a6d00",
    "stage-6": "#3f8fc4",
    "kind-1": "#77aadd",
    "kind-2": "#ee8866",
    "kind-3": "#44bb99",
    "kind-4": "#eedd88",
    "kind-5": "#ffaabb",
    "kind-6": "#99ddff",
    "kind-7": "#bbcc33",
    "kind-8": "#aaaa00",
}
DARK = {
    **LIGHT,
    "text": "#e9ebf0",
    "soft": "#a2a9b6",
    "line": "#323844",
    "paper": "#14171d",
    "wash": "#1c2028",
    "gain": "#4cc79a",
    "loss": "#f08a5d",
    "unsure": "#7d8594",
    "drop": "#d9806d",
    "base-plain": "#6f7683",
    "base": "#a4abb8",
    "stage-1": "#5ab4ec",
    "stage-2": "#f0953f",
    "stage-3": "#35c498",
    "stage-4": "#dc8cc0",
    "stage-5": "#d6b63e",
    "stage-6": "#8cc9f0",
}
STAGE_COLOURS = 6
KIND_COLOURS = 8


def variables(values: dict[str, str]) -> str:
    """CSS declarations, one custom property a role."""
    return "".join(f"--{name}:{value};" for name, value in values.items())


def stage_roles(stages: Sequence[str]) -> dict[str, str]:
    """The colour role of each stage: greys for the base, then the stage colours in order, around again after six."""
    roles = {"base_plain": "base-plain", "base": "base"}
    trained = [stage for stage in stages if stage not in roles]
    roles.update({stage: f"stage-{index % STAGE_COLOURS + 1}" for index, stage in enumerate(trained)})
    return roles


def kind_roles(names: Sequence[str]) -> dict[str, str]:
    """The colour role of each capability, in the order given."""
    return {name: f"kind-{index % KIND_COLOURS + 1}" for index, name in enumerate(names)}
