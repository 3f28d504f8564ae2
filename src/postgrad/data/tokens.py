"""Tokens of a conversation as a template writes it, counted by a tokenizer that every process loads for itself."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from postgrad.chat import Template, Tokenizer, template
from postgrad.records.types import Message, messages_json


@dataclass(frozen=True, slots=True)
class TokenCount:
    """messages → their tokens; with `trained`, of those that are trained on. `folder`: where the tokenizer lies."""

    folder: Path
    template: str
    trained: bool = False

    def __call__(self, messages: tuple[Message, ...]) -> int:
        tokenizer, written = _loaded(self.folder, self.template)
        encoded = written.encode(messages_json(messages), tokenizer)
        return sum(encoded.mask) if self.trained else len(encoded.ids)


@cache
def _loaded(folder: Path, name: str) -> tuple[Tokenizer, Template]:
    return Tokenizer.load(folder), template(name)
