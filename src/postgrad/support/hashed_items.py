"""The items of a task as hashes: what decontamination is given in place of the text, sealed or not.

An item has one or more fields (the question, the passage); of each only the number of tokens and the hashes of its
n-grams in order are known. A field too short for one n-gram has the hash of all its tokens instead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.support.errors import Failure
from postgrad.support.ngrams import hashed, tokens

VERSION = 3
FIELDS = pa.list_(pa.struct([("tokens", pa.int32()), ("ngrams", pa.list_(pa.uint64())), ("whole", pa.uint64())]))
SCHEMA = pa.schema([("item", pa.string()), ("fields", FIELDS)])


@dataclass(frozen=True, slots=True)
class HashedField:
    """`ngrams[i]` is the hash of the n tokens from token i on; `whole` that of all tokens where 0 < tokens < n."""

    tokens: int
    ngrams: tuple[int, ...]
    whole: int | None


@dataclass(frozen=True, slots=True)
class HashedItem:
    """`item` is an opaque id: it names the item within its task and tells nothing of its text."""

    item: str
    fields: tuple[HashedField, ...]


@dataclass(frozen=True, slots=True)
class HashedItems:
    """All items of one task. `unseen`: what overlaps may be counted but never shown."""

    task: str
    unseen: bool
    ngram: int
    items: tuple[HashedItem, ...]


def hash_field(text: str, ngram: int) -> HashedField:
    """One field of an item, hashed."""
    found = tokens(text)
    short = 0 < len(found) < ngram
    return HashedField(len(found), tuple(hashed(found, ngram)), hashed(found, len(found))[0] if short else None)


def hash_items(task: str, items: Iterable[tuple[str, Sequence[str]]], *, ngram: int, unseen: bool) -> HashedItems:
    """A task's items, each (opaque id, its fields' texts), as hashes."""
    return HashedItems(task, unseen, ngram, tuple(
        HashedItem(item, tuple(hash_field(text, ngram) for text in fields)) for item, fields in items))


def write_hashed_items(path: Path, items: HashedItems) -> None:
    """One Parquet file a task, one row an item: an item that asks nothing, and one that comes twice, count too."""
    rows = [{"item": item.item, "fields": [asdict(field) for field in item.fields]} for item in items.items]
    about = {"postgrad": f"HashedItems/{VERSION}", "task": items.task, "unseen": str(int(items.unseen)),
             "ngram": str(items.ngram)}
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(about)), path, compression="zstd")


def read_hashed_items(path: Path) -> HashedItems:
    """What `write_hashed_items` wrote. Failure if the file is of another kind or broken."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error
    about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    if about.get("postgrad") != f"HashedItems/{VERSION}":
        said = about.get("postgrad", "no hashed items")
        raise Failure(f"holds {said}, wanted HashedItems/{VERSION}", where=str(path))
    items = tuple(HashedItem(row["item"], tuple(
        HashedField(field["tokens"], tuple(field["ngrams"]), field["whole"]) for field in row["fields"]))
        for row in table.to_pylist())
    return HashedItems(about["task"], about["unseen"] == "1", int(about["ngram"]), items)
