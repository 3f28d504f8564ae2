"""What the rows of files say, for the commands that only look at them: whoever speaks, in whatever order.

The formats are those of recipes, read leniently: a row of any trainer has a text, whether or not it has an answer, a
ground truth, or turns in the order that chat knows. Where a row is one that recipes take, it says the same to both.
What is no text (calls of tools, pictures) counts as the JSON that it is, said by `user image_url` and the like.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from postgrad.data.detection import detect
from postgrad.data.formats import KINDS, Kind
from postgrad.data.formats.conversations import CALCULATOR, SHAREGPT
from postgrad.data.formats.detect import ANSWER, ASKED, PROMPT, SYSTEM
from postgrad.data.formats.fields import ROLES, TOOLS, unpacked
from postgrad.data.formats.pairs import TRANSCRIPT, label, score
from postgrad.data.parts import Said
from postgrad.data.raw import Broken, json_bytes, type_name

SPEAKERS: dict[str, str] = {**SHAREGPT, **ROLES, **{name: name for name in TOOLS}}
"""What files call who speaks → who that is. Anybody else counts as the user, whose turns are what gives items away."""
MISSING = "missing field"
"""Why a row leaves that lacks the field which the user names."""
CALLS = ("tool_calls", "function_call")


@dataclass(frozen=True, slots=True)
class Texts:
    """How rows of one file are read: as `form`, or by the text (or list of messages) in `field` alone."""

    form: str = ""
    field: str = ""

    @property
    def kind(self) -> Kind:
        """What the rows are compared as."""
        return "examples" if self.field else KINDS[self.form][0]

    def said(self, row: dict[str, Any]) -> list[Said]:
        """All that the row says; of problems the prompt. Broken if that is nothing."""
        try:
            said = _in_field(row, self.field) if self.field else READERS[self.form](row)
        except RecursionError:
            raise Broken("nested too deeply") from None
        if not any(text.strip() for _, text in said):
            raise Broken("no text", self.field or f"in the fields of {self.form}")
        return said

    def user(self, row: dict[str, Any]) -> list[str]:
        """What the user says in it, turn by turn. Broken if nobody says anything."""
        return [text for who, text in self.said(row) if who == "user"]


def readers(paths: Sequence[Path], names: Sequence[str], field: str, option: str = "--field") -> list[Texts]:
    """How each file is read. Mistake if a file's format is not known and no field is named by the `option`."""
    if field:
        return [Texts(field=field)] * len(paths)
    mend = f"name the field that holds the text: {option} NAME"
    return [Texts(form=detect([path], name, mend)) for path, name in zip(paths, names, strict=True)]


def _in_field(row: dict[str, Any], name: str) -> list[Said]:
    if name not in row:
        raise Broken(MISSING, name)
    value = row[name]
    if not isinstance(value, str | list):
        raise Broken("null field" if value is None else "wrong type", f"{name} is {type_name(value)}")
    return _turns(value, "user")


def _turns(value: Any, who: str) -> list[Said]:
    """A field that is one turn's text, or a list of messages; `who` speaks where it does not say."""
    if not isinstance(value, list):
        return _content(value, who)
    return [said for turn in value for said in _turn(turn, who)]


def _turn(turn: Any, who: str) -> list[Said]:
    if not isinstance(turn, dict):
        return _turns(turn, who)
    name = turn.get("role", turn.get("from"))
    who = who if name is None else SPEAKERS.get(name, "user") if isinstance(name, str) else "user"
    calls = [(f"{who} {call}", _json(turn[call])) for call in CALLS if turn.get(call)]
    return _content(turn.get("content", turn.get("value")), who) + calls


def _content(value: Any, who: str) -> list[Said]:
    """A text, or the parts that it comes in."""
    if value is None:
        return []
    if not isinstance(value, list):
        return [(who, value if isinstance(value, str) else _json(value))]
    texts: list[str] = []
    others: list[Said] = []
    for part in value:
        if isinstance(part, dict) and not isinstance(part.get("text"), str):
            others.append((f"{who} {part.get('type', 'part')}", _json(part)))
        else:
            texts.append(part if isinstance(part, str) else part["text"] if isinstance(part, dict) else _json(part))
    return [(who, "".join(texts)), *others] if texts else others


def _json(value: Any) -> str:
    return json_bytes(value).decode()


def _list(value: Any) -> Any:
    """The value, or the list that a table's cell holds as JSON text."""
    try:
        return unpacked(value)
    except Broken:
        return value


def _fields(row: dict[str, Any], names: Sequence[str], who: str) -> list[Said]:
    """What stands under the first of the names, or under all others if that one is not given."""
    given = [name for name in names if row.get(name) is not None]
    return [said for name in (given[:1] if names[0] in given else given) for said in _turns(row[name], who)]


def _opened(row: dict[str, Any], said: list[Said]) -> list[Said]:
    """The turns after the system's, where it has a field of its own and none among them."""
    if said and said[0][0] == "system":
        return said
    return [turn for turn in _fields(row, SYSTEM, "system") if turn[1].strip()] + said


def _prompt(said: list[Said]) -> list[Said]:
    return said[:-1] if said and said[-1][0] == "assistant" else said


def _messages(row: dict[str, Any]) -> list[Said]:
    return _turns(_list(row.get("messages")), "user")


def _sharegpt(row: dict[str, Any]) -> list[Said]:
    value = row.get("conversations")
    return _opened(row, _turns(_list(row.get("conversation") if value is None else value), "user"))


def _alpaca(row: dict[str, Any]) -> list[Said]:
    history = _list(row.get("history"))
    rounds = [said for turn in history if isinstance(turn, list)
              for who, text in zip(("user", "assistant"), turn, strict=False) for said in _content(text, who)
              ] if isinstance(history, list) else []
    asked = [text for name in ("instruction", "input", "context") for _, text in _content(row.get(name), "user")]
    prompt = ("user", "\n\n".join(text for text in asked if text.strip()))
    return _opened(row, [*rounds, prompt, *_fields(row, ("output", "response"), "assistant")])


def _question_answer(row: dict[str, Any]) -> list[Said]:
    answer = _content(row.get("answer"), "assistant")
    return _content(row.get("question"), "user") + [(who, CALCULATOR.sub("", text)) for who, text in answer]


def _prompt_completion(row: dict[str, Any]) -> list[Said]:
    return _opened(row, _fields(row, PROMPT, "user") + _fields(row, ANSWER, "assistant"))


def _prompts(row: dict[str, Any]) -> list[Said]:
    return _prompt(_opened(row, _fields(row, ASKED, "user")))


def _preference(row: dict[str, Any]) -> list[Said]:
    """The prompt, then what each side says after it. Sides that are dialogues have it as what they share."""
    chosen, rejected = (_side(row.get(name)) for name in ("chosen", "rejected"))
    if any(who == "user" for who, _ in chosen + rejected):
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(chosen[:-1], rejected[:-1], strict=False))
        prompt = [turn for turn, _ in alike]
        chosen, rejected = chosen[len(prompt) :], rejected[len(prompt) :]
    else:
        prompt = _opened(row, _fields(row, ASKED, "user"))
    return [*prompt, *_answers(chosen, "chosen"), *_answers(rejected, "rejected")]


def _side(value: Any) -> list[Said]:
    if not isinstance(value, str) or not TRANSCRIPT.match(value):
        return _turns(value, "assistant")
    _, *parts = TRANSCRIPT.split(value)
    return [("user" if who == "Human" else "assistant", said.strip())
            for who, said in zip(parts[::2], parts[1::2], strict=True)]


def _answers(said: list[Said], name: str) -> list[Said]:
    return [(name if who == "assistant" else who, text) for who, text in said]


def _ultrafeedback(row: dict[str, Any]) -> list[Said]:
    """The prompt, then every completion: the best rated ones are the chosen answer, where none is rated all are."""
    given = _list(row.get("completions"))
    completions = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    scores = [score(item) for item in completions]
    best = max((one for one in scores if one is not None), default=None)
    return _content(row.get("instruction"), "user") + [
        said for item, one in zip(completions, scores, strict=True)
        for said in _content(item.get("response"), "chosen" if one == best else "rejected")]


def _unpaired(row: dict[str, Any]) -> list[Said]:
    answer = _fields(row, ("completion",), "assistant")
    return _fields(row, ("prompt",), "user") + _answers(answer, f"completion {label(row.get('label'))}")


def _problems(row: dict[str, Any]) -> list[Said]:
    return _prompt(_fields(row, ("messages", "prompt"), "user"))


READERS: dict[str, Callable[[dict[str, Any]], list[Said]]] = {
    "messages": _messages,
    "sharegpt": _sharegpt,
    "alpaca": _alpaca,
    "question_answer": _question_answer,
    "prompt_completion": _prompt_completion,
    "prompts": _prompts,
    "preference": _preference,
    "ultrafeedback": _ultrafeedback,
    "unpaired": _unpaired,
    "problems": _problems,
    "ifeval": _problems,
}
