"""Small JSON files, which anything may have happened to."""

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """What the file holds. ValueError if it is no JSON (no UTF-8, nested too deeply), OSError if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
