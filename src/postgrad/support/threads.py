"""How the threads of numeric work wait for one another."""

import os


def wait_calmly() -> None:
    """Have them sleep almost at once, unless the user has said how they wait. To be called before torch is imported.

    GNU's OpenMP spins for a long while first. On a machine that does something else besides, threads that have work
    then wait for those that spin: two runs on two cores took each other seven eighths of their pace, and lose half now.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
