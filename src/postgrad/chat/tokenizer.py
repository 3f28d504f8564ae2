"""A tokenizer read from a model folder, without torch or transformers.

Special tokens come from `tokenizer_config.json`, then `generation_config.json`, then `config.json`. Text never becomes
a special token, whatever it looks like: a special token gets into a sequence only by its id, from a template.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import tokenizers

from postgrad.support.errors import Mistake

CONTINUATION = "\n"
Follows = Literal["nothing", "special", "text"]


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text())
    except ValueError as error:
        raise Mistake(f"is not JSON ({error})", where=str(path), mend="copy the model's folder again") from error
    return value if isinstance(value, dict) else {}


class Tokenizer:
    """Text ⇄ ids of one model folder.

    `eos_id` ends a text, `pad_id` fills batches (never trained on), `bos_id` is None unless the model expects one at
    the start of every text (the tokenizer puts it there by itself, or its config says `add_bos_token`).
    """

    def __init__(
        self, tokenizer: tokenizers.Tokenizer, *, eos_id: int, bos_id: int | None = None, pad_id: int | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True  # special tokens in a text are text
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.eos_id, self.bos_id = eos_id, bos_id
        self.pad_id = eos_id if pad_id is None else pad_id
        self.vocabulary_size: int = tokenizer.get_vocab_size(with_added_tokens=True)
        self._continuation = self._encode(CONTINUATION)
        first = self._encode("a")
        self._adds_prefix = bool(first) and self.token(first[0]).startswith(("▁", "Ġ"))
        self._begins_anew = self._adds_prefix and self._after_special("a") == first

    @classmethod
    def load(cls, folder: Path) -> "Tokenizer":
        """The tokenizer of a folder that holds `tokenizer.json`. Mistake if that is missing or no end token is
        known.
        """
        path = Path(folder, "tokenizer.json")
        if not path.is_file():
            raise Mistake(
                "has no tokenizer.json",
                where=str(folder),
                mend="name a folder saved by transformers with a fast tokenizer",
            )
        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise Mistake(f"cannot be read ({error})", where=str(path), mend="copy the model's folder again") from error
        said = _json(path.with_name("tokenizer_config.json"))
        ids = [_json(path.with_name(name)) for name in ("generation_config.json", "config.json")]

        def special(name: str) -> int | None:
            token = said.get(f"{name}_token")
            text = token.get("content") if isinstance(token, dict) else token
            if isinstance(text, str) and (known := tokenizer.token_to_id(text)) is not None:
                return known
            for config in ids:
                value = config.get(f"{name}_token_id")
                value = value[0] if isinstance(value, list) and value else value
                if isinstance(value, int):
                    return value
            return None

        eos, bos = special("eos"), special("bos")
        if eos is None:
            raise Mistake(
                "says no eos_token",
                where=str(path.with_name("tokenizer_config.json")),
                mend="import it with `base_model:`",
            )
        own = tokenizer.encode("").ids  # what the post-processor adds by itself
        expects = (
            said["add_bos_token"]
            if isinstance(said.get("add_bos_token"), bool)
            else bos is not None and own[:1] == [bos]
        )
        return cls(tokenizer, eos_id=eos, bos_id=bos if expects else None, pad_id=special("pad"))

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _after_special(self, text: str) -> list[int]:
        """Ids that the tokenizer by itself gives a text behind a special token."""
        self._tokenizer.encode_special_tokens = False
        ids = self._encode(f"{self.token(self.eos_id)}{text}")
        self._tokenizer.encode_special_tokens = True
        return ids[1:]

    def encode(self, text: str, *, follows: Follows = "nothing") -> list[int]:
        """Ids of a text, special tokens neither added nor recognised.

        A tokenizer that puts a space before every text (SentencePiece) leaves it away where the text goes on from
        another, and behind a special token it does as by itself: the older ones (Llama 2) begin anew there.
        """
        continues = follows == "text" or (follows == "special" and not self._begins_anew)
        if continues and self._adds_prefix and text:
            joined = self._encode(CONTINUATION + text)
            if joined[: len(self._continuation)] == self._continuation:
                return joined[len(self._continuation) :]
        return self._encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids; special tokens appear as their names."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)

    def token(self, index: int) -> str:
        """The vocabulary's own name of one id."""
        return self._tokenizer.id_to_token(index) or f"<{index}>"

    def special_id(self, token: str) -> int:
        """Id of a token that must be in the vocabulary as one token; Mistake if it is not."""
        index = self._tokenizer.token_to_id(token)
        if index is None:
            raise Mistake(
                f"the tokenizer has no token {token}",
                where="template",
                mend="set `template: tulu`, whose markers are text",
            )
        return index
