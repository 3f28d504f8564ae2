"""Curation as steps: each streams records from artifact folders, through one part, into `resources.out`.

    examples.parquet | problems.parquet | preferences.parquet
                                          the rows that go on, in the order they came (mix: in training's hash order)
    ledger.parquet                        what was done to every row
    counts.json                           {"rows_in", "rows_made", "rows_kept", "rows_dropped", "by_reason",
                                           "changed", "by_source": {source: {"made", "kept", "dropped"}}}
    findings.json                         decontaminate: the table source × task
    mixture.json                          mix: {"unit", "parts": [the fields of `mixture.Part`]}

Inputs, by name, in the order of their names: every folder with rows gives them; a folder with *.hashed.parquet gives
tasks to decontaminate; `base` is the artifact with `model/` (for its tokenizer). All kinds go the same way, each for
itself.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.data.batches import own_origins
from postgrad.data.bring import Cleaning, bring
from postgrad.data.decontaminate import STEP as DECONTAMINATE
from postgrad.data.decontaminate import Policy, find, findings_json
from postgrad.data.decontaminate import decontaminate as decontaminate_rows
from postgrad.data.deduplicate import STEP as DEDUPLICATE
from postgrad.data.deduplicate import Rule
from postgrad.data.deduplicate_tables import compare, hand_on
from postgrad.data.files import count_rows, find_files
from postgrad.data.filters import config_of, needs_tokens
from postgrad.data.formats import Kind
from postgrad.data.gather import gather
from postgrad.data.ledger import Ledger
from postgrad.data.mixture import from_config
from postgrad.data.overlaps import ItemIndex
from postgrad.data.pii.kinds import Redaction
from postgrad.data.pii.names import read_names
from postgrad.data.pii.pseudonyms import load_key
from postgrad.data.rows import KINDS, Record, own_origin
from postgrad.data.sources import STEP as READ
from postgrad.data.sources import SourceSpec, kind_of, read_from, resolve
from postgrad.data.tokens import TokenCount
from postgrad.data.weighed import Mixed, Weighed
from postgrad.data.weighed import mix as mix_rows
from postgrad.records.tables import bytes_of, read_batches, records_of, write_tables
from postgrad.records.types import Example, LedgerEntry
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashed_items import read_hashed_items
from postgrad.support.hashing import canonical_json
from postgrad.support.parallel import workers_for
from postgrad.support.progress import Progress
from postgrad.support.resources import Resources

Inputs = Mapping[str, Path]
Config = Mapping[str, Any]
FILE, BASE, NAMES, PSEUDONYMS = "file", "base", "names", "pseudonyms"
HASHED_ITEMS = "*.hashed.parquet"


def read_source(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Read, filter and redact one source: what a redaction removes is written nowhere.

    Inputs: `file…`, its files or folders; `base` where a filter counts tokens; `names` and `pseudonyms`, the files with
    names to look for and with the key of pseudonyms. Config: {"source": the fields of `SourceSpec`, "filter": of
    `FilterConfig`, "redact": {"treatments", "regions", "presidio"}}, and "template" where a filter counts tokens.
    Mistake if no row can be read; broken rows among good ones are in the ledger.
    """
    files = [file for name in sorted(inputs) if name.startswith(FILE) for file in find_files(inputs[name])]
    spec, filters = resolve(files, SourceSpec(**config["source"])), config_of(config["filter"])
    count = TokenCount(inputs[BASE] / "model", config["template"]) if needs_tokens(filters) else None
    cleaning = Cleaning(spec, filters, _redaction(inputs, config["redact"]), count)
    total = sum(map(count_rows, files))
    rows_in = unread = 0
    first: LedgerEntry | None = None
    with Ledger(READ, resources.out) as ledger, resources.progress(f"read {spec.name}", total, "rows") as progress:
        def tables() -> Iterator[pa.Table]:
            nonlocal rows_in, unread, first
            for brought in bring(files, cleaning, workers_for(total)):
                for said in brought.entries:
                    ledger.add(said)
                    if said.action == "drop" and said.step == READ:
                        unread, first = unread + 1, first or said
                rows_in += brought.rows
                progress.advance(brought.rows)
                yield brought.table

        kind = kind_of(spec)
        kept = write_tables(resources.out / f"{kind}.parquet", KINDS[kind], ledger.kept(tables()))
        if unread == rows_in and first is not None:
            raise Mistake(f"{first.reason} ({first.detail}), and none of {rows_in} rows can be used",
                          where=read_from(files, first.origin),
                          mend=f"it was read as {spec.format}: check `format:` under sources.{spec.name}")
        _finish(ledger, resources.out, rows_in, 0, kept, {"format": spec.format, "rows_limit": spec.rows})


def _redaction(inputs: Inputs, config: Config) -> Redaction:
    """What is to be done about personal data; the key and the names never stand in a config."""
    names = read_names(inputs[NAMES]) if NAMES in inputs else ()
    key = load_key(inputs[PSEUDONYMS]) if PSEUDONYMS in inputs else b""
    return Redaction(config["treatments"], tuple(config["regions"]), names, key, config["presidio"])


def deduplicate(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Config: {"priorities": {capability: priority}, "exact", "near", "turns"}; the rows of all inputs are compared."""
    rule = Rule(config["exact"], config["near"], config["turns"])
    said: Counter[str] = Counter(comparisons=0, capped=0)
    with Ledger(DEDUPLICATE, resources.out) as ledger:
        rows_in = kept = 0
        for kind in _kinds(inputs):
            total = _total(inputs, kind)
            with resources.progress(f"compare {kind}", total, "rows") as progress:
                compared = compare(kind, _advancing_batches(_batches(inputs, kind), progress), config["priorities"],
                                   resources.out, rule, workers_for(total), resources.progress)
            said.update(comparisons=compared.decided.comparisons, capped=compared.decided.capped)
            counted = _CountedBatches(_batches(inputs, kind))
            left = hand_on(counted, compared, ledger.add)
            kept += write_tables(resources.out / f"{kind}.parquet", KINDS[kind], ledger.kept(left))
            rows_in += counted.count
        _finish(ledger, resources.out, rows_in, 0, kept, said)


def decontaminate(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Config: the fields of `Policy`, "ngram" and "overlap". Inputs: rows, and tasks as hashed items."""
    policy = Policy(**{field.name: config[field.name] for field in fields(Policy)})
    paths = [path for name in sorted(inputs) for path in sorted(inputs[name].glob(HASHED_ITEMS))]
    index = ItemIndex([read_hashed_items(path) for path in paths], ngram=config["ngram"], overlap=config["overlap"])
    total = _total(inputs, *KINDS)
    with resources.progress("compare with the tasks", total, "rows") as progress:
        every = chain.from_iterable(_batches(inputs, kind) for kind in _kinds(inputs))
        findings = find(_advancing_batches(every, progress), index, workers_for(total))
    with Ledger(DECONTAMINATE, resources.out) as ledger:
        rows_in = kept = 0
        for kind in _kinds(inputs):
            counted = _CountedBatches(_batches(inputs, kind))
            left = decontaminate_rows(counted, findings, policy, ledger.add)
            kept += write_tables(resources.out / f"{kind}.parquet", KINDS[kind], ledger.kept(left))
            rows_in += counted.count
        _finish(ledger, resources.out, rows_in, 0, kept)
    _write_json(resources.out / "findings.json", findings_json(findings, policy, index))


class _CountedBatches:
    """Passes batches on and counts their rows, so that the ledger's count is not its own witness."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches, self.count = batches, 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.count += len(batch)
            yield batch


def mix(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Config: what `mixture.as_config` writes, and for examples "template".

    Tokens are the trained ones of examples (which needs "template" and the input `base`); prompts and problems have
    none and count 1. A row that is taken more than once is written as often. Rows are in memory a bucket at a time.
    """
    kinds = _kinds(inputs)
    if len(kinds) != 1:
        raise Failure(f"wants one kind of rows, got {', '.join(kinds)}", where="mix")
    kind, wanted = kinds[0], from_config(config)
    count = TokenCount(inputs[BASE] / "model", config["template"], trained=True) if kind == "examples" else None
    weighed = Weighed(wanted.seed)
    with Ledger("mix", resources.out) as ledger:
        total = _total(inputs, kind)
        with resources.progress(f"weigh {kind}", total, "rows") as progress:
            for rows in workers_for(total).in_order(_weigher, (KINDS[kind], count), _batches(inputs, kind)):
                for content_id, origin, capability, tokens in rows:
                    weighed.add(content_id, origin, capability, tokens)
                progress.advance(len(rows))
        mixed = mix_rows(weighed, wanted)
        if not mixed.times_N.any():
            raise Mistake(f"takes none of the {len(weighed)} rows that curation left", where=f"mixture of {kind}",
                          mend="raise its budget or its sources' bounds; `postgrad data ledger RUN` says why rows left")
        tables = _mixed_tables(_files(inputs, kind), KINDS[kind], mixed, wanted.left_out, ledger, resources.out)
        kept = write_tables(resources.out / f"{kind}.parquet", KINDS[kind], ledger.kept(tables))
        _finish(ledger, resources.out, len(weighed), kept - int((mixed.times_N > 0).sum()), kept)
    _write_json(resources.out / "mixture.json", {"unit": wanted.unit, "parts": [asdict(part) for part in mixed.parts]})


def _weigher(kind: type[Record], count: TokenCount | None) -> Callable[[pa.RecordBatch], list[tuple[Any, ...]]]:
    """What a worker does with a batch: of each row what `Weighed.add` takes."""
    def look(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
        return [(row.content_id, own_origin(row), row.capability,
                 count(row.messages) if count and isinstance(row, Example) else 1) for row in records_of(kind, batch)]

    return look


def _mixed_tables(files: list[Path], kind: type[Record], mixed: Mixed, left_out: Collection[str], ledger: Ledger,
                  out: Path) -> Iterator[pa.Table]:
    """The mixture's rows in the order of writing. The ledger gets the rows that are not taken, and then the copies."""
    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in chain.from_iterable(read_batches(path, kind) for path in files):
            untaken_B = np.flatnonzero(mixed.times_N[start:start + len(batch)] == 0)
            tokens_B = mixed.tokens_N[start:start + len(batch)][untaken_B]
            for origin, tokens in zip(own_origins(batch.take(pa.array(untaken_B))), tokens_B, strict=True):
                reason = "left out" if origin.source in left_out else (
                    "beyond its share" if tokens else "no trained tokens")
                ledger.add(LedgerEntry(origin, "mix", "drop", reason))
            start += len(batch)
            yield batch

    for epoch, table in gather(batches(), mixed.order_N, mixed.times_N, bytes_of(files), out):
        if epoch:
            for origin in own_origins(table):
                ledger.add(LedgerEntry(origin, "mix", "make", f"epoch {epoch + 1}"))
        yield table


def _kinds(inputs: Inputs) -> list[Kind]:
    """The kinds of rows that the inputs hold. Failure if there are none."""
    kinds: list[Kind] = [kind for kind in get_args(Kind)
                         if any((folder / f"{kind}.parquet").is_file() for folder in inputs.values())]
    if not kinds:
        raise Failure("no input holds examples, problems or preferences", where=", ".join(sorted(inputs)))
    return kinds


def _files(inputs: Inputs, kind: str) -> list[Path]:
    paths = [inputs[name] / f"{kind}.parquet" for name in sorted(inputs)]
    return [path for path in paths if path.is_file()]


def _batches(inputs: Inputs, kind: str) -> Iterator[pa.RecordBatch]:
    return chain.from_iterable(read_batches(path, KINDS[kind]) for path in _files(inputs, kind))


def _advancing_batches(batches: Iterable[pa.RecordBatch], progress: Progress) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        progress.advance(len(batch))
        yield batch


def _total(inputs: Inputs, *kinds: str) -> int:
    return sum(pq.read_metadata(path).num_rows for kind in kinds for path in _files(inputs, kind))


def _finish(
    ledger: Ledger, out: Path, rows_in: int, made: int, kept: int, more: Mapping[str, Any] | None = None
) -> None:
    counts = ledger.close(rows_in, made, kept)
    ledger.write(out / "ledger.parquet")
    _write_json(out / "counts.json", {**counts, **(more or {})})


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(json.loads(canonical_json(value)), indent=1, sort_keys=True) + "\n")
