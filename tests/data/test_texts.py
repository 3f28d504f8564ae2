"""What rows say to commands that only look at them: as in a recipe, and something where a recipe takes none."""

import json
from typing import Any

import pytest

from data.test_formats import EXAMPLES, PREFERENCES
from postgrad.data.deduplicate import said_in
from postgrad.data.formats import KINDS, find_format, parse
from postgrad.data.raw import Broken, RawRow
from postgrad.data.sources import SourceSpec, handle
from postgrad.data.texts import READERS, Texts
from postgrad.records.types import Origin

USER, CALL = {"role": "user", "content": "Hi"}, {"function": {"name": "look", "arguments": "{}"}}
SOUND: dict[str, dict[str, Any]] = {
    **{name: row for name, (_, row, _) in EXAMPLES.items()},
    **PREFERENCES,
    "several rounds": {"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d",
                       "rejected": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: e"},
    "unpaired": {"prompt": "Hi", "completion": "Hello", "label": 0},
    "UltraFeedback": {"instruction": "Hi", "completions": [
        {"response": "b", "annotations": {"honesty": {"Rating": "5"}}},
        {"response": "c", "annotations": {"honesty": {"Rating": "1"}}}]},
    "GSM8K": {"question": "What is 2 + 3?", "answer": "It is <<2+3=5>>5.\n#### 5"},
    "a prompt": {"system": "Be brief.", "prompt": "Hi"},
    "a dialogue to answer": {"prompt": [USER, {"role": "assistant", "content": "Hello"}], "id": 3},
    "a problem": {"messages": [USER], "ground_truth": "3", "dataset": "gsm8k"},
    "a problem by its prompt": {"prompt": "Hi", "ground_truth": "3", "verifier": "math"},
    "IFEval": {"prompt": "Hi", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
}


@pytest.mark.parametrize("name", SOUND)
def test_a_row_that_recipes_take_says_the_same_to_both(name: str) -> None:
    (form,) = find_format(SOUND[name])
    texts = Texts(form)
    assert texts.kind == KINDS[form][0]
    record = handle(RawRow(0, SOUND[name]), Origin("s", "f", 0), SourceSpec("s", "MIT", format=form)).record
    assert record is not None and texts.said(SOUND[name]) == said_in(record)
    asked = [turn.content for turn in parse(SOUND[name], form, "problems").messages if turn.role == "user"]
    assert texts.user(SOUND[name]) == asked


def test_every_format_is_read() -> None:
    assert READERS.keys() == KINDS.keys()


@pytest.mark.parametrize(("row", "said"), [
    ({"question": "q", "answer": ""}, [("user", "q"), ("assistant", "")]),
    ({"question": "q", "answer": 2}, [("user", "q"), ("assistant", "2")]),
    ({"messages": [USER, USER]}, [("user", "Hi")] * 2),
    ({"messages": [{"role": "assistant", "content": "a"}, USER]}, [("assistant", "a"), ("user", "Hi")]),
    ({"messages": [USER, {"role": "assistant", "content": "a", "weight": 0}]}, [("user", "Hi"), ("assistant", "a")]),
    ({"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                   {"role": "tool", "content": "x"}]},
     [("user", "Hi"), ("assistant tool_calls", json.dumps([CALL], separators=(",", ":"))), ("tool", "x")]),
    ({"messages": [{"role": "narrator", "content": "a"}, {"role": ["?"], "content": "b"}, "c", 4]},
     [("user", "a"), ("user", "b"), ("user", "c"), ("user", "4")]),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image", "image": "p"},
                                                {"type": "text", "text": "b"}]}]},
     [("user", "ab"), ("user image", '{"type":"image","image":"p"}')]),
    ({"messages": "[INST] a"}, [("user", "[INST] a")]),
    ({"conversations": [{"from": "human", "value": "a"}, {"from": "human", "value": "b"}]},
     [("user", "a"), ("user", "b")]),
    ({"instruction": "a", "input": "b", "context": "c", "output": None, "history": ["?", ["d"]], "response": "e"},
     [("user", "d"), ("user", "a\n\nb\n\nc"), ("assistant", "e")]),
    ({"prompt": "a", "chosen": "b", "rejected": "b"}, [("user", "a"), ("chosen", "b"), ("rejected", "b")]),
    ({"prompt": "a", "chosen": "b", "rejected": " "}, [("user", "a"), ("chosen", "b"), ("rejected", " ")]),
    ({"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d",
      "rejected": "\n\nHuman: a\n\nAssistant: e\n\nHuman: f\n\nAssistant: g"},
     [("user", "a"), ("chosen", "b"), ("user", "c"), ("chosen", "d"),
      ("rejected", "e"), ("user", "f"), ("rejected", "g")]),
    ({"instruction": "a", "completions": [{"response": "b"}, {"response": "c"}, None]},
     [("user", "a"), ("chosen", "b"), ("chosen", "c")]),
    ({"instruction": "a", "completions": [{"response": "b", "overall_score": 1}, {"response": "c", "overall_score": 2},
                                          {"response": "d"}, {"response": "e", "overall_score": 2}]},
     [("user", "a"), ("rejected", "b"), ("chosen", "c"), ("rejected", "d"), ("chosen", "e")]),
    ({"prompt": "a", "completion": "", "label": 1}, [("user", "a"), ("completion True", "")]),
    ({"messages": [USER, {"role": "assistant", "content": "a"}], "ground_truth": [1]}, [("user", "Hi")]),
    ({"prompt": "a", "instruction_id_list": ["x"], "kwargs": "?"}, [("user", "a")]),
])
def test_a_row_that_recipes_drop_has_a_text_all_the_same(row: dict[str, Any], said: list[tuple[str, str]]) -> None:
    (form,) = find_format(row)
    assert Texts(form).said(row) == said


def test_a_null_ground_truth_asks_as_any_other() -> None:
    row = {"messages": [USER], "ground_truth": None}
    assert find_format(row) == ["messages"]
    assert Texts("problems").said(row) == Texts("messages").said(row) == [("user", "Hi")]


@pytest.mark.parametrize(("texts", "row", "reason"), [
    (Texts("messages"), {"messages": []}, "no text"),
    (Texts("messages"), {"body": "a"}, "no text"),
    (Texts("question_answer"), {"question": " ", "answer": None}, "no text"),
    (Texts(field="body"), {"text": "a"}, "missing field"),
    (Texts(field="body"), {"body": None}, "null field"),
    (Texts(field="body"), {"body": 3}, "wrong type"),
    (Texts(field="body"), {"body": ["", " "]}, "no text"),
])
def test_a_row_without_a_text_is_broken(texts: Texts, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Broken) as caught:
        texts.said(row)
    assert caught.value.reason == reason


def test_a_field_is_a_text_or_a_list_of_them() -> None:
    for value in ("Hi", ["Hi"], [USER]):
        assert Texts(field="x").user({"x": value}) == ["Hi"]


def test_a_row_nested_without_end_is_broken() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(Broken, match="nested too deeply"):
        Texts(field="x").said({"x": nested})
