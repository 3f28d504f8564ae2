from postgrad.statistics.intervals import Interval, bootstrap, interval, wilson
from postgrad.statistics.multiple import holm
from postgrad.statistics.paired import Difference, mcnemar, paired_difference, permutation, tango

__all__ = [
    "Difference", "Interval", "bootstrap", "holm", "interval", "mcnemar", "paired_difference", "permutation", "tango",
    "wilson"]
