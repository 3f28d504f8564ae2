import pytest
import torch

from generation.making import Letters, Loaded, llama


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    torch.set_num_threads(1)
    return Loaded(llama(), Letters())
