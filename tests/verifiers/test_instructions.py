import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.verifiers.instructions import sentences, words
from postgrad.verifiers.verify import verify

FOODS = ["plum", "pear", "rice", "egg"]


def c(kind: str, **arguments: object) -> dict[str, object]:
    return {"kind": kind, **arguments}


def count(kind: str, n: int, relation: str = "exactly") -> dict[str, object]:
    return c(kind, count=n, relation=relation)


def reward(text: str, *constraints: object) -> float | None:
    verdict = verify("instructions", text, {"constraints": list(constraints)})
    assert verdict.status == "ok", verdict.reason
    return verdict.reward


CASES = [
    (c("upper"), ["THE FOX, 3 TIMES!"], ["The FOX", "", "123", "the fox"]),
    (c("lower"), ["the fox, 3 times!"], ["The fox", "", "123"]),
    (c("title"), ["The Fox Runs.", "A 3 Fox"], ["The fox runs.", "the Fox", ""]),
    (count("words", 3), ["the fox - runs.", "One, two; three!"], ["the fox", "a b c d", ""]),
    (count("words", 3, "at_least"), ["a b c", "a b c d"], ["a b"]),
    (count("words", 3, "at_most"), ["a b c", "a"], ["a b c d", ""]),
    (
        count("sentences", 2),
        ["It is. It was!", 'He said "no." She left.', "It costs 3.5 coins. Yes."],
        ["It is.", "It is. It was. Yes.", "it is so", "It is. It was", "It is. It was. It may"],
    ),
    (count("sentences", 2, "at_least"), ["It is. It was. It may", "A. B. C."], ["It is. It was"]),
    (count("sentences", 2, "at_most"), ["It is. It was", "It is."], ["It is. It was. It may", "A. B. C."]),
    (
        c("starts_with", text="Today"),
        ["Today we eat.", "today, we eat", '"Today we eat."'],
        ["We eat today.", "Todays", ""],
    ),
    (c("starts_with", text="as ever"), ["As ever, we eat."], ["As we ever eat."]),
    (
        c("ends_with", text="again"),
        ["We eat again.", '"We eat again!"', "(we eat AGAIN)"],
        ["Again we eat.", "against", ""],
    ),
    (c("includes", text="owl", count=2), ["An owl, an OWL."], ["An owl.", "owls and owl", ""]),
    (c("includes", text="old owl", count=1), ["The old\nowl."], ["An owl, old."]),
    (c("excludes", text="the"), ["We saw a fox.", "Others bathe there."], ["We saw The fox.", ""]),
    (
        c("items", count=3, style="commas"),
        ["plum, pear, rice", "plum,pear,rice."],
        ["plum, pear", "plum, pear, ", "plum\npear\nrice"],
    ),
    (
        c("items", count=2, style="numbers"),
        ["1. plum\n2. pear", "1. plum\n\n2. pear\n"],
        ["1. plum\n3. pear", "plum\npear", "1) plum\n2) pear", "1. plum 2. pear", "1. plum\n2. "],
    ),
    (c("items", count=2, style="dashes"), ["- plum\n- pear"], ["plum\npear", "- plum", "- plum\npear", "-plum\n-pear"]),
    (
        c("items", count=2, style="lines"),
        ["plum\npear\n"],
        ["plum, pear", "- plum\n- pear", "1. plum\n2. pear", "plum"],
    ),
    (c("from_set", words=FOODS), ["plum, pear", "plum\npear", "Plum"], ["plum, fox", "plum, plum", "plum, ", ""]),
    (c("quoted"), ['"The fox."', "\u201cThe fox.\u201d", ' "a" '], ['The "fox"', '"a" and "b"', '""', '"', '"a', ""]),
    (c("bracketed"), ["(the fox)", "(the (old) fox)"], ["the fox", "(a) and (b)", "()", "(a", ""]),
    (
        c("repeat", text="owl", count=3),
        ["owl owl owl", "Owl, owl, owl.", "owl\nowl\nowl"],
        ["owl owl", "owl owl owl owl", "owl owl owl and a hen", "owlowlowl", ""],
    ),
    (c("topic", text="owl"), ["The owl."], ["The owls.", ""]),
]


@pytest.mark.parametrize(("constraint", "holding", "violating"), CASES, ids=[f"{k['kind']}" for k, _, _ in CASES])
def test_a_constraint_holds_or_does_not(
    constraint: dict[str, object], holding: list[str], violating: list[str]
) -> None:
    assert {text: reward(text, constraint) for text in holding} == dict.fromkeys(holding, 1.0)
    assert {text: reward(text, constraint) for text in violating} == dict.fromkeys(violating, 0.0)


def test_the_list_is_read_in_the_style_asked_for() -> None:
    asked = [c("items", count=2, style="dashes"), c("from_set", words=FOODS)]
    assert reward("- plum\n- pear", *asked) == 1.0
    assert reward("- plum\n- fox", *asked) == 0.0


def test_all_must_hold_and_each_is_told() -> None:
    verdict = verify("instructions", "The owl.", {"constraints": [c("topic", text="owl"), c("upper")]})
    assert (verdict.reward, verdict.parts, verdict.reason) == (
        0.0,
        {"0.topic": 1.0, "1.upper": 0.0},
        "does not hold: upper",
    )


@pytest.mark.parametrize(
    "truth",
    [
        None,
        {},
        {"constraints": []},
        {"constraints": [{"kind": "rhyme"}]},
        {"constraints": ["upper"]},
        {"constraints": [c("words", count=3)]},
        {"constraints": [count("words", 3, "about")]},
        {"constraints": [c("starts_with", text="...")]},
        {"constraints": [c("items", count=True, style="commas")]},
        {"constraints": [c("items", count=2, style="stars")]},
    ],
)
def test_constraints_that_cannot_be_read_are_said(truth: object) -> None:
    verdict = verify("instructions", "a", truth)
    assert verdict.status == "error" and verdict.reward is None


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["fox", "Owl", "3", "it's"]), min_size=1, max_size=9),
    st.sampled_from([" ", "  ", "\n", ", "]),
)
def test_words_are_counted_whatever_stands_between(found: list[str], between: str) -> None:
    assert words(between.join(found) + ".") == found
    assert reward(between.join(found), count("words", len(found))) == 1.0


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["It is", "We eat 2.5 plums", "Why"]), max_size=6), st.sampled_from([".", "!", "?", "..."])
)
def test_sentences_are_counted(found: list[str], end: str) -> None:
    assert sentences(" ".join(text + end for text in found)) == len(found)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_trips_it_and_an_empty_one_holds_nothing(text: str) -> None:
    for constraint, _, _ in CASES:
        verdict = verify("instructions", text, {"constraints": [constraint]})
        assert verdict.status == "ok"
        assert verdict.reward == 0.0 or words(text)
