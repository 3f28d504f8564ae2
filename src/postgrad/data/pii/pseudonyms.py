"""Pseudonyms: the same value has the same mark wherever it stands, and no mark gives its value away without the key.

A mark is `<kind-xxxxxxxx>`: the first 40 bits of HMAC-SHA256 over kind and normalised value. Among 100,000 values of a
kind two share a mark with a probability of 0.5 % (n² / 2⁴¹).

The key is 32 random bytes in a file that its owner alone can read, made on first use. It goes into no artifact, log or
config; the key of a step covers the hash of that file, from which the key of pseudonyms cannot be computed.
"""

import contextlib
import hashlib
import hmac
import ipaddress
import os
import secrets
import stat
import tempfile
from base64 import b32encode
from collections.abc import Callable, Iterable
from pathlib import Path

import phonenumbers

from postgrad.data.pii.context import as_ascii, compact
from postgrad.data.pii.dates import DATES, parse
from postgrad.data.pii.kinds import Kind, Redaction
from postgrad.data.pii.names import names_of
from postgrad.data.pii.phones import number_of
from postgrad.support.errors import Failure, Mistake

VARIABLE = "POSTGRAD_PSEUDONYM_KEY"
KEY_BYTES = 32
LETTERS = 8
WHERE = "pseudonym key"


def key_file(said: Path | None = None) -> Path:
    """Where the key lies: as said, else $POSTGRAD_PSEUDONYM_KEY, else the user's data folder. Mistake without any."""
    named = str(said) if said is not None else os.environ.get(VARIABLE)
    if named:
        return Path(os.path.abspath(os.path.expanduser(named)))  # noqa: PTH100, PTH111
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111
    if not os.path.isabs(data):  # noqa: PTH117
        raise Mistake("no home folder to keep it in", where=WHERE, mend=f"name a file: {VARIABLE}=FILE")
    return Path(data, "postgrad", "pseudonym.key")


def load_key(path: Path, outside: Iterable[Path] = ()) -> bytes:
    """The key in the file, which is made if it is not there.

    Mistake if the file lies in one of the folders `outside` (run, store, output), is not 32 bytes, or can be read by
    others than its owner. Failure if it cannot be read or made.
    """
    for folder in outside:
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            raise Mistake(f"lies in {folder}, with the data that it protects", where=f"{WHERE} {path}",
                          mend="keep it elsewhere")
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode
        key = path.read_bytes() if stat.S_ISREG(mode) else b""
    except OSError as error:
        raise Failure(f"cannot be read or made ({error.strerror})", where=f"{WHERE} {path}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Mistake("can be read by others", where=f"{WHERE} {path}", mend="chmod 600 it, or make a new one")
    if len(key) != KEY_BYTES:
        raise Mistake(f"is not a key of {KEY_BYTES} bytes", where=f"{WHERE} {path}",
                      mend="name another file; one that is not there is made")
    return key


def _make(path: Path) -> None:
    """A new key, whole from its first moment; of two processes that make one at once the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # of mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def pseudonym(key: bytes, kind: Kind, normalised: str) -> str:
    """The mark of a normalised value."""
    digest = hmac.new(key, f"{kind}\0{normalised}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return f"<{kind}-{b32encode(digest)[:LETTERS].decode().lower()}>"


def normaliser(redaction: Redaction) -> Callable[[Kind, str], str]:
    """What the forms of one value have in common: a number without its grouping, a person for the parts of a name."""
    names = names_of(redaction.names)

    def normalise(kind: Kind, said: str) -> str:
        match kind:
            case "name":
                return names.person(said)
            case "email":
                return said.casefold()
            case "phone":
                return _phone(said, redaction.regions)
            case "ip":
                return _ip(said)
            case "birth_date":
                return _date(said)
            case _:
                return compact(said)

    return normalise


def _phone(said: str, regions: Iterable[str]) -> str:
    """International form where the number is valid, as it stands or in one of the regions."""
    number = number_of(said, regions)
    if number is None:
        return "".join(filter(str.isdigit, as_ascii(said)))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _ip(said: str) -> str:
    try:
        return ipaddress.ip_address(as_ascii(said)).compressed
    except ValueError:
        return said


def _date(said: str) -> str:
    match = DATES.fullmatch(as_ascii(said))
    day = parse(match) if match else None
    return said if day is None else "{:04}-{:02}-{:02}".format(*day)
