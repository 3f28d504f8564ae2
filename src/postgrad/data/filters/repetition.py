"""Answers that repeat themselves: the n-gram rules of Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), and loops.

For n of 2 to 4: the share of a text's characters that its most frequent n-gram covers (if it occurs twice at least).
For n of 5 to 10: the share that lies in n-grams that have occurred before; the first occurrence is not counted, and no
character is counted twice. N-grams are of words (see `splitting`), characters are those of words. The paper does not
say whether the first occurrence counts; datatrove and RedPajama v2 do not count it either. Its rules for lines and
paragraphs are left out, since code repeats short lines. As in the paper, texts of fewer than 50 words are not judged.

A loop is a text that ends with the same words over and over (the last time they may be cut short), or with a long run
of the same few characters.
"""

from collections import Counter
from collections.abc import Sequence

from postgrad.data.filters.finding import Check, Finding, percent
from postgrad.data.filters.splitting import words_of
from postgrad.data.rows import Record, taught

MOST_FREQUENT = {2: 0.20, 3: 0.18, 4: 0.16}
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
FEWEST_WORDS = 50
LONG_RUN = 60
"""Characters from which on a run within one word counts: ruled lines and cries are shorter."""
LOOKED_AT = 2000
"""Words, or characters of the last word, at the end of a text that a loop is looked for in."""


def _ngrams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(n)), strict=False))


def _covered(words: Sequence[str], starts: Sequence[int], n: int) -> float:
    """The share of the words' characters that lie in the n-grams that start there."""
    inside: set[int] = set()
    for start in starts:
        inside.update(range(start, start + n))
    return sum(len(words[index]) for index in inside) / sum(map(len, words))


def most_frequent_share(words: Sequence[str], n: int) -> float:
    """Of the n-grams that occur most often, the one that covers most; 0 if none occurs twice."""
    ngrams = _ngrams(words, n)
    counts = Counter(ngrams)
    most = max(counts.values(), default=0)
    if most < 2:
        return 0.0
    places: dict[tuple[str, ...], list[int]] = {ngram: [] for ngram, count in counts.items() if count == most}
    for start, ngram in enumerate(ngrams):
        if ngram in places:
            places[ngram].append(start)
    return max(_covered(words, starts, n) for starts in places.values())


def repeated_share(words: Sequence[str], n: int) -> float:
    """What lies in n-grams that have occurred before."""
    ngrams = _ngrams(words, n)
    if len(set(ngrams)) == len(ngrams):
        return 0.0
    seen: set[tuple[str, ...]] = set()
    again: list[int] = []
    for start, ngram in enumerate(ngrams):
        if ngram in seen:
            again.append(start)
        seen.add(ngram)
    return _covered(words, again, n)


def broken_rule(text: str) -> tuple[int, float] | None:
    """The n of the first rule that the text breaks, and its share; None if it breaks none."""
    words = words_of(text)
    if len(words) < FEWEST_WORDS:
        return None
    for share_of, limits in ((most_frequent_share, MOST_FREQUENT), (repeated_share, REPEATED)):
        for n, limit in limits.items():
            share = share_of(words, n)
            if share > limit:
                return n, share
            if share == 0.0:  # no longer n-gram can occur twice either
                return None
    return None


def times_at_end(items: Sequence[str]) -> tuple[int, int]:
    """How many times the end of a sequence says the same, and how many items that is: x a b a b a → (2, 5).

    A last time that was cut short counts among the items only. In time linear in the items: with z[p], the longest
    common prefix of the reversed items and themselves from p on, period p holds over the last p + z[p] items.
    """
    reversed_items = list(reversed(items))
    count = len(reversed_items)
    z = [0] * count
    left = right = 0
    best = (1, 1)
    for p in range(1, count):
        z[p] = min(right - p, z[p - left]) if p < right else 0
        while p + z[p] < count and reversed_items[z[p]] == reversed_items[p + z[p]]:
            z[p] += 1
        if p + z[p] > right:
            left, right = p, p + z[p]
        best = max(best, ((p + z[p]) // p, p + z[p]))
    return best


def loop_at_end(text: str, most: int) -> int | None:
    """How often the text's end is repeated, if that is more than `most` times; None otherwise."""
    words = words_of(text)[-LOOKED_AT:]
    if not words:
        return None
    times = max(times_at_end(words)[0], times_at_end(words[:-1])[0] if len(words) > 1 else 0)
    if times > most:
        return times
    if len(words[-1]) >= LONG_RUN:
        times, characters = times_at_end(words[-1][-LOOKED_AT:])
        if times > most and characters >= LONG_RUN:
            return times
    return None


def check(published: bool, max_loop: int | None) -> Check:
    """The assistant's turns, each by itself."""

    def find(record: Record) -> Finding | None:
        for index, message in enumerate(taught(record)):
            if message.role != "assistant":
                continue
            if max_loop is not None:
                times = loop_at_end(message.content, max_loop)
                if times is not None:
                    return "ends in a loop", f"messages[{index}]: {times} times"
            if published:
                broken = broken_rule(message.content)
                if broken is not None:
                    return "repeats itself", f"messages[{index}]: {broken[0]}-grams, {percent(broken[1])}"
        return None

    return find
