"""postgrad, the open post-training regimen: one recipe in; weights, scores and how they came about out."""

__version__ = "0.1.0"
