"""The embedded world: the default that needs no download.

A raw base model, the made world that its pretraining text speaks of, the generators of
training data and tasks over that world, and the script that pretrains the base.
"""

from pathlib import Path

BASE = Path(__file__).parent / "base"
"""The folder of the raw base that ships."""
