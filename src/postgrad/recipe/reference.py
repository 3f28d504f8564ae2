"""The tables of `docs/recipe.md`: every key of a recipe with its default and meaning, made from the models."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from postgrad.recipe import models, regimen
from postgrad.recipe.schema import EXTENDS, STAGE_CHANGES

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The recipe", models.Recipe),
    ("`capabilities.NAME`", models.Capability),
    ("`sources.NAME`", models.Source),
    ("`tasks.NAME`", models.TaskSpec),
    ("`models.NAME`", models.ModelSpec),
    ("`curate.filter`", models.Filter),
    ("`curate.redact`", models.Redact),
    ("`curate.deduplicate`", models.Deduplicate),
    ("`curate.decontaminate`", models.Decontaminate),
    ("`curate.mixture`", models.Mixture),
    ("`evaluate`", models.Evaluate),
    ("Every stage", regimen.StagePart),
    ("A stage of kind `sft`", regimen.SftStage),
    ("A stage of kind `prefer`", regimen.PreferStage),
    ("`judge` of a prefer stage", regimen.RulesJudge),
    ("A stage of kind `dpo`", regimen.DpoStage),
    ("A stage of kind `rlvr`", regimen.RlvrStage),
)


def tables() -> str:
    """One Markdown table a mapping."""
    return "\n\n".join("\n".join(_section(title, model)) for title, model in SECTIONS)


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield " ".join((model.__doc__ or "").split())
    yield ""
    yield "| key | default | meaning |"
    yield "|---|---|---|"
    if model is models.Recipe:
        yield f"| `extends` | | {EXTENDS} |"
    common = regimen.StagePart.model_fields if model is not regimen.StagePart else {}
    for name, field in model.model_fields.items():
        if name in common and issubclass(model, regimen.StagePart):
            continue
        meaning = field.description or " ".join((getattr(field.annotation, "__doc__", "") or "").split())
        also = f" {STAGE_CHANGES}" if name == "stages" else ""
        yield f"| `{field.alias or name}` | {_default(field)} | {_choices(field)}{meaning}{also} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel) or value in ((), {}):
        return ""
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    """As YAML would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return re.sub(r"e-0*", "e-", str(value)) if isinstance(value, float) else str(value)


def _choices(field: FieldInfo) -> str:
    """The words that a key may have, where there are several."""
    allowed = getattr(field.annotation, "__args__", ())
    words = [word for word in allowed if isinstance(word, str)]
    return f"{' / '.join(f'`{word}`' for word in words)}. " if len(words) > 1 else ""
