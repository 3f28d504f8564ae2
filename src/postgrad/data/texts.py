"""What the commands on files compare: the turns of a raw row, in a known format or in one field that the user names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.data.formats import parse
from postgrad.data.raw import Broken, type_name
from postgrad.data.sources import detect
from postgrad.records.types import Message


@dataclass(frozen=True, slots=True)
class Texts:
    """How rows of one file are read: as `form`, or by the text (or list of messages) in `field` alone."""

    form: str = ""
    field: str = ""

    def turns(self, value: dict[str, Any]) -> tuple[Message, ...]:
        """All turns of the row. Broken with the reason if it is not what it should be."""
        if self.field:
            return self._of_field(value)
        return parse(value, self.form, "problems").messages

    def user(self, value: dict[str, Any]) -> list[str]:
        """What the user says in it, turn by turn."""
        return [message.content for message in self.turns(value) if message.role == "user"]

    def _of_field(self, value: dict[str, Any]) -> tuple[Message, ...]:
        if self.field not in value:
            raise Broken("missing field", self.field)
        said = value[self.field]
        if isinstance(said, list):
            return parse({"messages": said}, "messages", "problems").messages
        if not isinstance(said, str):
            raise Broken("null field" if said is None else "wrong type", f"{self.field} is {type_name(said)}")
        return (Message("user", said),)


def readers(paths: Sequence[Path], names: Sequence[str], field: str) -> list[Texts]:
    """How each file is read. Mistake if a file's format is not known and no field is named."""
    if field:
        return [Texts(field=field)] * len(paths)
    return [Texts(form=detect([path], name)) for path, name in zip(paths, names, strict=True)]
