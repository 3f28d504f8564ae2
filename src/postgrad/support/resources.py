"""What a step is handed besides its inputs and settings, as the rooms that compute see it. The pipeline's is one."""

from pathlib import Path
from typing import Any, Protocol

from postgrad.support.progress import Progress


class Journal(Protocol):
    """Entries under distinct keys, on the disk when `append` returns."""

    def append(self, key: str, payload: Any) -> None: ...

    def get(self, key: str) -> Any: ...


class Resources(Protocol):
    """`out`: the artifact in the making; `work`: survives a kill; `threads`: that the step's key was made for."""

    @property
    def out(self) -> Path: ...

    @property
    def work(self) -> Path: ...

    @property
    def threads(self) -> int: ...

    def journal(self, name: str) -> Journal: ...

    def progress(self, label: str, total: float | None, unit: str) -> Progress: ...
