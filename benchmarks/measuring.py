"""What a command takes: wall time, and the memory of it and all its children together, read every few hundredths."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Measured:
    """`peak_bytes`: the largest sum of the processes' own pages and their parts of shared ones (PSS)."""

    seconds: float
    peak_bytes: int
    output: str


def measured(command: Sequence[str], **environment: str) -> Measured:
    """Run a command to its end. RuntimeError with what it said if it fails."""
    start, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **environment}) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(_pss, _tree(process.pid))))
            time.sleep(EVERY_SECONDS)
        seconds = time.perf_counter() - start
        output, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {said}")
    return Measured(seconds, peak, output)


def _tree(pid: int) -> list[int]:
    """The process and everything below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in _tree(int(child)))]


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # it has ended
    return 0
