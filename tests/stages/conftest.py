import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .making import Place, write_base, write_place


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Tiny models gain nothing from more, and lose much on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("pipeline.execute", "stages.plan"):
            patch.setattr(sys.modules[f"postgrad.{module}"], "default_threads", lambda: 1)
        yield


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base model, made once; only read."""
    folder = tmp_path_factory.mktemp("model") / "base"
    write_base(folder)
    return folder


@pytest.fixture
def place(tmp_path: Path, base: Path) -> Place:
    """A recipe that nobody has run yet."""
    return write_place(tmp_path / "place", base)


@pytest.fixture(scope="package")
def finished(tmp_path_factory: pytest.TempPathFactory, base: Path, one_thread: None) -> Place:
    """A run that went through undisturbed; only read, or gone on with."""
    place = write_place(tmp_path_factory.mktemp("finished") / "place", base)
    place.run()
    return place


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most facts need no report, which takes longer to draw than a tiny model takes to train."""
    monkeypatch.setattr("postgrad.inspection.report.write", lambda run, out: None)
