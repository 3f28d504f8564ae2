"""`curate.filter`: which rows leave before anything else is done with them. `docs/filters.md` has the whole story."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from postgrad.recipe.part import Count, Part, Share, Text


class Filter(Part):
    """Rows with an empty turn, a chat template's markers in the text, or much that no text holds always leave; what
    else leaves is said here. Each is in the ledger with its reason. See `docs/filters.md`.
    """

    min_chars: Count | None = None
    """Fewest characters in a row, white space at the ends of a turn not counted. Default: one a turn."""
    max_chars: Count | None = None
    """Most characters."""
    min_words: Count | None = None
    """Fewest words; a character of a script without spaces is one."""
    max_words: Count | None = None
    """Most words."""
    min_tokens: Count | None = None
    """Fewest tokens in a row as the template writes it."""
    max_tokens: Count | None = None
    """Most tokens in a row as the template writes it. Default: no limit here; a stage's `max_length` still holds."""
    min_turns: Count | None = None
    """Fewest turns of user and assistant."""
    max_turns: Count | None = None
    """Most turns of user and assistant."""
    markers: Literal["drop", "keep"] = "drop"
    """Rows whose text holds markers of a chat template (`<|im_start|>`, `[INST]`, `<start_of_turn>`, …)."""
    max_unreadable: Share | None = 0.1
    """Largest share of a turn's characters that no text has: U+FFFD, control characters, lone surrogates."""
    max_mojibake: Share | None = None
    """Largest share of a turn in UTF-8 that was read as Windows-1252 or Latin-1 (`Ã©`). Default: any."""
    languages: tuple[Text, ...] = ()
    """Languages that stay, by ISO 639 code: `[en, de]`. Default: all."""
    language_confidence: Share = 0.5
    """How sure it must be that a text is in another language."""
    language_min_chars: Count = 40
    """Texts with fewer letters are not judged."""
    language_scope: Literal["row", "turn"] = "row"
    """What is judged: the row's text as a whole, or every turn."""
    self_identification: tuple[Literal["names", "cutoff", "ai"], ...] = ()
    """Assistants that say they are another model (`names`), where their knowledge ends (`cutoff`), or speak "as an AI"
    (`ai`), by a list that ships. [P] 3.1 took out rows that name the model or its developer."""
    keywords: tuple[Text, ...] = ()
    """Words and phrases that no row may hold, taken literally, without case."""
    keywords_file: Path | None = None
    """More of them, one a line. Relative to the recipe."""
    keyword_roles: Annotated[tuple[Literal["system", "user", "assistant"], ...], Field(min_length=1)] = ("assistant",)
    """Whose turns are searched for keywords."""
    repetition: bool = False
    """Answers that break an n-gram rule of Gopher (arXiv 2112.11446, Table A1)."""
    max_loop: Annotated[int, Field(ge=2)] | None = None
    """How many times an answer may end with the same words. Default: any number."""
    scripts: tuple[Text, ...] = ()
    """Scripts that are expected, such as `[latin, greek]`. Default: all."""
    max_other_scripts: Share = 0.1
    """Largest share of letters of other scripts."""
    lookalikes: Literal["keep", "drop"] = "keep"
    """Rows with words disguised by letters of another script (`pаypal` with a Cyrillic а)."""
    max_urls: Share | None = None
    """Largest share of a row's characters in addresses of web pages. Default: any."""
    max_non_letters: Share | None = None
    """Largest share of a row's characters that are no letters. Default: any."""
    keep_if: tuple[Text, ...] = ()
    """Expressions that must all be true of a row: `words(assistant) > 3 and not contains(user, "foo")`."""
