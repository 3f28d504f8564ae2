"""A labelled set: what must go, and what only looks like it. Addresses are made up (example hosts)."""

import pytest

from postgrad.data.pii.emails import find_emails

EMAILS = {
    "Write to jane.doe@example.com, please.": ["jane.doe@example.com"],
    "<j_d+news@mail.example.co.uk>": ["j_d+news@mail.example.co.uk"],
    "a@b.io;c@d.org": ["a@b.io", "c@d.org"],
    "mailto:x%y@example.museum.": ["x%y@example.museum"],
    "(Bob.O-Neil@sub-domain.example.com)": ["Bob.O-Neil@sub-domain.example.com"],
    "Mail: BOB@EXAMPLE.COM!": ["BOB@EXAMPLE.COM"],
    "name: me@example.com\nnext": ["me@example.com"],
    "write me@example.com: now": ["me@example.com"],
    "me@example.com:hunter2": ["me@example.com"],
    "?to=me@example.com&x": ["me@example.com"],
    "?u=bob%40example.net&t": ["bob%40example.net"],
    "jürgen@müller.example": ["jürgen@müller.example"],
    "анна@почта.рф пишет": ["анна@почта.рф"],
    "请联系anna@example.com谢谢": ["anna@example.com"],
    "jane [at] example [dot] org": ["jane [at] example [dot] org"],
    "jane.doe(at)example.org, or mary at example dot com": ["jane.doe(at)example.org", "mary at example dot com"],
}
NO_EMAILS = [
    "@app.route('/')",
    "meet @ 5.pm",
    "user@host",
    "python@3.11.2",
    "icon@2x.png",
    "git@github.com:org/repo.git",
    "https://user@example.com/path",
    "y = x@w.transpose()",
    "X@np.array",
    "a@@b.com",
    "@handle.bsky.social",
    "p@$$w0rd.com",
    "npm i left-pad@1.3.0",
    "me@.com",
    "postgres://anna:secret@db.example.org/x",
    "meet me at the dot on the map",
    "foo@bar..com",
    "2@3",
    "ssh root@10.0.0.1",
]


@pytest.mark.parametrize("text", EMAILS)
def test_an_address_is_found_to_the_letter(text: str) -> None:
    assert [text[start:end] for start, end in find_emails(text)] == EMAILS[text]


@pytest.mark.parametrize("text", NO_EMAILS)
def test_what_looks_like_an_address_stays(text: str) -> None:
    assert find_emails(text) == []
