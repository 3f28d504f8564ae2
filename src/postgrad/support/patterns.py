"""What a glob pattern means, said once: the key of a step covers the very files that the step then reads."""

import glob
from pathlib import Path


def matching(pattern: Path) -> list[Path]:
    """The files that a glob pattern means, by name. `**` is any depth, linked folders too; no hidden ones are meant."""
    found = (Path(name) for name in glob.glob(str(pattern), recursive=True))  # noqa: PTH207 (absolute patterns)
    return sorted(path for path in found if path.is_file())


def fixed_part(pattern: Path) -> Path:
    """The folder that a pattern begins in: all of it before the first part with a `*`, `?` or `[`."""
    return next(parent for parent in pattern.parents if not glob.has_magic(str(parent)))
