"""What rows of each format become, row by row as their makers publish them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.files import find_files
from postgrad.data.formats import KINDS, find_format, nearest_format, parse
from postgrad.data.raw import Broken
from postgrad.data.sources import SourceSpec, kind_of, read, resolve
from postgrad.records.types import Message, Preference
from postgrad.support.errors import Mistake

HI, HELLO, SYSTEM = Message("user", "Hi"), Message("assistant", "Hello"), Message("system", "Be brief.")
SAID = (HI, HELLO)


def openai(*turns: Message) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


EXAMPLES: dict[str, tuple[str, dict[str, Any], tuple[Message, ...]]] = {
    "OpenAI": ("messages", {"messages": openai(SYSTEM, *SAID)}, (SYSTEM, *SAID)),
    "OpenAI, developer": ("messages", {"messages": [{"role": "developer", "content": "Be brief."}, *openai(*SAID)]},
                          (SYSTEM, *SAID)),
    "messages as JSON text": ("messages", {"messages": json.dumps(openai(*SAID))}, SAID),
    "no_robots": ("messages", {"prompt": "Hi", "prompt_id": "a", "messages": openai(*SAID), "category": "c"}, SAID),
    "ShareGPT": ("sharegpt", {"id": "x", "conversations": [{"from": "human", "value": "Hi"},
                                                          {"from": "gpt", "value": "Hello"}]}, SAID),
    "ShareGPT, system apart": ("sharegpt", {"system": "Be brief.", "conversations": [
        {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}, (SYSTEM, *SAID)),
    "SlimOrca": ("sharegpt", {"conversations": [{"from": "system", "value": "Be brief.", "weight": None},
                                               {"from": "human", "value": "Hi", "weight": 0},
                                               {"from": "gpt", "value": "Hello", "weight": 1}]}, (SYSTEM, *SAID)),
    "conversations in OpenAI's form": ("sharegpt", {"conversations": openai(*SAID)}, SAID),
    "Alpaca": ("alpaca", {"instruction": "Hi", "input": "", "output": "Hello", "text": "### …"}, SAID),
    "Alpaca, input": ("alpaca", {"instruction": "Add.", "input": "1, 2", "output": "3"},
                      (Message("user", "Add.\n\n1, 2"), Message("assistant", "3"))),
    "Alpaca, system and history": ("alpaca", {
        "instruction": "Hi", "input": None, "output": "Hello", "system": "Be brief.", "history": [["a", "b"]]},
        (SYSTEM, Message("user", "a"), Message("assistant", "b"), *SAID)),
    "Dolly": ("alpaca", {"instruction": "Hi", "context": "", "response": "Hello", "category": "open_qa"}, SAID),
    "OpenOrca": ("prompt_completion", {"id": "1", "system_prompt": "Be brief.", "question": "Hi", "response": "Hello"},
                 (SYSTEM, *SAID)),
    "OpenOrca, no system": ("prompt_completion", {"system_prompt": "", "question": "Hi", "response": "Hello"}, SAID),
    "TRL": ("prompt_completion", {"prompt": openai(HI), "completion": openai(HELLO)}, SAID),
    "input and output": ("prompt_completion", {"input": "Hi", "output": "Hello"}, SAID),
    "query and response": ("prompt_completion", {"query": "Hi", "response": "Hello", "type": "t"}, SAID),
    "problem and solution": ("prompt_completion", {"problem": "Hi", "solution": "Hello", "answer": None}, SAID),
}

PAIR = (HI, "Hello", "Go away")
CHOSEN, REJECTED = openai(HI, HELLO), openai(HI, Message("assistant", "Go away"))
PREFERENCES: dict[str, dict[str, Any]] = {
    "texts": {"prompt": "Hi", "chosen": "Hello", "rejected": "Go away"},
    "Orca pairs": {"system": "", "question": "Hi", "chosen": "Hello", "rejected": "Go away"},
    "TRL, explicit prompt": {"prompt": openai(HI), "chosen": openai(HELLO), "rejected": REJECTED[1:]},
    "TRL, implicit prompt": {"chosen": CHOSEN, "rejected": REJECTED},
    "UltraFeedback binarized": {"prompt": "Hi", "prompt_id": "a", "chosen": CHOSEN, "rejected": REJECTED,
                                "messages": CHOSEN, "score_chosen": 9.0, "score_rejected": 1.0},
    "HH-RLHF": {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello", "rejected": "\n\nHuman: Hi\n\nAssistant: Go away"},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_found_and_read(name: str) -> None:
    form, row, messages = EXAMPLES[name]
    assert find_format(row) == [form] and KINDS[form][0] == "examples"
    assert parse(row, form, "examples").messages == messages
    assert parse(row, form, "problems").messages == messages[:-1]


@pytest.mark.parametrize("name", PREFERENCES)
def test_a_preference_is_found_and_read(name: str) -> None:
    row = PREFERENCES[name]
    assert find_format(row) == ["preference"]
    parsed = parse(row, "preference", "preferences")
    assert (parsed.messages, parsed.chosen, parsed.rejected) == ((PAIR[0],), *PAIR[1:])
    assert parse(row, "preference", "problems").messages == (HI,)


def test_a_transcript_of_several_rounds_has_the_common_beginning_as_its_prompt() -> None:
    start = "\n\nHuman: What is\n\na fig?\n\nAssistant: A fruit.\n\nHuman: Thanks: is it?\n\nAssistant:"
    parsed = parse({"chosen": f"{start} Yes.", "rejected": f"{start} No.\n\nNo."}, "preference", "preferences")
    assert [turn.content for turn in parsed.messages] == ["What is\n\na fig?", "A fruit.", "Thanks: is it?"]
    assert (parsed.chosen, parsed.rejected) == ("Yes.", "No.\n\nNo.")


@pytest.mark.parametrize(("row", "reason"), [
    ({"prompt": "Hi", "chosen": "Same", "rejected": " Same\n"}, "equal answers"),
    ({"prompt": "Hi", "chosen": "A", "rejected": " "}, "empty answer"),
    ({"chosen": "A", "rejected": "B"}, "missing field"),
    ({"prompt": "Hi", "chosen": "A", "rejected": None}, "null field"),
    ({"chosen": openai(HI, HELLO, HI, HELLO), "rejected": openai(HI, Message("assistant", "x"), HI, HELLO)},
     "answers differ before the last turn"),
    ({"chosen": CHOSEN, "rejected": CHOSEN}, "equal answers"),
    ({"chosen": openai(HI), "rejected": openai(HELLO)}, "answers differ before the last turn"),
    ({"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nHuman: b\n\nAssistant: c"},
     "answers differ before the last turn"),
    ({"chosen": openai(HELLO, HELLO), "rejected": openai(HELLO, Message("assistant", "x"))}, "wrong role order"),
])
def test_a_row_that_is_no_pair_leaves_with_its_reason(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Broken) as caught:
        parse(row, "preference", "preferences")
    assert caught.value.reason == reason


def completion(text: str, *ratings: str, overall: float | None = None) -> dict[str, Any]:
    aspects = zip(("helpfulness", "honesty"), ratings, strict=False)
    return {"model": "m", "response": text, "overall_score": overall,
            "annotations": {aspect: {"Rating": rating, "Rationale": "…"} for aspect, rating in aspects}}


def test_ultrafeedback_gives_the_best_by_aspects_against_a_lower_one() -> None:
    row = {"source": "s", "instruction": "Hi", "models": [], "completions": [
        completion("worst", "1", "1", overall=10.0), completion("best", "5", "5", overall=8.0),
        completion("also best", "5", "N/A"), completion("unrated", "N/A"), completion("by overall", overall=2.0)]}
    assert find_format(row) == ["ultrafeedback"]
    parsed = parse(row, "ultrafeedback", "preferences")
    assert parsed.chosen == "best" and parsed.rejected in ("worst", "by overall")
    again = {parse({**row, "instruction": f"Hi {number}"}, "ultrafeedback", "preferences").rejected
             for number in range(40)}
    assert again == {"worst", "by overall"}
    with pytest.raises(Broken, match="no completion is rated below another"):
        parse({**row, "completions": row["completions"][1:3]}, "ultrafeedback", "preferences")


def test_unpaired_rows_have_a_label() -> None:
    row = {"prompt": "Hi", "completion": "Hello", "label": True}
    assert find_format(row) == ["unpaired"]
    assert find_format({**row, "label": "positive"}) == ["prompt_completion"]
    for label, wanted in ((True, True), (0, False), ("False", False), ("1", True)):
        parsed = parse({**row, "label": label}, "unpaired", "preferences")
        assert (parsed.messages, parsed.completion, parsed.label) == ((HI,), "Hello", wanted)
    with pytest.raises(Broken, match="wrong type"):
        parse({**row, "label": "maybe"}, "unpaired", "preferences")


def test_open_instructs_rows_name_their_verifier_by_their_data_set() -> None:
    row = {"messages": openai(HI), "ground_truth": "3", "dataset": "gsm8k"}
    assert find_format(row) == ["problems"]
    for name, verifier in (("gsm8k", "math"), ("MATH", "math"), (["math"], "math"), ("x", "")):
        assert parse({**row, "dataset": name}, "problems", "problems").verifier == verifier
    asked = [{"instruction_id": ["punctuation:no_comma"], "kwargs": [None]}]
    for said in (json.dumps(asked), repr(asked)):
        parsed = parse({**row, "dataset": "ifeval", "ground_truth": said}, "problems", "problems")
        assert parsed.ground_truth == {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    for said in ("no list", '{"func_name": "validate_lowercase", "N": null}'):
        with pytest.raises(Broken, match="unknown ground truth"):
            parse({**row, "dataset": "ifeval", "ground_truth": said}, "problems", "problems")
    verl = {"prompt": openai(HI), "ground_truth": "3"}
    assert find_format(verl) == ["problems"] and parse(verl, "problems", "problems").messages == (HI,)


RATED = [completion("best", "5"), completion("worst", "1")]
IFEVAL = {"messages": openai(HI), "dataset": "ifeval"}


@pytest.mark.parametrize(("form", "row", "reason"), [
    ("alpaca", {"instruction": "a", "output": "b", "history": 5}, "wrong type"),
    ("alpaca", {"instruction": "a", "output": "b", "history": [5]}, "wrong type"),
    ("problems", {**IFEVAL, "ground_truth": "{[]: 1}"}, "unknown ground truth"),
    ("problems", {**IFEVAL, "ground_truth": "[{'instruction_id': ['\\ud83d'], 'kwargs': [None]}]"}, "lone surrogate"),
    ("messages", {"messages": json.dumps([*openai(HI), {"role": "assistant", "content": "\ud83d"}])}, "lone surrogate"),
    ("ultrafeedback", {"instruction": "a", "completions": [RATED[0], completion("x", "9" * 400)]},
     "no completion is rated below another"),
    ("ultrafeedback", {"instruction": "a", "completions": [RATED[0], completion("x", "nan")]},
     "no completion is rated below another"),
])
def test_values_that_no_maker_writes_are_broken_rows(form: str, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Broken) as caught:
        parse(row, form, KINDS[form][0])
    assert caught.value.reason == reason


def test_ratings_that_are_no_finite_numbers_do_not_count() -> None:
    for odd in (10**400, "9" * 400, "-inf", "nan", None, [1]):
        row = {"instruction": "a", "completions": [*RATED, completion("odd", odd)]}  # type: ignore[arg-type]
        assert parse(row, "ultrafeedback", "preferences").rejected == "worst"
    high = {"instruction": "a", "completions": [completion("high", "1.7e308", "1.7e308"), RATED[1]]}
    assert parse(high, "ultrafeedback", "preferences").chosen == "high"


def test_rounds_before_an_instruction_may_be_json_text() -> None:
    row = {"instruction": "Hi", "output": "Hello"}
    for empty in ("[]", "", None, []):
        assert parse({**row, "history": empty}, "alpaca", "examples").messages == SAID
    assert len(parse({**row, "history": '[["a", "b"]]'}, "alpaca", "examples").messages) == 4


@pytest.mark.parametrize(("turn", "reason"), [
    ({"role": "tool", "content": "4"}, "tool use"),
    ({"role": "assistant", "content": None, "tool_calls": [{"id": "a"}]}, "tool use"),
    ({"role": "assistant", "content": "x", "weight": 0}, "turn of weight 0"),
    ({"role": "assistant", "content": [{"type": "image_url"}]}, "wrong type"),
])
def test_turns_that_cannot_be_trained_on_are_said(turn: dict[str, Any], reason: str) -> None:
    with pytest.raises(Broken) as caught:
        parse({"messages": [*openai(HI), turn]}, "messages", "examples")
    assert caught.value.reason == reason
    assert parse({"messages": [*openai(HI), {"role": "assistant", "content": "Hello", "tool_calls": [], "weight": 1}]},
                 "messages", "examples").messages == SAID


def test_fields_that_fit_two_formats_or_none_are_said() -> None:
    assert find_format({"problem": "p", "solution": "s", "messages": []}) == ["messages", "prompt_completion"]
    assert find_format({"query": "a", "solution": "b", "response": "c"}) == []
    assert find_format({"prompt": "p"}) == ["prompts"] and find_format({"prompt": "p", "test": "t"}) == []
    assert nearest_format({"prompt", "canonical_solution"}) == "nearest is prompt_completion, which lacks completion"
    assert nearest_format({"query", "solution", "response"}) == (
        "nearest is prompt_completion, which lacks response or solution (which?)")
    assert nearest_format({"turns"}) == ""


def write(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_columns_of_ones_own_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = write(tmp_path, {"id": 7, "ask.me": "Hi", "answers": [{"text": "no"}, {"text": "Hello"}]}, {"ask.me": "Hi"})
    spec = SourceSpec("s", "MIT", columns={"prompt": "ask.me", "completion": "answers.1.text"})
    assert resolve([path], spec).format == "prompt_completion"
    first, second = read([path], spec)
    assert first.record is not None and first.record.messages == SAID and first.record.meta == {"id": 7}
    assert second.entries[0].reason == "missing field" and second.entries[0].detail == "completion"
    pairs = SourceSpec("s", "MIT", columns={"prompt": "a", "chosen": "b", "rejected": "c"})
    (row,) = read([write(tmp_path, {"a": "Hi", "b": "Hello", "c": "Go away"})], pairs)
    assert isinstance(row.record, Preference) and (row.record.prompt, row.record.chosen) == ((HI,), "Hello")


@pytest.mark.parametrize(("columns", "words"), [
    ({"promt": "x"}, "columns: no format has a field promt; did you mean prompt?"),
    ({"chosen": "x"}, "columns make no format; nearest is preference, which lacks rejected"),
])
def test_columns_that_make_no_format_are_said(columns: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(Mistake) as caught:
        resolve([], SourceSpec("s", "MIT", columns=columns))
    assert words in str(caught.value)


CONVERSATIONS = [form for form, kinds in KINDS.items() if kinds[0] == "examples"]


@given(st.sets(st.sampled_from([name for row in (*(row for _, row, _ in EXAMPLES.values()), *PREFERENCES.values())
                               for name in row])))
def test_a_format_that_is_found_hides_none_with_fields_of_its_own(names: set[str]) -> None:
    """Adding a field never makes an ambiguous row unambiguous but by a format that reads the new field too."""
    found = find_format(dict.fromkeys(names, "x"))
    assert len(found) == len(set(found))
    if "chosen" in names and "rejected" in names:
        assert "preference" in found and not set(found) & set(CONVERSATIONS)


DATA = os.environ.get("POSTGRAD_TEST_DATA", "")


@pytest.mark.skipif(not DATA, reason="POSTGRAD_TEST_DATA names no folder")
@pytest.mark.parametrize(("name", "spec", "form", "rows", "kept"), [
    # HH: 2,312 rows, of which 4 have a blank answer, 4 break the order of roles and 5 part before the last answer, as
    # a count of "\n\nAssistant:" and "\n\nHuman:" in the raw texts says too
    ("gsm8k/train.jsonl", {}, "question_answer", 7473, 7473),
    ("gsm8k/test.jsonl", {"kind": "problems"}, "question_answer", 1319, 1319),
    ("ifeval/input_data.jsonl", {}, "ifeval", 541, 541),
    ("hh_rlhf_harmless_test/test.jsonl.gz", {}, "preference", 2312, 2299),
    ("open_instruct_test/rlvr_test.jsonl", {"verifier": "math"}, "problems", 100, 100),
    ("open_instruct_test/rlvr_test.jsonl", {}, "problems", 100, 0),
    ("self_instruct/seed_tasks.jsonl", {"columns": {
        "instruction": "instruction", "input": "instances.0.input", "output": "instances.0.output"}},
     "alpaca", 175, 175),
    ("mt_bench/question.jsonl", {"columns": {"prompt": "turns.0"}}, "prompts", 80, 80),
    ("humaneval/HumanEval.jsonl.gz", {"columns": {"prompt": "prompt", "completion": "canonical_solution"}},
     "prompt_completion", 164, 164),
])
def test_real_files_are_read(name: str, spec: dict[str, Any], form: str, rows: int, kept: int) -> None:
    files = find_files(Path(DATA) / name)
    wanted = resolve(files, SourceSpec("s", "MIT", **spec))
    found = list(read(files, wanted))
    assert (wanted.format, len(found), sum(row.record is not None for row in found)) == (form, rows, kept)
    assert kind_of(wanted) in KINDS[form]


@pytest.mark.skipif(not DATA, reason="POSTGRAD_TEST_DATA names no folder")
@pytest.mark.parametrize(("name", "words"), [
    ("self_instruct/seed_tasks.jsonl", "nearest is alpaca, which lacks output"),
    ("humaneval/HumanEval.jsonl.gz", "nearest is prompt_completion, which lacks completion"),
    ("mt_bench/question.jsonl", "the fields are category, question_id, turns"),
    ("open_instruct_test/acecode_sample.jsonl", "nearest is question_answer, which lacks answer"),
])
def test_real_files_of_no_format_say_what_to_map(name: str, words: str) -> None:
    files = find_files(Path(DATA) / name)
    with pytest.raises(Mistake) as caught:
        resolve(files, SourceSpec("s", "MIT"))
    assert words in str(caught.value) and "`columns: {" in str(caught.value)
