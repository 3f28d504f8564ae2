"""Filters: rows that cannot teach anything (an empty turn), that attack (a template's markers), or that do not fit.

One file a filter; `make` puts those that a config asks for in a row. `docs/filters.md` says what each looks at.
"""

from postgrad.data.filters.config import FilterConfig
from postgrad.data.filters.finding import CountTokens
from postgrad.data.filters.make import STEP, RowFilter, config_of, make, needs_tokens

__all__ = ["STEP", "CountTokens", "FilterConfig", "RowFilter", "config_of", "make", "needs_tokens"]
