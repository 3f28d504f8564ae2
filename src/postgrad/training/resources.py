"""What a training step is handed besides its inputs and settings."""

from postgrad.support.resources import Resources

__all__ = ["Resources"]
