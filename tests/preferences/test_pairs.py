"""Pairs against the published rule, done by brute force, and without the published script's two faults."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.preferences.pairs import make
from postgrad.preferences.prompts import Wanted, choose, distinct, shares
from postgrad.preferences.steps import deal
from postgrad.records.types import (
    Completion,
    Example,
    Message,
    Origin,
    Preference,
    Rating,
    Turn,
    completion_id,
    content_id,
)

Scores = list[list[list[int | None]]]


def prompt(number: int, capability: str = "math", source: str = "s") -> Example:
    messages = (Message("user", f"question {number}"),)
    return Example(content_id(messages), (Origin(source, "f", number),), messages, source, "MIT", capability)


def answered(scores: Scores, finish: str = "stop") -> tuple[list[Example], list[Completion], list[Rating]]:
    prompts, completions, ratings = [], [], []
    for number, answers in enumerate(scores):
        prompts.append(prompt(number))
        for sample, values in enumerate(answers):
            completion = Completion(
                prompts[-1].content_id, sample, f"m{sample % 2}", 0, {}, sample, (Turn(f"answer {sample}"),), finish)  # type: ignore[arg-type]
            completions.append(completion)
            ratings += [Rating(completion_id(completion), "j", str(i), value, "r") for i, value in enumerate(values)]
    return prompts, completions, ratings


def mean(values: list[int | None]) -> float | None:
    told = [value for value in values if value is not None]
    return sum(told) / len(told) if told else None


VALUES = st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=4, max_size=4)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=4), st.integers(0, 99))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_chosen_is_the_highest_mean_and_rejected_strictly_lower(scores: Scores, seed: int) -> None:
    pairs, statistics = make(*answered(scores), seed)
    by_prompt = {pair.prompt[0].content: pair for pair in pairs}
    assert len(by_prompt) == len(pairs)
    for number, answers in enumerate(scores):
        means = {f"answer {i}": m for i, values in enumerate(answers) if (m := mean(values)) is not None}
        pair = by_prompt.get(f"question {number}")
        assert (pair is None) == (len(set(means.values())) < 2)
        if pair is not None:
            assert means[str(pair.chosen)] == max(means.values())
            assert means[str(pair.rejected)] < means[str(pair.chosen)]
    assert statistics["pairs"] == len(pairs) == len(scores) - statistics["prompts_without_pair"]
    assert pairs == make(*answered(scores), seed)[0]


def test_an_untold_rating_is_no_minus_one() -> None:
    """Published: -1 for what could not be read, so (5, None) would mean 2 and lose to (3, 3)."""
    (pair,), _ = make(*answered([[[5, None], [3, 3]]]), 0)
    assert (pair.chosen, pair.rejected) == ("answer 0", "answer 1")


def test_ties_make_no_pair_and_a_tie_at_the_top_is_never_rejected() -> None:
    assert make(*answered([[[4, 4], [5, 3]]]), 0)[0] == []
    for seed in range(40):
        (pair,), _ = make(*answered([[[5], [5], [2]]]), seed)
        assert pair.rejected == "answer 2"


def test_rejected_is_drawn_evenly_from_all_that_are_lower() -> None:
    seen = Counter(make(*answered([[[5], [1], [2], [4]]]), seed)[0][0].rejected for seed in range(600))
    assert set(seen) == {"answer 1", "answer 2", "answer 3"}
    assert min(seen.values()) > 150


def test_a_chosen_answer_reaches_the_floor() -> None:
    scores: Scores = [[[2], [3], [4]]]
    (pair,), _ = make(*answered(scores), 0, floor=4.0)
    assert pair.chosen == "answer 2"
    assert make(*answered(scores), 0, floor=4.1)[0] == []


def test_the_least_margin() -> None:
    scores: Scores = [[[5, 5], [5, 4], [3, 3]]]
    for seed in range(20):
        (pair,), statistics = make(*answered(scores), seed, margin=1.0)
        assert pair.rejected == "answer 2" and statistics["mean_margin"] == 2.0
    assert make(*answered(scores), 0, margin=2.5)[0] == []


def test_an_answer_that_was_cut_off_is_never_chosen() -> None:
    prompts, completions, ratings = answered([[[5], [3], [2]]])
    cut = [Completion(c.prompt_id, c.sample, c.model_key, 0, {}, c.seed, c.turns, "length" if c.sample == 0 else "stop")
           for c in completions]
    (pair,), _ = make(prompts, cut, ratings, 0)
    assert (pair.chosen, pair.rejected) == ("answer 1", "answer 2")
    assert make(*answered([[[5], [3]]], finish="length"), 0)[0] == []


def test_the_pair_keeps_where_it_came_from_and_the_statistics_name_the_models() -> None:
    pairs, statistics = make(*answered([[[5], [1]], [[1], [5]]]), 0, names={"m0": "policy", "m1": "base"})
    assert [type(pair) for pair in pairs] == [Preference, Preference]
    assert pairs[0].parents == (Origin("s", "f", 0),) and pairs[0].licence == "MIT"
    assert statistics["chosen_by_model"] == {"base": 1, "policy": 1} == statistics["rejected_by_model"]
    assert statistics["completions_by_model"] == {"base": 2, "policy": 2} and statistics["capabilities"] == {"math": 2}
    assert pairs[0].meta["chosen"]["model"] == "policy" and pairs[0].meta["chosen"]["mean"] == 5


PLACES = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")).map(lambda two: (two[0], f"{two[0]}{two[1]}"))


@given(
    st.dictionaries(PLACES, st.integers(0, 50), min_size=1),
    st.fixed_dictionaries({name: st.floats(0.1, 9) for name in "ab"}),
    st.dictionaries(st.sampled_from(["ax", "ay", "bz"]), st.floats(0.1, 9)), st.integers(0, 300))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_shares_follow_priority_and_weight_as_far_as_the_prompts_go(
    available: dict[tuple[str, str], int], priorities: dict[str, float], weights: dict[str, float], rows: int
) -> None:
    found = shares(available, Wanted(rows, priorities, weights))
    assert sum(found.values()) == min(rows, sum(available.values()))
    assert all(0 <= found[place] <= count for place, count in available.items())

    def fair(parts: dict[Any, tuple[int, int, float]]) -> None:
        """(given, available, weight): who could give more has had the share of anybody, to within a prompt each."""
        for given_, there, weight in parts.values():
            if given_ < there:
                for other, _, against in parts.values():
                    assert given_ / weight >= other / against - len(available) * (1 / weight + 1 / against)

    owners = {owner for owner, _ in available}
    own = {owner: [place for place in available if place[0] == owner] for owner in owners}
    fair({owner: (sum(found[place] for place in own[owner]), sum(available[place] for place in own[owner]),
                  priorities[owner]) for owner in owners})
    for owner in owners:
        fair({place: (found[place], available[place], weights.get(place[1], available[place]))
              for place in own[owner] if available[place]})


def test_shares_by_hand() -> None:
    """16 by 2 to 1 are 10.67 and 5.33; 12 and 24 prompts share the first as 1 to 2, or by their weights."""
    there = {("m", "a"): 12, ("m", "b"): 24, ("n", "c"): 9}
    by = {"m": 2.0, "n": 1.0}
    assert shares(there, Wanted(16, by, {})) == {("m", "a"): 4, ("m", "b"): 7, ("n", "c"): 5}
    assert shares(there, Wanted(16, by, {"a": 3, "b": 1})) == {("m", "a"): 8, ("m", "b"): 3, ("n", "c"): 5}
    assert shares(there, Wanted(39, by, {})) == {("m", "a"): 10, ("m", "b"): 20, ("n", "c"): 9}
    assert shares(there, Wanted(10, {"m": 0.0, "n": 1.0}, {})) == {("m", "a"): 0, ("m", "b"): 0, ("n", "c"): 9}


def test_choosing_is_seeded_and_without_repeats() -> None:
    prompts = [prompt(n, "math" if n % 3 else "safety", "few" if n % 3 == 1 else "s") for n in range(60)]
    wanted = Wanted(30, {"math": 1.0, "safety": 1.0}, {"few": 1.0, "s": 2.0})
    once = choose(prompts, 5, wanted)
    assert Counter((one.capability, one.source) for one in once) == {
        ("math", "few"): 5, ("math", "s"): 10, ("safety", "s"): 15}
    shuffled = random.Random(0).sample(prompts, len(prompts))
    assert choose(shuffled, 5, wanted) == once
    assert choose(prompts, 6, wanted) != once
    assert len({one.content_id for one in choose(prompts, 1, None)}) == 60


def test_duplicates_join_their_parents() -> None:
    twin = Example(*[getattr(prompt(1), f) for f in ("content_id",)], (Origin("t", "g", 9),), *[  # type: ignore[misc]
        getattr(prompt(1), f) for f in ("messages", "source", "licence", "capability")])
    (one,) = distinct([prompt(1), twin])
    assert one.parents == (Origin("s", "f", 1), Origin("t", "g", 9))


@pytest.mark.parametrize(("pool", "completions"), [(1, 4), (2, 4), (3, 4), (4, 2), (5, 3)])
def test_completions_are_dealt_out_evenly_over_the_pool(pool: int, completions: int) -> None:
    dealt = Counter(who for number in range(60) for who in deal(pool, completions, number))
    assert set(dealt.values()) == {60 * completions // pool}
