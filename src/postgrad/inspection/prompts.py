"""Prompt texts by problem id. Rows are redacted before they are written, so that every table may be shown."""

from collections.abc import Iterable

from postgrad.inspection.run_folder import Run, rows

COLUMNS = [
    "content_id",
    "messages.list.element.role",
    "messages.list.element.content",
]


def texts(run: Run, wanted: Iterable[str]) -> dict[str, str]:
    """problem id → its last user message."""
    missing = set(wanted)
    result: dict[str, str] = {}
    for step in sorted(run.paths):
        for path in sorted(run.paths[step].glob("*problems.parquet")):
            if not missing:
                return result
            for row in rows(path, COLUMNS):
                if row["content_id"] not in missing:
                    continue
                result[row["content_id"]] = next(
                    (m["content"] for m in reversed(row["messages"]) if m["role"] == "user"), ""
                )
                missing.discard(row["content_id"])
    return result
