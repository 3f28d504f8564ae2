"""The most memory that this process held while a block ran."""

import resource
import sys
from pathlib import Path
from types import TracebackType
from typing import Self


class PeakMemory:
    """`bytes` is the peak resident size within the block where Linux lets it be reset, else of the process so far."""

    bytes: int = 0

    def __enter__(self) -> Self:
        self._reset = _reset_peak()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bytes = (_peak_since_reset() if self._reset else None) or _peak_of_process()


def _reset_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # no such file, or a sandbox forbids it
        return False
    return True


def _peak_since_reset() -> int | None:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def _peak_of_process() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
