"""What every mapping of a recipe has in common, and the kinds of values used all over."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=80)]
Names = tuple[Name, ...]
Count = Annotated[int, Field(ge=1, le=10**12)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Epochs = Annotated[float, Field(gt=0, le=10**6)]
Share = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
AboveZero = Annotated[float, Field(gt=0, le=1)]
Text = Annotated[str, Field(min_length=1)]


def _drawable(value: float) -> float:
    if 0 < value < LEAST_TEMPERATURE:
        raise wrong(f"is {value:g}, too small to draw with", f"use 0 (greedy), or at least {LEAST_TEMPERATURE:g}")
    return value


LEAST_TEMPERATURE = 1e-3
Temperature = Annotated[float, Field(ge=0, le=1000), AfterValidator(_drawable)]


class Part(BaseModel):
    """Unknown keys fail, nothing is converted silently, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True,
        use_attribute_docstrings=True)


def wrong(what: str, mend: str) -> PydanticCustomError:
    """What a validator raises, for complain.py to put into words; `{key}` in the mend is the part's own key."""
    return PydanticCustomError("recipe", "{what}", {"what": what, "mend": mend})
