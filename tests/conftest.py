"""What tests of several rooms share: a small run whose curation is known row by row."""

from pathlib import Path

import pytest
from curated_run import make
from hypothesis import settings

settings.register_profile("postgrad", deadline=None)  # machines differ, and a busy one is not a fault
settings.load_profile("postgrad")


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    """The folder of the run that `curated_run.make` writes."""
    return make(tmp_path)
