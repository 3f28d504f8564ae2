import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> None:
    """Tiny models gain nothing from more."""
    torch.set_num_threads(1)
