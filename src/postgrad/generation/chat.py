"""An engine that is spoken to in messages: a model folder, its tokenizer and a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from postgrad.chat import Template, Tokenizer, template
from postgrad.generation.native import NativeEngine
from postgrad.generation.protocol import Sampling
from postgrad.models import load, weights_hash

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class ChatEngine:
    """`prompt` gives what a request's `ids` are; `sampling` stops where the template ends an assistant's turn."""

    engine: NativeEngine
    template: Template
    tokenizer: Tokenizer

    @property
    def context(self) -> int:
        """Tokens that the model reads at most, prompt and answer together."""
        return self.engine.context

    def prompt(self, messages: Messages) -> tuple[int, ...]:
        """Token ids of a conversation up to where the assistant's answer begins."""
        return tuple(self.template.encode(messages, self.tokenizer, generation_prompt=True).ids)

    def sampling(
        self, temperature: float, max_tokens: int, *, top_p: float = 1.0, top_k: int = 0, stop: tuple[str, ...] = ()
    ) -> Sampling:
        return Sampling(temperature, top_p, top_k, max_tokens, stop, (self.template.end_id(self.tokenizer),))


def open_engine(folder: Path, template_name: str, slots: int) -> ChatEngine:
    """The native engine on the model of a folder (float32), its key the hash of the weights.

    Mistake for a folder that holds no model, or a template that its tokenizer cannot write.
    """
    loaded = load(folder)
    engine = NativeEngine(loaded, weights_hash(loaded.model), slots)
    return ChatEngine(engine, template(template_name), loaded.tokenizer)
