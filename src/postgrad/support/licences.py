"""What one licence asks for, by its SPDX expression (https://spdx.org/licenses/) or its common name. Not legal advice.

The conditions of `A AND B` are those of both, of `A OR B` those of the milder one, of `A WITH EXCEPTION` those of A:
an exception only takes conditions away, so this errs on the careful side. What is in no table is UNKNOWN.
"""

import re
from dataclasses import dataclass
from enum import IntFlag

SPDX_PAGE = "https://spdx.org/licenses/"
SPDX_TERMS = "licenseref-"


class Conditions(IntFlag):
    """What must be heeded, mildest first: of two sets the one with the strictest condition is the larger number."""

    NONE = 0
    CREDIT = 1
    SHARE = 2
    TERMS = 4
    NONCOMMERCIAL = 8
    RESEARCH = 16
    NO_DERIVED = 32
    UNKNOWN = 64


NONE = Conditions.NONE
CREDIT, SHARE, TERMS, NONCOMMERCIAL, RESEARCH, NO_DERIVED, UNKNOWN = Conditions
WORDS = {
    UNKNOWN: "not known here",
    NO_DERIVED: "no derived works",
    RESEARCH: "research only",
    NONCOMMERCIAL: "no commercial use",
    TERMS: "terms of its own, read them",
    SHARE: "share under the same licence",
    CREDIT: "credit the authors",
}
HIDES = {SHARE: CREDIT, RESEARCH: NONCOMMERCIAL}
"""Conditions that go without saying beside another: who shares alike credits, research alone is no commerce."""


@dataclass(frozen=True)
class Named:
    """A licence that SPDX does not list. `pattern` is held against the whole name in the form of `plain_name`."""

    pattern: str
    title: str
    conditions: Conditions
    asks: str
    source: str


SPDX: dict[str, Conditions] = {
    **dict.fromkeys(("CC0-1.0", "CC-PDDC", "PDDL-1.0", "Unlicense", "0BSD", "MIT-0"), NONE),
    **dict.fromkeys(
        ("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "BSL-1.0", "AFL-3.0", "Artistic-2.0",
         "PostgreSQL", "NCSA", "UPL-1.0", "MulanPSL-2.0", "ODC-By-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0",
         "etalab-2.0", "OGL-UK-3.0"), CREDIT),
    **dict.fromkeys(
        ("ODbL-1.0", "CDLA-Sharing-1.0", "GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only",
         "GPL-3.0-or-later", "AGPL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "LGPL-2.1", "LGPL-2.1-only",
         "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0", "EPL-2.0", "EUPL-1.2",
         "GFDL-1.2-only", "GFDL-1.2-or-later", "GFDL-1.3-only", "GFDL-1.3-or-later", "LAL-1.3"), CREDIT | SHARE),
}  # fmt: skip
"""By the licences' texts at SPDX_PAGE; Creative Commons' attribution family is read off its name, below."""
SPDX_SPELLING = {name.lower(): name for name in SPDX}

CREATIVE_COMMONS = re.compile(r"cc-by(?P<nc>-nc)?(?P<last>-sa|-nd)?(?:-[1-4]\.[05])?(?:-[a-z]{2,3})?")
"""CC-BY, -NC, -SA, -ND of any version, ported ones too: https://creativecommons.org/share-your-work/cclicenses/."""

_RAIL = "its limits of use are passed on with whatever is derived from it"
NAMED = (
    Named(r"public-domain|pd", "public domain", NONE, "", "https://creativecommons.org/publicdomain/mark/1.0/"),
    Named(
        r"(?:meta-)?llama-?2(?:-.*)?", "Llama 2 Community License", TERMS,
        "it and its outputs may not be used to improve other language models than Llama 2 and what is derived from it",
        "https://ai.meta.com/llama/license/ 1.b.v"),
    Named(
        r"(?:meta-)?llama-?3(?:\.0)?(?:-.*)?", "Meta Llama 3 Community License", TERMS,
        "it and its outputs may not be used to improve other language models than Llama 3 and what is derived from it",
        "https://www.llama.com/llama3/license/ 1.b.v"),
    Named(
        r"(?:meta-)?llama-?(?P<version>3\.[123]|4)(?:-.*)?", "Llama Community License", TERMS,
        "a model trained on it or its outputs and passed on has a name that begins with Llama, shows “Built with "
        "Llama” and keeps to the acceptable-use policy", "https://www.llama.com/llama3_1/license/ 1.b"),
    Named(
        r"gemma(?!-?4)(?:[-1-3].*)?", "Gemma Terms of Use", TERMS,  # Gemma 4 is under Apache-2.0
        "its limits of use are passed on with models derived from it, among them those trained on its outputs to "
        "behave like it", "https://ai.google.dev/gemma/terms 1.1, 3.1"),
    Named(
        r"openai(?:-.*)?", "OpenAI terms of use", TERMS,
        "outputs may not be used to develop models that compete with OpenAI",
        "https://openai.com/policies/terms-of-use/"),
    Named(
        r"anthropic(?:-.*)?", "Anthropic terms of service", TERMS,
        "outputs may not be used to train models that compete with it",
        "https://www.anthropic.com/legal/commercial-terms"),
    Named(
        r"(?:google-)?gemini(?:-.*)?", "Gemini API terms of service", TERMS,
        "it may not be used to develop models that compete with it", "https://ai.google.dev/gemini-api/terms"),
    Named(
        r"(?:bigscience-|bigcode-|creativeml-)?(?:open)?rail.*|bigscience-bloom-rail.*|bigcode-openrail.*|"
        r"creativeml-openrail.*", "RAIL licence", TERMS, _RAIL, "https://www.licenses.ai/"),
    Named(
        r"(?:(?:non-commercial|academic|scientific)-)?research(?:-(?:use|purposes))?-only|(?:for-)?research(?:-use)?|"
        r"academic(?:-use)?(?:-only)?|non-commercial-research(?:-.*)?|msr-la.*", "research only",
        NONCOMMERCIAL | RESEARCH, "for research alone", "as named"),
    Named(r"non-?commercial(?:-.*)?", "non-commercial", NONCOMMERCIAL, "", "as named"),
)  # fmt: skip
"""Facts from the texts named; versions change, so each says where to read the one that holds."""

SPELT_OUT = (
    ("licence", "license"), ("creative-commons-", "cc-"), ("attribution", "by"), ("noncommercial", "nc"),
    ("non-commercial-", "nc-"), ("sharealike", "sa"), ("share-alike", "sa"), ("noderivatives", "nd"),
    ("noderivs", "nd"), ("-international", ""), ("-unported", ""))  # fmt: skip


OPERATORS = {"and", "or", "with"}


def plain_name(text: str) -> str:
    """`Apache License, Version 2.0` → `apache-2.0`: small letters, hyphens, without the words that name nothing."""
    name = re.sub(r"[^a-z0-9.+]+", "-", text.lower()).strip("-")
    return re.sub(r"-?\b(?:the|license|licence|agreement|version)\b", "", name).strip("-")


def _cc_name(name: str) -> str:
    for long, short in SPELT_OUT:
        name = name.replace(long, short)
    return name


def find_named(text: str) -> Named | None:
    """The entry of `NAMED` that a licence's name fits, if any."""
    name = plain_name(text)
    return next((entry for entry in NAMED if re.fullmatch(entry.pattern, name)), None)


def spdx_id(text: str) -> str | None:
    """The SPDX identifier of a single licence in its right spelling, or None: `cc by-sa 4.0` → `CC-BY-SA-4.0`."""
    name = _cc_name(plain_name(text))
    if found := CREATIVE_COMMONS.fullmatch(name):
        return name.upper() if re.search(r"\d\.\d", found.group()) else None
    return SPDX_SPELLING.get(name)


def address(text: str) -> str | None:
    """Where the licence's text is, for single SPDX identifiers."""
    found = spdx_id(text)
    return f"{SPDX_PAGE}{found}.html" if found else None


def conditions(text: str) -> Conditions:
    """Of a licence's name or SPDX expression; UNKNOWN for what is neither."""
    if (found := _single(text)) is not None:
        return found
    words = re.findall(r"[()]|[^\s()]+", text)[::-1]  # the next one last
    try:
        found = _any_of(words)
    except IndexError:  # it ends too soon
        return UNKNOWN
    return UNKNOWN if words else found


def _single(text: str) -> Conditions | None:
    """Of what is one licence; None for expressions, and for what is not known."""
    if OPERATORS & {word.strip("()") for word in text.lower().split()} or text.count("(") != text.count(")"):
        return None
    name = _cc_name(plain_name(text))
    if found := CREATIVE_COMMONS.fullmatch(name):
        last = {"-sa": SHARE, "-nd": NO_DERIVED}.get(found["last"] or "", NONE)
        return CREDIT | last | (NONCOMMERCIAL if found["nc"] else NONE)
    if name in SPDX_SPELLING:
        return SPDX[SPDX_SPELLING[name]]
    if entry := find_named(text):
        return entry.conditions
    return TERMS if text.lower().startswith(SPDX_TERMS) and not re.search(r"[\s()]", text) else None


def _any_of(words: list[str]) -> Conditions:
    found = _all_of(words)
    while _next(words) == "or":
        words.pop()
        found = min(found, _all_of(words))
    return found


def _all_of(words: list[str]) -> Conditions:
    found = _one(words)
    while _next(words) == "and":
        words.pop()
        found |= _one(words)
    return found


def _one(words: list[str]) -> Conditions:
    word = words.pop()
    if word == "(":
        found = _any_of(words)
        return found if words.pop() == ")" else UNKNOWN
    single = _single(word) if word.lower() not in OPERATORS else None
    if single is None and word.endswith("+"):  # SPDX 2: this version or a later one
        single = _single(word[:-1])
    if _next(words) == "with":
        words.pop()
        words.pop()  # the exception
    return UNKNOWN if single is None else single


def _next(words: list[str]) -> str:
    return words[-1].lower() if words else ""


def describe(licence: str) -> str:
    """What one licence asks, in a few words."""
    found = conditions(licence)
    if UNKNOWN in found:
        return WORDS[UNKNOWN]
    hidden = [HIDES[one] for one in found if one in HIDES]
    return ", ".join(said for one, said in WORDS.items() if one in found and one not in hidden) or "no conditions"
