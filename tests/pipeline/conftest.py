from pathlib import Path

import pytest

from postgrad.pipeline import Store

from . import plans


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("one\ntwo\n")
    return path


@pytest.fixture
def ran() -> list[str]:
    """The words of the steps that ran since the test began (or cleared it)."""
    plans.ran.clear()
    return plans.ran
