"""Prompt texts by problem id, with the care that a redacted row deserves: its text as read is never shown."""

from collections.abc import Iterable

from postgrad.inspection.run_folder import Run, rows

COLUMNS = [
    "content_id",
    "messages.list.element.role",
    "messages.list.element.content",
    "parents.list.element.source",
    "parents.list.element.row",
]


def redacted_rows(run: Run) -> set[tuple[str, int]]:
    """(source, row) of every row that a redaction changed or dropped."""
    result = set()
    for step in run.steps("clean"):
        path = run.file(step, "ledger.parquet")
        for row in rows(path, ["origin.source", "origin.row", "step", "action"]) if path else ():
            if row["step"] == "redact" and row["action"] in ("change", "drop"):
                result.add((row["origin"]["source"], row["origin"]["row"]))
    return result


def texts(run: Run, wanted: Iterable[str]) -> dict[str, str]:
    """problem id → its last user message. Tables as read come last.

    A row as read whose origin a redaction touched is left out: its redacted form has another id and is found earlier.
    """
    missing = set(wanted)
    result: dict[str, str] = {}
    hidden: set[tuple[str, int]] | None = None
    for step in sorted(run.paths, key=lambda step: (step.startswith("read."), step)):
        for path in sorted(run.paths[step].glob("*problems.parquet")):
            if not missing:
                return result
            for row in rows(path, COLUMNS):
                if row["content_id"] not in missing:
                    continue
                if step.startswith("read."):
                    hidden = redacted_rows(run) if hidden is None else hidden
                    if any((parent["source"], parent["row"]) in hidden for parent in row["parents"]):
                        continue
                result[row["content_id"]] = next(
                    (m["content"] for m in reversed(row["messages"]) if m["role"] == "user"), ""
                )
                missing.discard(row["content_id"])
    return result
