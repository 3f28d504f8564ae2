"""What tests of several rooms share: a small run whose curation is known row by row, and small file systems."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from curated_run import make
from hypothesis import settings

from postgrad.support.threads import wait_calmly

wait_calmly()
settings.register_profile("postgrad", deadline=None)  # machines differ, and a busy one is not a fault
settings.load_profile("postgrad")


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    """The folder of the run that `curated_run.make` writes."""
    return make(tmp_path)


@pytest.fixture
def mount() -> Iterator[Callable[[str], Path]]:
    """Mounts small file systems, outside the folders that pytest empties: `mount("size=1m")` gives the folder."""
    mounted: list[Path] = []

    def at(options: str) -> Path:
        folder = Path(tempfile.mkdtemp())
        asked = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(asked, capture_output=True, text=True) if shutil.which("mount") else None
        if done is None or done.returncode:
            folder.rmdir()
            pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip() if done else 'no mount command'}")
        mounted.append(folder)
        return folder

    yield at
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
