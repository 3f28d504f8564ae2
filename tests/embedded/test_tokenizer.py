"""The tokenizer that ships: any text comes back as it went in, a digit is a token, chat markers are text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from postgrad.chat import Tokenizer
from postgrad.embedded import BASE
from postgrad.embedded.language import TOPICS
from postgrad.embedded.tokenizer import train_tokenizer
from postgrad.embedded.words import GIVEN, TOWNS

TOKENIZER: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(BASE)


def pieces(text: str) -> list[str]:
    return [TOKENIZER.decode([i]) for i in TOKENIZER.encode(text, add_special_tokens=False)]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80).filter(lambda text: "endoftext" not in text and "pad" not in text))
def test_round_trip(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text, add_special_tokens=False)) == text


@given(st.integers(0, 10**9), st.integers(0, 10**9))
@settings(max_examples=50, deadline=None)
def test_one_token_a_digit_and_an_operator_with_its_spaces(a: int, b: int) -> None:
    assert pieces(f"{a} + {b} = {a + b}") == [*str(a), " + ", *str(b), " = ", *str(a + b)]


def test_chat_markers_are_text_of_whole_tokens() -> None:
    assert pieces("<|user|>\n<|assistant|>\n") == ["<|", "user", "|>", "\n", "<|", "assistant", "|>", "\n"]
    assert pieces("<|system|>\n") == ["<|", "system", "|>", "\n"]
    assert sorted(TOKENIZER.all_special_tokens) == ["<|endoftext|>", "<|pad|>"]


def test_a_text_begins_as_in_pretraining() -> None:
    """With the end token, once, for transformers and for the project's own tokenizer alike."""
    plain = TOKENIZER.encode("Tam", add_special_tokens=False)
    assert TOKENIZER("Tam").input_ids == [TOKENIZER.eos_token_id, *plain]
    own = Tokenizer.load(BASE)
    assert own.bos_id == own.eos_id == TOKENIZER.eos_token_id and own.encode("Tam") == plain


@pytest.mark.parametrize("words", [TOPICS, TOWNS])
def test_content_words_are_short(words: tuple[str, ...]) -> None:
    assert sum(len(pieces(f" {w}")) for w in words) / len(words) < 1.3


def test_names_that_begin_a_line_are_short() -> None:
    assert sum(len(pieces(w)) for w in GIVEN) / len(GIVEN) < 1.2


def test_the_tokenizer_that_ships_is_the_one_that_its_script_trains() -> None:
    shipped = TOKENIZER.backend_tokenizer.get_vocab()
    assert train_tokenizer().get_vocab() == shipped
