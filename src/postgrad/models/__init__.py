"""Load and save weights; packed attention; log-probabilities. Importing this room imports torch and transformers."""

from postgrad.models.load import LoadedModel, load, save, weights_hash

__all__ = ["LoadedModel", "load", "save", "weights_hash"]
