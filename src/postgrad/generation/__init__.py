"""Prompts to completions with log-probabilities. The native engine, which imports torch, is in `native`."""

from postgrad.generation.journaled import batches, generate_journaled
from postgrad.generation.protocol import Engine, Request, Sampling

__all__ = ["Engine", "Request", "Sampling", "batches", "generate_journaled"]
