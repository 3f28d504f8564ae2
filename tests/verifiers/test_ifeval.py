import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.verifiers import ifeval, language
from postgrad.verifiers.ifeval_checks import CHECKS, count_sentences
from postgrad.verifiers.verify import verify


def truth(name: str, **arguments: object) -> dict[str, object]:
    return {"instruction_id_list": [name], "kwargs": [arguments]}


CASES = [
    ("keywords:existence", {"keywords": ["fox", "Owl"]}, ["An owl and a FOX."], ["A fox.", ""]),
    ("keywords:frequency", {"keyword": "fox", "frequency": 2, "relation": "at least"}, ["fox, Fox"], ["fox"]),
    ("keywords:frequency", {"keyword": "fox", "frequency": 2, "relation": "less than"}, ["fox", "hen"], ["fox fox"]),
    ("keywords:forbidden_words", {"forbidden_words": ["fox", "the"]}, ["Foxes there"], ["A Fox.", "The end"]),
    ("keywords:letter_frequency", {"letter": "e", "let_frequency": 3, "let_relation": "at least"}, ["Eel e"], ["eel"]),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "at least"},
        ["One. Two.", "Mr. Lee ran. He won!"],
        ["One.", "Mr. Lee ran."],
    ),
    (
        "length_constraints:number_paragraphs",
        {"num_paragraphs": 2},
        ["a\n***\nb", "a *** b", "***\na\n***\nb"],
        ["a\n\nb", "a", "a\n***\n***\nb"],
    ),
    (
        "length_constraints:number_words",
        {"num_words": 4, "relation": "less than"},
        ["it's so"],
        ["a b c d", "it's it's"],
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "weekend"},
        ["A.\n\nWeekend, yes.", 'A.\n\n"Weekend" it is.'],
        ["Weekend.\n\nA.", "A.\n\nWeekend\n\nB", "A.\n\nWeekends"],
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, ["[a] and [b]"], ["[a]"]),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, ["Hi.\nP.P.S Bye", "p. p. s bye"], ["P.S. Bye"]),
    (
        "detectable_format:number_bullet_lists",
        {"num_bullets": 2},
        ["* a\n* b", "- a\n- b", "- a\n* b"],
        ["* a", "a\nb", "*\n* b", "* a\n* b\n* c\n* d\n* e"],
    ),
    ("detectable_format:constrained_response", {}, ["My answer is maybe."], ["maybe"]),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        ["*a* and *b*", "**a** *b*"],
        ["*a*", "* *"],
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        ["SECTION 1\na\nSECTION 2\nb"],
        ["SECTION 1", "section 1 section 2"],
    ),
    ("detectable_format:json_format", {}, ['{"a": [1]}', '```json\n{"a": 1}\n```', "```\n[1]\n```"], ["{a: 1}", ""]),
    (
        "detectable_format:title",
        {},
        ["<<A title>>\ntext", "<<a>> << >>", "<< >> << >>"],  # the last as published: it reads to the line's last >>
        ["<A title>", "<< >>", "<<>>>>"],
    ),
    ("combination:two_responses", {}, ["a\n******\nb"], ["a", "a\n******\na", "a\n******\nb\n******\nc"]),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say it."}, ["say it. It."], ["It. Say it."]),
    ("startend:end_checker", {"end_phrase": "Any other questions?"}, ['Yes. "any other questions?"'], ["Yes."]),
    ("startend:quotation", {}, ['"all of it"'], ['"some" of it', '"', "it"]),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        ["NO! YES."],
        ["NO yes"],
    ),
    ("punctuation:no_comma", {}, ["a and b"], ["a, b, and c,\nd, e\nf, g"]),
]


@pytest.mark.parametrize(("name", "arguments", "following", "failing"), CASES, ids=[case[0] for case in CASES])
def test_an_instruction_is_followed_or_not(
    name: str, arguments: dict[str, object], following: list[str], failing: list[str]
) -> None:
    for text in following:
        assert verify("ifeval", text, truth(name, **arguments)).parts["strict"] == 1.0, text
    for text in failing:
        verdict = verify("ifeval", text, truth(name, **arguments))
        assert (verdict.status, verdict.parts["strict"]) == ("ok", 0.0), text


def test_all_25_instructions_are_there() -> None:
    language_ones = {"language:response_language", "change_case:english_capital", "change_case:english_lowercase"}
    assert len(CHECKS) == 25 and {case[0] for case in CASES} | language_ones == set(CHECKS)


def test_loose_forgives_an_introduction_a_farewell_and_asterisks() -> None:
    asked = truth("startend:quotation")
    verdict = verify("ifeval", 'Sure:\n"The fox."\nBye!', asked)
    assert (verdict.parts["strict"], verdict.parts["loose"], verdict.reward) == (0.0, 1.0, 1.0)
    assert verify("ifeval", '**"The fox."**', asked).parts["loose"] == 1.0


def test_instructions_may_be_met_by_different_relaxations_and_have_a_part_each() -> None:
    asked = {
        "instruction_id_list": ["punctuation:no_comma", "startend:end_checker"],
        "kwargs": [{}, {"end_phrase": "Bye, all"}],
    }
    verdict = verify("ifeval", "It is.\nBye, all", asked)
    assert verdict.reward == 1.0 and verdict.parts["strict"] == 0.0
    assert verdict.parts["loose.0.punctuation:no_comma"] == verdict.parts["strict.1.startend:end_checker"] == 1.0


@pytest.mark.parametrize("name", ["change_case:english_capital", "change_case:english_lowercase"])
def test_without_a_detector_a_language_is_undecided_but_the_case_is_not(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgrad.verifiers.ifeval_checks.language_of", lambda text: None)
    right = "THE FOX" if "capital" in name else "the fox"
    undecided = verify("ifeval", right, truth(name))
    assert undecided.status == "error" and undecided.reward is None and "langdetect" in undecided.reason
    assert verify("ifeval", "The Fox", truth(name)).reward == 0.0
    both = {"instruction_id_list": [name, "startend:quotation"], "kwargs": [{}, {}]}
    assert verify("ifeval", right, both).reward == 0.0  # fails whatever the language is


@pytest.mark.parametrize(("found", "reward"), [("de", 1.0), ("", 1.0), ("en", 0.0)])
def test_with_a_detector_the_language_counts(found: str, reward: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postgrad.verifiers.ifeval_checks.language_of", lambda text: found)
    assert verify("ifeval", "Der Fuchs.", truth("language:response_language", language="de")).reward == reward


def test_langdetect_if_it_is_there_gives_the_same_language_every_time() -> None:
    if language.language_of("") is None:
        pytest.skip("langdetect, which is optional, is not installed")
    text = "Der Fuchs läuft schnell durch den alten Wald."
    assert {language.language_of(text) for _ in range(5)} == {"de"}


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"instruction_id_list": [], "kwargs": []},
        {"instruction_id_list": ["a:b"], "kwargs": [{}]},
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": []},
        truth("keywords:existence"),
        truth("length_constraints:number_words", num_words=3, relation="around"),
        truth("keywords:letter_frequency", letter="ab"),
    ],
)
def test_a_ground_truth_that_cannot_be_read_is_said(broken: object) -> None:
    verdict = verify("ifeval", "A fox.", broken)
    assert verdict.status == "error" and "ground truth" in verdict.reason


def test_sentences_end_where_people_would_say() -> None:
    assert count_sentences("Dr. Lee paid 3.5 coins, e.g. for tea. Why? Well...") == 3
    assert count_sentences("1. First item.\n2. Second item.") == 2
    assert count_sentences("No stop at all") == 1
    assert count_sentences("") == 0


def test_the_relaxations_are_ifevals_eight() -> None:
    assert ifeval.variants("a\n*b*\nc") == ["a\n*b*\nc", "*b*\nc", "a\n*b*", "*b*", "a\nb\nc", "b\nc", "a\nb", "b"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_trips_it(text: str) -> None:
    for name, arguments, _, _ in CASES:
        verdict = verify("ifeval", text, truth(name, **arguments))
        assert verdict.status == "ok" and verdict.parts["loose"] >= verdict.parts["strict"]


def test_the_published_prompts_can_all_be_read() -> None:
    folder = os.environ.get("POSTGRAD_TEST_DATA")
    if not folder:
        pytest.skip("POSTGRAD_TEST_DATA does not name a folder with ifeval/input_data.jsonl")
    rows = [json.loads(line) for line in Path(folder, "ifeval/input_data.jsonl").read_text().splitlines()]
    assert len(rows) == 541
    for row in rows:
        verdict = verify("ifeval", "This Is, an answer that follows little.", row)
        assert verdict.status == "ok" or "language detector" in verdict.reason, (row, verdict)
