"""Errors for people: what was found, where, what to do. The command line prints them in one line, no traceback."""

from typing import Self

from postgrad.support.words import printable

EXIT_FAILURE = 1
EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130
LONGEST = 1000
"""Characters of a line; what is longer loses its middle."""
ERROR_LOG = "postgrad-error-*.log"
"""What a file with the traceback of an unexpected error is called; time and process take the place of the star."""


class PostgradError(Exception):
    """Something that a user must be told. `str()` is the one line: `where: what; mend`."""

    exit_code = EXIT_FAILURE

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        said = "".join((f"{where}: " if where else "", what, f"; {mend}" if mend else ""))
        line = printable(" ".join(said.splitlines()))      # whatever a file's name or a library's words hold
        super().__init__(line if len(line) <= LONGEST else f"{line[:LONGEST // 2]} … {line[-LONGEST // 2:]}")

    def within(self, place: str) -> Self:
        """The same, with the larger place named first: `stage sft: optimiser step 3: the loss is nan`."""
        return type(self)(self.what, where=f"{place}: {self.where}" if self.where else place, mend=self.mend)


class Mistake(PostgradError):
    """The user's own mistake in a recipe, an option or an argument (exit code 2)."""

    exit_code = EXIT_MISTAKE


class Failure(PostgradError):
    """The world's fault: a full disk, a broken artifact, a NaN loss (exit code 1). What was reached is kept."""
