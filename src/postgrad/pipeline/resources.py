"""What a running step is given besides its inputs and its settings."""

from dataclasses import dataclass, field
from pathlib import Path

from postgrad.pipeline.journal import Journal
from postgrad.support.progress import Progress


@dataclass
class Resources:
    """`out` is the artifact in the making, empty at the start; `work` survives a kill and is this process's alone.

    Both are folders. `key` is the step's resolved key, `threads` the number of threads that its key was made for.
    """

    out: Path
    work: Path
    key: str
    threads: int
    _journals: dict[str, Journal] = field(default_factory=dict, repr=False)

    def journal(self, name: str) -> Journal:
        """The step's journal of that name, with what an earlier, killed process put into it. Closed by the pipeline."""
        if name not in self._journals:
            self._journals[name] = Journal(self.work / f"{name}.journal")
        return self._journals[name]

    def progress(self, label: str, total: float | None, unit: str) -> Progress:
        """A progress line with rate and time left (a context manager)."""
        return Progress(label, total, unit)

    def close(self) -> None:
        for journal in self._journals.values():
            journal.close()
        self._journals.clear()
