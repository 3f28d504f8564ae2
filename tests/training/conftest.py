from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from training.making import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(autouse=True)
def leave_torch_as_it_was() -> Iterator[None]:
    """Training fixes torch's threads and algorithms for its process; other tests keep theirs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)
