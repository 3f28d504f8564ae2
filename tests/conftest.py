"""What tests of several rooms share: a small run whose curation is known row by row."""

from pathlib import Path

import pytest
from curated_run import make


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    """The folder of the run that `curated_run.make` writes."""
    return make(tmp_path)
