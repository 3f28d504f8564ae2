"""Messages to tokens and back: against transformers' own rendering, and the published form."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models.making import BOS, EOS, IM_END, IM_START, write_spaced_tokenizer, write_tokenizer
from transformers import PreTrainedTokenizerFast

from postgrad.chat import Tokenizer, template
from postgrad.support.errors import Mistake

PLAIN = st.from_regex(r"[A-Za-z0-9+=,.]+( [A-Za-z0-9+=,.]+){0,6}", fullmatch=True)
NASTY = st.lists(
    st.sampled_from(["<eos>", "<|im_end|>", "<|im_start|>", "<bos>", "<pad>", "\n", " ", "hello", "é", "<|", "👍"]),
    max_size=6,
).map("".join)
TEMPLATES = ["tulu", "chatml"]


@pytest.fixture(scope="module", params=[False, True], ids=["no_bos", "bos"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(made, bos=request.param)
    return made


@st.composite
def conversations(draw: st.DrawFn, content: st.SearchStrategy[str]) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": draw(content)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        messages += [{"role": "user", "content": draw(content)}, {"role": "assistant", "content": draw(content)}]
    return messages


def test_tulu_is_the_published_form(folder: Path) -> None:
    tokenizer = Tokenizer.load(folder)
    messages = [{"role": r, "content": c} for r, c in
                [("system", "S"), ("user", "U"), ("assistant", "A"), ("user", "V"), ("assistant", "B")]]
    text = tokenizer.decode(template("tulu").encode(messages, tokenizer).ids)
    expected = "<|system|>\nS\n<|user|>\nU\n<|assistant|>\nA<eos>\n<|user|>\nV\n<|assistant|>\nB<eos>"
    assert text == ("<bos>" if tokenizer.bos_id is not None else "") + expected


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=40, deadline=None)
@given(messages=conversations(PLAIN), prompt=st.booleans())
def test_ids_are_those_of_transformers_with_the_exported_template(
    folder: Path, name: str, messages: list[dict[str, str]], prompt: bool
) -> None:
    tokenizer, chosen = Tokenizer.load(folder), template(name)
    peer = PreTrainedTokenizerFast.from_pretrained(folder)
    if prompt:
        messages = messages[:-1]
    theirs = peer.apply_chat_template(
        messages, chat_template=chosen.jinja(tokenizer), add_generation_prompt=prompt, return_dict=False)
    assert chosen.encode(messages, tokenizer, generation_prompt=prompt).ids == theirs


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("kind", ["normalizer", "always", "first", "never"])
@pytest.mark.parametrize("bos", [False, True], ids=["no_bos", "bos"])
def test_ids_are_those_of_transformers_where_texts_get_a_space_before_them(
    tmp_path: Path, kind: str, name: str, bos: bool
) -> None:
    write_spaced_tokenizer(tmp_path, kind, bos=bos)
    tokenizer, chosen = Tokenizer.load(tmp_path), template(name)
    peer = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    roles = ("system", "user", "assistant", "user", "assistant", "user")
    messages = [{"role": role, "content": f"hello {number}"} for number, role in enumerate(roles)]
    for end in range(2, 7):
        prompt = messages[end - 1]["role"] == "user"
        theirs = peer.apply_chat_template(
            messages[:end], chat_template=chosen.jinja(tokenizer), add_generation_prompt=prompt, return_dict=False)
        ours = chosen.encode(messages[:end], tokenizer, generation_prompt=prompt)
        assert ours.ids == theirs
        if prompt and end < 6:
            assert chosen.encode(messages, tokenizer).ids[: len(ours.ids)] == ours.ids


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=60, deadline=None)
@given(messages=conversations(NASTY | PLAIN))
def test_what_sampling_sees_is_a_prefix_of_what_training_sees(
    folder: Path, name: str, messages: list[dict[str, str]]
) -> None:
    tokenizer, chosen = Tokenizer.load(folder), template(name)
    for end in range(1, len(messages)):
        if messages[end]["role"] == "assistant":
            prompt = chosen.encode(messages[:end], tokenizer, generation_prompt=True)
            whole = chosen.encode(messages, tokenizer)
            assert whole.ids[: len(prompt.ids)] == prompt.ids
            assert prompt.mask == whole.mask[: len(prompt.ids)]


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=60, deadline=None)
@given(messages=conversations(NASTY | PLAIN))
def test_the_mask_is_the_answers_and_their_ends_and_text_is_never_a_special_token(
    folder: Path, name: str, messages: list[dict[str, str]]
) -> None:
    tokenizer, chosen = Tokenizer.load(folder), template(name)
    encoded = chosen.encode(messages, tokenizer)
    end = {"tulu": EOS, "chatml": IM_END}[name]
    assert chosen.end_id(tokenizer) == end
    trained = [index for index, mask in zip(encoded.ids, encoded.mask, strict=True) if mask]
    answers = [message["content"] for message in messages if message["role"] == "assistant"]
    runs: list[list[int]] = [[]]
    for index in trained:
        if index == end:
            runs.append([])
        else:
            runs[-1].append(index)
    assert [tokenizer.decode(run) for run in runs] == [*answers, ""]  # each answer, then its end, and nothing else
    assert encoded.ids.count(BOS) == (tokenizer.bos_id is not None)
    expected = len(answers) if name == "tulu" else len(messages)
    assert encoded.ids.count(end) == expected
    assert encoded.ids.count(IM_START) == (0 if name == "tulu" else len(messages))


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=60, deadline=None)
@given(messages=conversations(NASTY | PLAIN))
def test_decode_gives_the_messages_back(folder: Path, name: str, messages: list[dict[str, str]]) -> None:
    tokenizer, chosen = Tokenizer.load(folder), template(name)
    assert chosen.decode(chosen.encode(messages, tokenizer).ids, tokenizer) == messages


@pytest.mark.parametrize("name", TEMPLATES)
def test_decode_takes_a_turn_that_has_no_end_yet(folder: Path, name: str) -> None:
    tokenizer, chosen = Tokenizer.load(folder), template(name)
    question = {"role": "user", "content": "hello\nthere"}
    ids = chosen.encode([question], tokenizer, generation_prompt=True).ids + tokenizer.encode("12 +")
    assert chosen.decode(ids, tokenizer) == [question, {"role": "assistant", "content": "12 +"}]


def test_unknown_names_are_mistakes_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(Mistake, match="use one of tulu, chatml"):
        template("llama")
    with pytest.raises(Mistake, match=r"no role .tool..*system, user, assistant"):
        template("tulu").encode([{"role": "tool", "content": ""}], Tokenizer.load(folder))


def test_a_tokenizer_without_the_markers_is_a_mistake(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    said = json.loads((tmp_path / "tokenizer.json").read_text().replace("<|im_start|>", "<|other|>"))
    (tmp_path / "tokenizer.json").write_text(json.dumps(said))
    with pytest.raises(Mistake, match=r"no token <\|im_start\|>"):
        template("chatml").encode([{"role": "user", "content": "x"}], Tokenizer.load(tmp_path))


def test_add_bos_token_in_the_config_decides(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, bos=True, add_bos_token=False)
    assert Tokenizer.load(tmp_path).bos_id is None
    write_tokenizer(tmp_path, bos=False, bos_token="<bos>", add_bos_token=True)
    assert Tokenizer.load(tmp_path).bos_id == BOS


def test_a_folder_without_tokenizer_or_end_token_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"no tokenizer\.json"):
        Tokenizer.load(tmp_path)
    write_tokenizer(tmp_path, eos_token=None)
    with pytest.raises(Mistake, match="no eos_token"):
        Tokenizer.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(Mistake, match="cannot be read"):
        Tokenizer.load(tmp_path)


def test_the_room_brings_neither_torch_nor_transformers() -> None:
    code = "import sys, postgrad.chat; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
