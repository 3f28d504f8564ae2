"""E-mail addresses, also in Latin, Greek and Cyrillic letters, and those spelt "jane [at] example [dot] org"."""

import re

from postgrad.data.pii.kinds import Spans

LETTER = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u04ff"
EMAIL = re.compile(
    rf"(?<![{LETTER}._%+\-@/])"  # begins a word; not the user of a URL (https://user@host)
    rf"(?:[{LETTER}](?:[{LETTER}._%+\-']{{0,62}}?[{LETTER}_%+\-])?|\"[^\"\s@][^\"\n@]{{0,40}}\")"
    rf"(?:@|%40)(?:[{LETTER}](?:[{LETTER}\-]{{0,61}}[{LETTER}])?\.){{1,6}}([A-Za-z]{{2,24}}|[\u0400-\u04ff]{{2,10}}|xn--\w+)"
    rf"(?![{LETTER}_\-]|\.[{LETTER}]|@|\(|:[^\s]*/)"  # ends a domain; not a call, not git@host:org/path
)
NOT_DOMAINS = frozenset({
    "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html", "xml", "txt", "yaml", "yml", "toml", "csv",
    "array", "dot", "matmul"})
"""Ends that look like a top-level domain and are none: `icon@2x.png`, `style@v2.css`, numpy's `X@np.array`."""
REMOTE = re.compile(r"://[^\s/?#]*$")
"""Before the user part of a URL (`postgres://anna:secret@db.example.org`)."""

AT, DOT = r"\s?[\[({]\s?(?:at|@|ät|arroba)\s?[\])}]\s?", r"\s?[\[({]\s?(?:dot|\.|punkt|punto|point)\s?[\])}]\s?"
ENDS = ("(?:com|org|net|edu|gov|info|io|biz|eu|co|uk|us|ca|au|nz|ie|de|at|ch|fr|be|nl|es|pt|it|pl|se|no|dk|fi|br|in|"
        "example)")
SPELT = re.compile(
    rf"(?<![{LETTER}._%+\-])[{LETTER}][{LETTER}._%+\-]{{0,62}}"
    rf"(?:{AT}(?:[{LETTER}\-]{{1,62}}(?:{DOT}|\.)){{1,5}}[A-Za-z]{{2,24}}"
    rf"|\s(?:at|AT)\s(?:[{LETTER}\-]{{1,62}}\s(?:dot|DOT)\s){{1,5}}{ENDS})"
    rf"(?![{LETTER}_\-])", re.IGNORECASE)
SPELT_HINT = re.compile(r"[\[({]\s?(?:at|@|ät|arroba)\s?[\])}]|\sat\s\S+\sdot\s", re.IGNORECASE)


def find_emails(text: str) -> Spans:
    """Start and end of each e-mail address."""
    found: Spans = []
    if "@" in text or "%40" in text:
        for match in EMAIL.finditer(text):
            remote = REMOTE.search(text, max(0, match.start() - 80), match.start())
            if match.group(1).lower() not in NOT_DOMAINS and not remote:
                found.append(match.span())
    if ("dot" in text.lower() or any(bracket in text for bracket in "[({")) and SPELT_HINT.search(text):
        found += [match.span() for match in SPELT.finditer(text)]
    return found
