"""The same bits every time, whatever ran before in the process and whatever the environment says."""

import torch


def make_deterministic(threads: int) -> None:
    """A fixed number of threads, and no algorithm that adds in a changing order."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Nothing here reads memory that it has not written, so filling it would be time lost.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
