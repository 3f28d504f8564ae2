"""Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) with its extension for responsible
AI: what a data set is, for programs. As a dict that is valid JSON-LD; no clock, no path of this machine.

Files are named as the run read them, tables by their place below the run's store (`artifacts/KEY/examples.parquet`).
"""

import re
from collections.abc import Iterable
from typing import Any

from postgrad.inspection.source_facts import FileFact, SourceFacts, TableFact
from postgrad.records.tables import JSON_FIELDS, SCHEMAS
from postgrad.release.data_card import RECORDS, TELLS
from postgrad.support.hashing import hash_json
from postgrad.support.licences import address

CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes", "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "name": {"@container": "@language"}, "parentField": "cr:parentField", "path": "cr:path",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
"""The standard one, as the specification's appendix has it."""

CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
PARQUET = "application/x-parquet"
KINDS_OF_FILE = {
    ".jsonl": "application/jsonlines", ".ndjson": "application/jsonlines", ".json": "application/json",
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".parquet": PARQUET,
    ".arrow": "application/vnd.apache.arrow.file", ".gz": "application/gzip", ".zst": "application/zstd",
}  # fmt: skip
SEMANTIC = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?)?")
ADDRESS = re.compile(r"https?://\S+")


def source_croissant(said: SourceFacts, description: str, notes: dict[str, str]) -> dict[str, Any]:
    """Of one source: its files as they were read, and its rows as they were cleaned. `notes`: properties of `rai:`."""
    return _dataset(said.name, description, [said.licence], said.files, said.tables, notes,
                    origin=said.origin, version=said.version)  # fmt: skip


def mixture_croissant(
    name: str, description: str, sources: list[SourceFacts], rows: TableFact, notes: dict[str, str]
) -> dict[str, Any]:
    """Of the mixture: one table. Its licences are those of all sources."""
    licences = list(dict.fromkeys(said.licence for said in sources))
    made = _dataset(name, description, licences, (), (rows,), notes)
    origins = [said.origin for said in sources if ADDRESS.fullmatch(said.origin)]
    return made | ({"isBasedOn": origins} if origins else {})


def _dataset(
    name: str, description: str, licences: list[str], files: Iterable[FileFact], tables: Iterable[TableFact],
    notes: dict[str, str], origin: str = "", version: str = "",
) -> dict[str, Any]:  # fmt: skip
    files, tables = list(files), list(tables)
    content = hash_json([*(file.sha256 for file in files), *(table.sha256 for table in tables)])
    started = max((table.started for table in tables), default="")
    shown = version if SEMANTIC.fullmatch(version) else f"0.0.0+{content[:12]}"
    rest = f", version {version}" if version and version != shown else ""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": name,
        "description": description,
        "url": origin if ADDRESS.fullmatch(origin) else f"urn:sha256:{content}",
        "license": [address(licence) or licence or "unknown" for licence in licences],
        "creator": {"@type": "sc:Organization", "name": origin or "not stated"},
        "datePublished": started[:10] or "1970-01-01",
        "version": shown,
        "citeAs": f"{name}{rest}{f', {origin}' if origin else ''}",
        "distribution": [*map(_file, files), *map(_table, tables)],
        "recordSet": [_records(table) for table in tables],
        **{f"rai:{key}": text for key, text in notes.items()},
    }


def _file(file: FileFact) -> dict[str, Any]:
    kind = next((kind for suffix, kind in KINDS_OF_FILE.items() if file.name.endswith(suffix)), "text/plain")
    made = {"@type": "cr:FileObject", "@id": f"file/{file.name}", "name": file.name, "contentUrl": file.name,
            "encodingFormat": kind, "sha256": file.sha256}  # fmt: skip
    return made if file.bytes is None else made | {"contentSize": f"{file.bytes} B"}


def _table(table: TableFact) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject", "@id": _id(table), "name": table.name, "contentUrl": table.place,
        "contentSize": f"{table.bytes} B", "encodingFormat": PARQUET, "sha256": table.sha256,
        "description": f"{table.rows} rows, as the step {table.step} of postgrad left them"}  # fmt: skip


def _id(table: TableFact) -> str:
    return f"table/{table.step}"


def _records(table: TableFact) -> dict[str, Any]:
    made = {"@type": "cr:RecordSet", "@id": table.step, "name": table.step,
            "description": f"{table.kind}, one a row"}  # fmt: skip
    fields = [_field(table, field.name, field.type) for field in SCHEMAS[RECORDS[table.kind]]]
    return made | {"field": fields}


def _field(table: TableFact, name: str, kind: Any) -> dict[str, Any]:
    """One column; a column of objects has a sub-field for each of their keys."""
    text, place = str(kind), f"{table.step}/{name}"
    made = {"@type": "cr:Field", "@id": place, "name": place, "description": TELLS.get(name, name)}
    if not text.startswith("list"):
        return made | {"dataType": _type(name, text), "source": _source(table, name)}
    inner = [
        {"@type": "cr:Field", "@id": f"{place}/{part.name}", "name": f"{place}/{part.name}",
         "dataType": _type(part.name, str(part.type)), "isArray": True, "arrayShape": "-1",
         "source": _source(table, name) | {"transform": {"jsonPath": f"$[*].{part.name}"}}}
        for part in kind.value_type]  # fmt: skip
    return made | {"subField": inner, "isArray": True, "arrayShape": "-1"}


def _source(table: TableFact, column: str) -> dict[str, Any]:
    return {"fileObject": {"@id": _id(table)}, "extract": {"column": column}}


def _type(name: str, kind: str) -> str:
    if name in JSON_FIELDS or kind == "string":
        return "sc:Text"
    return {"bool": "sc:Boolean", "double": "sc:Float"}.get(kind, "sc:Integer")
