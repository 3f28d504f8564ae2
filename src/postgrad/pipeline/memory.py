"""The most memory that this process has held."""

import resource
import sys


def peak_memory() -> int:
    """Peak resident bytes of the process from its start until now.

    Linux could reset the peak before each step, but then whoever measures the process from outside reads too little.
    So a step's figure is its own if it is higher than that of the step before, and else only an upper bound.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
