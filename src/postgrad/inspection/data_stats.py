"""Counts and lengths of rows, from Arrow batches of records. No text is kept but a small draw for its languages."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from postgrad.inspection.draw import Draw, turns

LanguageOf = Callable[[str], tuple[str, float]]
CountTokens = Callable[[str], int]
LABELS = ("source", "licence", "capability")
DRAWN = 200
"""Rows whose language is looked at."""
SURE = 0.5
"""Below this confidence a row's language counts as unsure."""
QUANTILES = (0.5, 0.9, 0.99)


class Lengths:
    """How often each length occurs: exact, and as small as there are different lengths."""

    def __init__(self) -> None:
        self.counts = Counter[int]()

    def add(self, lengths_N: np.ndarray) -> None:
        values, times = np.unique(lengths_N, return_counts=True)
        self.counts.update(dict(zip(values.tolist(), times.tolist(), strict=True)))

    @property
    def total(self) -> int:
        return sum(value * times for value, times in self.counts.items())

    def quantile(self, share: float) -> int:
        """The smallest length that at least this share of the rows does not exceed; 0 of no rows."""
        reached, wanted = 0, share * self.counts.total()
        for value in sorted(self.counts):
            reached += self.counts[value]
            if reached >= wanted:
                return value
        return 0

    def json(self) -> dict[str, Any]:
        rows = self.counts.total()
        return {
            "least": min(self.counts, default=0), "mean": round(self.total / rows, 2) if rows else 0,
            **{f"p{100 * share:.0f}": self.quantile(share) for share in QUANTILES},
            "most": max(self.counts, default=0), "total": self.total}  # fmt: skip


@dataclass
class Stats:
    """What rows are like. `roles`: turns by role. `tokens`: of the texts alone, where `count_tokens` is given.
    `languages`: of the draw, once `look_at_languages` was called."""

    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in LABELS})
    roles: Counter[str] = field(default_factory=Counter)
    turns: Lengths = field(default_factory=Lengths)
    chars: Lengths = field(default_factory=Lengths)
    words: Lengths = field(default_factory=Lengths)
    tokens: Lengths = field(default_factory=Lengths)
    languages: Counter[str] = field(default_factory=Counter)
    count_tokens: CountTokens | None = None
    _numbers: list[np.ndarray] = field(default_factory=list)
    _draw: Draw = field(default_factory=lambda: Draw(DRAWN, 0))

    def add(self, kind: str, batch: pa.RecordBatch, numbers_N: np.ndarray) -> None:
        """Count a batch of records of one kind (examples, preferences, problems); `numbers_N` as `draw.numbers`."""
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        self.kinds[kind] += batch.num_rows
        for name, counts in self.labels.items():
            for said in pc.value_counts(batch.column(name)).to_pylist():
                counts[said["values"]] += said["counts"]
        column = batch.column("messages" if "messages" in batch.schema.names else "prompt")
        flat = column.flatten()
        for said in pc.value_counts(flat.field("role")).to_pylist():
            self.roles[said["values"]] += said["counts"]
        turns_N = _numpy(pc.list_value_length(column))
        sums = self._measure(flat.field("content"), turns_N)
        answer = _answer(batch)
        if answer is not None:
            more = self._measure(pc.fill_null(answer, ""), np.ones_like(turns_N))
            sums = [sum_N + more_N for sum_N, more_N in zip(sums, more, strict=True)]
            answered_N = _numpy(pc.cast(pc.is_valid(answer), pa.int64()))
            turns_N = turns_N + answered_N
            self.roles["assistant"] += int(answered_N.sum())
        self.turns.add(turns_N)
        for lengths, sum_N in zip((self.chars, self.words, self.tokens), sums, strict=False):
            lengths.add(sum_N)
        self._numbers.append(numbers_N)
        self._draw.offer(batch, numbers_N)

    def _measure(self, texts: pa.Array, turns_N: np.ndarray) -> list[np.ndarray]:
        """Characters, words (between white space) and tokens of rows that have so many of the texts each."""
        offsets = np.concatenate([[0], np.cumsum(turns_N)])
        lengths = [_numpy(pc.utf8_length(texts)), _numpy(pc.count_substring_regex(texts, r"\S+"))]
        if self.count_tokens is not None:
            lengths.append(np.array([self.count_tokens(text) for text in texts.to_pylist()], dtype=np.int64))
        totals = [np.concatenate([[0], np.cumsum(one)]) for one in lengths]
        return [total[offsets[1:]] - total[offsets[:-1]] for total in totals]

    @property
    def repeated(self) -> int:
        """Rows whose messages are, to the character, those of another row that is counted already."""
        return self.rows - len(np.unique(np.concatenate(self._numbers))) if self._numbers else 0

    def look_at_languages(self, language_of: LanguageOf) -> None:
        """Have the drawn rows' languages named; rows with hardly a letter have none."""
        for row in self._draw.rows():
            text = "\n".join(said for who, said in turns(row) if who != "ground truth")
            if sum(map(str.isalpha, text)) < 20:
                self.languages["too short"] += 1
                continue
            language, confidence = language_of(text)
            self.languages[language if confidence >= SURE else "unsure"] += 1

    def json(self) -> dict[str, Any]:
        """For programs. Shares of languages are of the rows drawn."""
        named = {name: dict(counts.most_common()) for name, counts in self.labels.items()}
        return {
            "rows": self.rows, "kinds": dict(self.kinds), "repeated": self.repeated,
            "sources": named["source"], "licences": named["licence"], "capabilities": named["capability"],
            "roles": dict(self.roles.most_common()), "turns": self.turns.json(), "chars": self.chars.json(),
            "words": self.words.json(), **({"tokens": self.tokens.json()} if self.tokens.counts else {}),
            "languages": dict(self.languages.most_common()),
            "languages_of": self.languages.total()}  # fmt: skip


def _answer(batch: pa.RecordBatch) -> pa.Array | None:
    """What a preference has for an answer: the chosen one, or the only one; None for other kinds."""
    if "chosen" not in batch.schema.names:
        return None
    return pc.coalesce(batch.column("chosen"), batch.column("completion"))


def _numpy(array: pa.Array) -> np.ndarray:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.int64)
