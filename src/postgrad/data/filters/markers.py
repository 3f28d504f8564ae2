"""Text that holds a chat template's own markers: it could end its turn and begin another one's.

Known are the markers of the templates that ship, of other families' templates, and anything of the form `<|name|>`,
which most families use. `</s>` counts unless an `<s>` stands before it: that is HTML's struck-out text.
This project's own templates never make a special token of a text, but markers that are text (tulu's) cannot be told
from a turn, and what is exported is read by other tools, which do. Rows are dropped rather than mended: a marker with
something put in it is a thing that the model would learn to write.
"""

import re

from postgrad.chat.template import EOS, TEMPLATES
from postgrad.data.filters.finding import Finding
from postgrad.data.rows import Record, conversations

FAMILIES = (
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",  # Llama 2, Mistral
    "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",  # Mistral
    "<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>",  # Gemma
    "[gMASK]", "<sop>", "<eop>", "<eoh>", "<eoa>",  # GLM, InternLM
    "<reserved_106>", "<reserved_107>",  # Baichuan
    "<extra_id_0>", "<extra_id_1>",  # Nemotron
)
OWN = tuple(sorted({mark for template in TEMPLATES.values() for mark in template.markers if mark != EOS}))
_NAMED = re.compile("|".join(map(re.escape, (*OWN, *FAMILIES))))
_FORMED = re.compile(r"<[|｜][^\W\d][\w▁ -]{0,40}[|｜]>")
_END, _STRUCK = "</s>", "<s>"


def marker_in(text: str) -> str | None:
    """The first marker by name; one that is known by its form alone is called `<|…|>`. None if there is none."""
    if "<" not in text and "[" not in text:
        return None
    found = _NAMED.search(text)
    if found:
        return found.group()
    if _FORMED.search(text):
        return "<|…|>"
    end = text.find(_END)
    return _END if end >= 0 and _STRUCK not in text[:end] else None


def check(record: Record) -> Finding | None:
    for messages in conversations(record):
        for index, message in enumerate(messages):
            marker = marker_in(message.content)
            if marker is not None:
                return "template markers in the text", f"messages[{index}], {message.role}: {marker}"
    return None
