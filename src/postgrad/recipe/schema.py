"""The JSON Schema of a recipe file, for editors: the models' own, with what only files may say (`extends`)."""

from typing import Any

from postgrad.recipe.models import Recipe

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXTENDS = ("A recipe to begin with: a file, relative to this one, or the name of one that ships. "
           "Mappings merge, other values replace, null takes back.")
STAGE_CHANGES = "With `extends`, a mapping changes the named stages, and null takes one out; a list replaces them all."


def json_schema() -> dict[str, Any]:
    """Draft 2020-12. What several keys must agree on is not in it: `postgrad plan` checks that."""
    schema = Recipe.model_json_schema(by_alias=True)
    required = schema.pop("required")
    extends = {"type": "string", "minLength": 1, "description": EXTENDS}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    stages = schema["properties"]["stages"]
    stages["type"] = ["array", "object"]
    stages["additionalProperties"] = {"type": ["object", "null"]}
    stages["description"] += f" {STAGE_CHANGES}"
    without_extends = {"required": required, "properties": {"stages": {"type": "array"}}}
    return {"$schema": DIALECT, **schema, "title": "postgrad recipe",
            "if": {"not": {"required": ["extends"]}}, "then": without_extends}
