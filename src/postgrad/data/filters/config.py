"""What the filters are told, all in one frozen value: it can be pickled, compared and written as JSON."""

from dataclasses import dataclass

UNREADABLE = 0.1


@dataclass(frozen=True, slots=True)
class FilterConfig:
    """The keys of a recipe's `curate.filter`, which says what each means; None and () ask for nothing.

    What counts of a list is what is in it: `keywords` holds those of `keywords_file` as well, and
    `self_identification_list` is the hash of the list that ships, where it is asked for.
    """

    min_chars: int | None = None
    max_chars: int | None = None
    min_words: int | None = None
    max_words: int | None = None
    min_tokens: int | None = None
    max_tokens: int | None = None
    min_turns: int | None = None
    max_turns: int | None = None
    markers: str = "drop"
    max_unreadable: float | None = UNREADABLE
    max_mojibake: float | None = None
    languages: tuple[str, ...] = ()
    language_confidence: float = 0.5
    language_min_chars: int = 40
    language_scope: str = "row"
    self_identification: tuple[str, ...] = ()
    self_identification_list: str = ""
    keywords: tuple[str, ...] = ()
    keyword_roles: tuple[str, ...] = ("assistant",)
    repetition: bool = False
    max_loop: int | None = None
    scripts: tuple[str, ...] = ()
    max_other_scripts: float = 0.1
    lookalikes: str = "keep"
    max_urls: float | None = None
    max_non_letters: float | None = None
    keep_if: tuple[str, ...] = ()
