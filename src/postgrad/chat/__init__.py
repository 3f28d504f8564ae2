"""Messages ⇄ tokens, both ways, with the mask of trained tokens. No torch, no transformers."""

from postgrad.chat.template import TEMPLATES, Encoded, Template, template
from postgrad.chat.tokenizer import Tokenizer

__all__ = ["TEMPLATES", "Encoded", "Template", "Tokenizer", "template"]
