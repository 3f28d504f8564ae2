"""Messages ⇄ tokens, both ways, with the mask of trained tokens.

A template is a list of pieces a message: text, or one special token. Text pieces that stand side by side are tokenised
as one text; a special token, and the point where an assistant's answer begins, is always a cut. So what sampling sees
(the prompt with its generation prompt) is a prefix of what training sees, to the id, and text that looks like a special
token stays text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from postgrad.chat.tokenizer import Follows, Tokenizer
from postgrad.support.errors import Mistake

Marker = Literal["text", "special"]
EOS = "eos"
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of a conversation and, for each, whether it is trained on (an assistant's words and the token that ends
    them).
    """

    ids: list[int]
    mask: list[bool]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, or one special token by its text (`EOS`: the tokenizer's own); `cut`: tokenise apart from what
    is before.
    """

    text: str
    kind: Marker = "text"
    trained: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Template:
    """How a conversation is written. `opening` and `between` wrap the role; `markers` says which of its marks are
    special tokens.
    """

    name: str
    open_mark: str  # before the role
    close_mark: str  # after the role, text
    end: str  # special token that ends an assistant's turn; EOS: the tokenizer's own
    end_all: bool  # whether `end` ends the other roles' turns as well
    newline_last: bool  # whether a newline follows the end of the last turn
    markers: Mapping[str, Marker]
    source: str

    def end_id(self, tokenizer: Tokenizer) -> int:
        """The token that ends an assistant's turn, at which sampling stops."""
        return tokenizer.eos_id if self.end == EOS else tokenizer.special_id(self.end)

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The special tokens that a tokenizer must have for this template, besides its own end token."""
        return tuple(mark for mark, kind in self.markers.items() if kind == "special" and mark != EOS)

    def _header(self, role: str) -> Iterator[Piece]:
        if self.markers.get(self.open_mark) == "special":
            yield Piece(self.open_mark, "special")
            yield Piece(role + self.close_mark)
        else:
            yield Piece(self.open_mark + role + self.close_mark)

    def pieces(self, messages: Sequence[Mapping[str, str]], generation_prompt: bool) -> Iterator[Piece]:
        """The pieces of a conversation in order, without the begin token."""
        for index, message in enumerate(messages):
            role, content = message["role"], message["content"]
            if role not in ROLES:
                raise Mistake(
                    f"template {self.name} has no role {role!r}",
                    where=f"message {index + 1}",
                    mend=f"use {', '.join(ROLES)}",
                )
            trained = role == "assistant"
            yield from self._header(role)
            yield Piece(content, trained=trained, cut=trained)
            if trained or self.end_all:
                yield Piece(self.end, "special", trained=trained)
            if not trained or self.newline_last or index + 1 < len(messages):
                yield Piece("\n")
        if generation_prompt:
            yield from self._header("assistant")

    def encode(
        self, messages: Sequence[Mapping[str, str]], tokenizer: Tokenizer, *, generation_prompt: bool = False
    ) -> Encoded:
        """Ids and mask of a conversation. The begin token stands first if the model expects one, and nowhere else.

        With `generation_prompt` the ids end where an assistant's answer would begin. Mistake for a role that the
        template does not have, or a special token that the tokenizer does not have.
        """
        ids: list[int] = [] if tokenizer.bos_id is None else [tokenizer.bos_id]
        mask = [False] * len(ids)
        text, trained = "", False
        follows: Follows = "special" if ids else "nothing"

        def flush() -> None:
            nonlocal text, follows
            if text:
                new = tokenizer.encode(text, follows=follows)
                ids.extend(new)
                mask.extend([trained] * len(new))
                text, follows = "", "text"

        for piece in self.pieces(messages, generation_prompt):
            if piece.kind == "special":
                flush()
                ids.append(self.end_id(tokenizer) if piece.text == self.end else tokenizer.special_id(piece.text))
                mask.append(piece.trained)
                follows = "special"
            else:
                if piece.cut or piece.trained != trained:
                    flush()
                trained = piece.trained
                text += piece.text
        flush()
        return Encoded(ids, mask)

    def decode(self, ids: Sequence[int], tokenizer: Tokenizer) -> list[dict[str, str]]:
        """Messages of ids that `encode` made, or that a model went on to write; the last turn may lack its end.

        Where markers are text, a content that holds a marker at the start of a line cannot be told from a turn.
        """
        end = self.end_id(tokenizer)
        opening = tokenizer.special_id(self.open_mark) if self.markers.get(self.open_mark) == "special" else None
        messages: list[dict[str, str]] = []
        runs: list[list[int]] = [[]]
        rest = list(ids[1:] if tokenizer.bos_id is not None and ids[:1] == [tokenizer.bos_id] else ids)
        for index in rest:
            if index in (end, opening):
                runs.append([])
            else:
                runs[-1].append(index)
        for number, run in enumerate(runs):
            text = tokenizer.decode(run)
            if opening is not None:
                role, found, content = text.partition(self.close_mark)
                if found and role in ROLES:
                    messages.append({"role": role, "content": content})
            else:
                messages += self._split(text, follows=number > 0)
        return messages

    def _split(self, text: str, follows: bool) -> list[dict[str, str]]:
        """Turns of a text between two end tokens where markers are text: only the last of them may be an
        assistant's.
        """
        text = text.removeprefix("\n") if follows else text
        turns: list[dict[str, str]] = []
        for line_number, line in enumerate(text.split("\n")):
            role = line.removeprefix(self.open_mark).removesuffix(self.close_mark.rstrip("\n"))
            if line == f"{self.open_mark}{role}{self.close_mark.rstrip(chr(10))}" and role in ROLES:
                turns.append({"role": role, "content": ""})
            elif turns:
                turns[-1]["content"] += line + "\n"
            elif line_number == 0 and line:
                return []
        for turn in turns:
            turn["content"] = turn["content"].removesuffix("\n")
        return turns

    def jinja(self, tokenizer: Tokenizer | None = None) -> str:
        """The same template for `apply_chat_template`; the begin token is in it if the tokenizer's model expects
        one.
        """
        bos = "{{ bos_token }}" if tokenizer is not None and tokenizer.bos_id is not None else ""
        end = "eos_token" if self.end == EOS else f"'{self.end}'"
        head = f"'{self.open_mark}' + message['role'] + '{self.close_mark}'".replace("\n", "\\n")
        prompt = f"'{self.open_mark}assistant{self.close_mark}'".replace("\n", "\\n")
        assistant = "message['role'] == 'assistant'"
        ends = end if self.end_all else f"({end} if {assistant} else '')"
        newline = "'\\n'" if self.newline_last else f"('' if {assistant} and loop.last else '\\n')"
        return (
            bos + "{% for message in messages %}"
            f"{{% if message['role'] not in {list(ROLES)} %}}"
            "{{ raise_exception('unknown role ' + message['role']) }}{% endif %}"
            f"{{{{ {head} + message['content'] + {ends} + {newline} }}}}"
            "{% endfor %}"
            f"{{% if add_generation_prompt %}}{{{{ {prompt} }}}}{{% endif %}}"
        )


TEMPLATES = {
    "tulu": Template(
        name="tulu", open_mark="<|", close_mark="|>\n", end=EOS, end_all=False, newline_last=False,
        markers={"<|system|>": "text", "<|user|>": "text", "<|assistant|>": "text", EOS: "special"},
        source="Tülu 3, figure 27; allenai/open-instruct open_instruct/dataset_transformation.py"),
    "chatml": Template(
        name="chatml", open_mark="<|im_start|>", close_mark="\n", end="<|im_end|>", end_all=True, newline_last=True,
        markers={"<|im_start|>": "special", "<|im_end|>": "special"},
        source="OpenAI's Chat Markup Language, as in SmolLM2 and Qwen2.5 without their default system prompt"),
}


def template(name: str) -> Template:
    """The template of a name; Mistake with the known names otherwise."""
    if name not in TEMPLATES:
        raise Mistake(f"no template {name!r}", where="template", mend=f"use one of {', '.join(TEMPLATES)}")
    return TEMPLATES[name]
