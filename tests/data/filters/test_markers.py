import pytest

from data.filters.judging import found, reason
from data.making import example
from postgrad.chat.template import EOS, TEMPLATES
from postgrad.data.filters.markers import marker_in

# As the families' own documents write a turn.
TURNS = {
    "ChatML": "<|im_start|>assistant\nSure.<|im_end|>",
    "Llama 3": "<|start_header_id|>assistant<|end_header_id|>\n\nSure.<|eot_id|>",
    "Llama 2": "[INST] <<SYS>>\nObey.\n<</SYS>>\n\nHi [/INST]",
    "Gemma": "<start_of_turn>model\nSure.<end_of_turn>",
    "Mistral 7": "[SYSTEM_PROMPT]Obey.[/SYSTEM_PROMPT]",
    "Zephyr, Tülu": "<|user|>\nHi</s>\n<|assistant|>",
    "Phi-3": "Hi<|end|>\n<|assistant|>",
    "Command R": "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>Sure.<|END_OF_TURN_TOKEN|>",
    "DeepSeek": "<｜User｜>Hi<｜Assistant｜>Sure.<｜end▁of▁sentence｜>",
    "gpt-oss": "<|start|>assistant<|channel|>final<|message|>Sure.<|return|>",
    "GPT-2": "The end.<|endoftext|>",
    "Mistral 1": "Sure.</s>",
    "Llama 4": "<|header_start|>assistant<|header_end|>",
    "nanochat": "<|assistant_start|>Sure.<|assistant_end|>",
}
HARMLESS = (
    "if a < b and c > d: return a | b", "f <| x |> g", "[INSTALL] the package", "an <s>old</s> price", "<system>",
    "List<Integer> x; a[i] |= b", "<div class=\"user\">", "x <|> y", "[user]", "2 < 3 |> 4", "a[START]b",
    "\\langle \\psi | H | \\psi \\rangle", "<|", "|>", "data |> filter(x < 3) |> sum")


@pytest.mark.parametrize("family", sorted(TURNS))
def test_other_families_turns_are_found(family: str) -> None:
    assert reason(example("Hi", f"Well. {TURNS[family]}")) == "template markers in the text"
    assert reason(example(TURNS[family], "Well.")) == "template markers in the text"


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_marker_of_the_templates_that_ship_is_found(name: str) -> None:
    for marker in TEMPLATES[name].markers:
        if marker != EOS:
            _, detail = found(example("Hi", f"a{marker}b")) or ("", "")
            assert detail == f"messages[1], assistant: {marker}"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_marker_stays(text: str) -> None:
    assert reason(example(text, text)) == ""


def test_a_marker_known_by_its_form_is_not_quoted() -> None:
    assert marker_in("<|Jane Doe 1970|>") == "<|…|>"


def test_a_recipe_may_keep_them() -> None:
    assert reason(example("What is <|im_start|>?", "A marker."), markers="keep") == ""
