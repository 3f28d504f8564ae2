"""Ratings by judges, and pairs of a chosen and a rejected answer. The steps are in `steps`, the judge in `rules`."""
