"""The 8-gram rule against a brute-force reading of the paper's text, written apart from it."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.making import batch, example, problem
from postgrad.data import decontaminate as decontaminate_module
from postgrad.data import overlaps
from postgrad.data.batches import own_origins
from postgrad.data.decontaminate import Policy, decontaminate, find, findings_json
from postgrad.data.overlaps import ItemIndex
from postgrad.records.types import Origin
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashed_items import HashedItems, hash_items, read_hashed_items, write_hashed_items

UNSEEN = ("\u00ad", "\u200b", "\u200c", "\ufe0f")  # soft hyphen, zero-width space and non-joiner, a variation selector


def words(text: str) -> list[str]:
    """Tokens of plain English, found another way than the library finds them."""
    for mark in UNSEEN:
        text = text.replace(mark, "")
    return re.findall(r"[a-z]+|[0-9]+", text.lower())


def stands_in(small: list[str], large: list[str]) -> bool:
    return any(large[start : start + len(small)] == small for start in range(len(large) - len(small) + 1))


def brute_share(turns: list[str], text: str, n: int) -> float:
    """Share of the item's tokens that count: token by token, window by window, list against list."""
    item, said = words(text), [words(turn) for turn in turns]
    if not item:
        return 0.0
    if len(item) < n:
        matches = any(stands_in(item, turn) if 2 * len(item) >= n else item == turn for turn in said)
        return 1.0 if matches else 0.0
    counted = 0
    for token in range(len(item)):
        windows = [item[start : start + n] for start in range(max(0, token - n + 1), min(token, len(item) - n) + 1)]
        counted += any(stands_in(window, turn) for window in windows for turn in said)
    return counted / len(item)


def index_of(*tasks: HashedItems, n: int = 8, overlap: float = 0.5) -> ItemIndex:
    return ItemIndex(tasks, ngram=n, overlap=overlap)


VOCABULARY = ["a", "b", "c", "7", "\u200ba", "b\ufe0f", "7\u00ad", "\u200c"]
TEXT = st.lists(st.sampled_from(VOCABULARY), max_size=14).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.lists(st.lists(TEXT, min_size=1, max_size=2), min_size=1, max_size=5),
    st.lists(TEXT, min_size=1, max_size=3),
    st.integers(1, 5),
    st.sampled_from([0.0, 0.3, 0.5, 0.8]),
)
def test_any_row_overlaps_the_items_that_brute_force_says(
    data: st.DataObject, items: list[list[str]], turns: list[str], n: int, overlap: float
) -> None:
    copied = data.draw(
        st.sampled_from([field for item in items for field in item])
    )  # so that there is something to find
    turns = [*turns, f"{data.draw(TEXT)} {copied} {data.draw(TEXT)}"]
    task = hash_items("t", [(str(i), item) for i, item in enumerate(items)], ngram=n, unseen=False)
    index = index_of(task, n=n, overlap=overlap)
    hits = index.overlaps(turns)
    shares = {i: [brute_share(turns, field, n) for field in item] for i, item in enumerate(items)}
    assert {hit.item: hit.share for hit in hits} == pytest.approx(
        {i: max(of_fields) for i, of_fields in shares.items() if max(of_fields) > overlap})
    for hit in hits:
        assert hit.field == shares[hit.item].index(max(shares[hit.item]))
        length = len(words(items[hit.item][hit.field]))
        assert sum(end - start for start, end in hit.spans) == pytest.approx(hit.share * length)
    rows = [turns, [], [copied], turns[:1], turns]
    alone = [tuple(index_of(task, n=n, overlap=overlap).overlaps(row)) for row in rows]
    found = [(row, all_of_it.overlaps()) for row, all_of_it in index.overlaps_of(rows)]
    assert found == [(row, overlaps) for row, overlaps in enumerate(alone) if overlaps]


ITEM = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"


def hits(*turns: str, item: str = ITEM) -> list[float]:
    return [hit.share for hit in index_of(hash_items("t", [("0", [item])], ngram=8, unseen=False)).overlaps(turns)]


def test_more_than_half_is_meant_and_half_is_not_enough() -> None:
    assert hits("one two three four five six seven eight") == []  # 8 of 16
    assert hits("x two three four five six seven eight nine ten y") == [9 / 16]


def test_hits_of_one_row_count_together_but_not_across_a_turn_and_not_across_rows() -> None:
    first, second = (
        "one two three four five six seven eight",
        "nine ten eleven twelve thirteen fourteen fifteen sixteen",
    )
    assert hits(first, second) == [1.0]
    assert hits(first[: len(first) - 6], "eight " + second[:-8]) == []  # the 8-gram would reach over the turns
    assert hits(first) == hits(second) == []


def test_case_punctuation_and_line_breaks_do_not_hide_an_overlap() -> None:
    assert hits(ITEM.upper().replace(" ", ",\n* ")) == [1.0]


def test_a_repeated_ngram_counts_wherever_it_stands() -> None:
    item = "a b c d e f g h " * 3
    assert hits("a b c d e f g h", item=item) == [1.0]


def test_short_items_match_as_a_whole_and_very_short_ones_as_the_whole_turn() -> None:
    assert hits("Tell me: what is the capital of France, please?", item="What is the capital of France?") == [1.0]
    assert hits("What is the capital of Spain?", item="What is the capital of France?") == []
    assert hits("Say hi there to me", item="Say hi") == [] and hits("say HI!", item="Say hi") == [1.0]


def test_numbers_are_compared_as_numbers_and_a_run_of_them_is_no_special_case() -> None:
    item = "Sum 12 7 1019 3 44 5 60 70 8 9 and say it"
    assert hits("sum: 12, 7, 1019, 3, 44, 5, 60, 70, 8, 9 and say it", item=item) == [1.0]
    assert hits("sum: 12, 7, 1019, 3, 45, 5, 60, 70, 8, 9 and say it", item=item) == [8 / 14]  # what follows the 44
    assert hits("1 2 3 4 5 6 7 8 9 10 11 12 13 14", item="1 2 3 4 5 6 7 8 9 10 11 12 13 15") == [13 / 14]


def test_forms_of_unicode_do_not_hide_an_overlap() -> None:
    item = "Wie groß ist die Fläche des Cafés in Köln am Rhein heute"
    assert hits(unicodedata.normalize("NFD", item), item=item) == [1.0]
    assert hits(item.upper(), item=item) == [1.0]
    assert hits(item.replace("ö", "\u00adö\u200b").replace("s", "s\ufeff"), item=item) == [1.0]
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in ITEM)
    assert hits(wide) == [1.0]


def test_markers_of_a_chat_template_change_nothing() -> None:
    assert hits(f"<|im_start|>user\n{ITEM}<|im_end|>\n<|im_start|>assistant\n") == [1.0]
    assert hits("<|user|>\nhello\n<|assistant|>\n", item="<|user|>\ngood bye\n<|assistant|>\n") == []


FRAME = "a customer of the shop would like to know whether order {} has been sent"


def test_rows_that_share_a_template_with_an_item_are_looked_up_once() -> None:
    index = index_of(hash_items("t", [(str(i), [FRAME.format(i)]) for i in range(50)], ngram=8, unseen=False))
    found = [of_row for _, of_row in index.overlaps_of([[FRAME.format(1000 + i)] for i in range(2000)])]
    assert [of_row.count for of_row in found] == [50] * 2000
    assert len({id(of_row) for of_row in found}) == 1  # not 2,000 × 50 of them


def test_what_is_remembered_is_bounded_and_no_overlaps_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of one template whose hits all differ: each of them gives all of the items away."""
    monkeypatch.setattr(overlaps, "MOST_REMEMBERED", 1_000)
    index = index_of(hash_items("t", [(str(i), [FRAME.format(i)]) for i in range(50)], ngram=8, unseen=False))
    for row, found in index.overlaps_of([[FRAME.format(i % 50)] for i in range(200)]):
        assert found.count == len(found.overlaps()) == 50 and found.overlaps()[0].item == row % 50
        assert sum(len(hits) for hits, _ in index._remembered) <= 8 * 1_000


def test_each_set_of_hits_is_worked_out_once_however_the_rows_alternate(monkeypatch: pytest.MonkeyPatch) -> None:
    task = hash_items("t", [(str(i), [FRAME.format(i)]) for i in range(50)], ngram=8, unseen=False)
    rows = [example(FRAME.format(i % 40), "a", row=i) for i in range(400)]
    worked_out: list[int] = []
    original = ItemIndex._worked_out
    monkeypatch.setattr(ItemIndex, "_worked_out", lambda *given: worked_out.append(1) or original(*given))
    monkeypatch.setattr(decontaminate_module, "MOST_LISTED", 50)
    findings = find([batch(*rows[start : start + 100]) for start in range(0, 400, 100)], index_of(task))
    assert len(worked_out) == 40
    assert (len(findings.rows), findings.tally.beyond, findings.share("s", "t")) == (400, 400 * 50 - 50, 1.0)


def test_only_user_turns_are_compared() -> None:
    index = index_of(hash_items("t", [("0", [ITEM])], ngram=8, unseen=False))
    assert not find([batch(example("hello", ITEM))], index).rows
    assert find([batch(example(ITEM, "hello"))], index).rows


def test_of_several_fields_the_largest_share_counts() -> None:
    task = hash_items("t", [("0", ["nothing of this stands anywhere in any of the rows", ITEM])], ngram=8, unseen=False)
    assert [hit.share for hit in index_of(task).overlaps([ITEM])] == [1.0]


def planted_rows() -> tuple[HashedItems, list, set[Origin]]:
    items = [
        f"{i} sheep and {i * 7} goats and {i * 3} cows graze on {i * 5} fields of {i * 11} acres" for i in range(100)
    ]
    clean = [example(f"clean row {i} about something else that no test asks for", "ok", row=i) for i in range(200)]
    bad = [example(items[i], "ok", row=1000 + i) for i in range(2)]
    task = hash_items("dev", [(str(i), [text]) for i, text in enumerate(items)], ngram=8, unseen=False)
    return task, clean + bad, {row.parents[0] for row in bad}


def test_rows_of_a_template_are_not_condemned_for_what_was_planted_among_them() -> None:
    task, rows, planted = planted_rows()
    assert set(find([batch(*rows[:100]), batch(*rows[100:])], index_of(task)).rows) == planted


def actions(policy: Policy, limit_crossed: bool) -> list[str]:
    texts = [f"alpha {i} beta {i * 7} gamma {i * 3} delta {i * 5} epsilon zeta {i}" for i in range(10)]
    task = hash_items("t", [(str(i), [text]) for i, text in enumerate(texts)], ngram=8, unseen=True)
    rows = [example(texts[0], "a", row=0), example("something else", "b", row=1)]
    if limit_crossed:
        rows.append(example(texts[1], "c", row=2))
    findings, entries = find([batch(*rows)], index_of(task)), []
    (left,) = decontaminate([batch(*rows)], findings, policy, entries.append)
    kept = {origin.row for origin in own_origins(left)}
    assert {entry.origin.row for entry in entries if entry.action == "drop"} == {0, 1, 2} & {*range(len(rows))} - kept
    return ["keep" if row in kept else "drop" for row in range(len(rows))]


def test_each_policy_does_what_it_says() -> None:
    below, above = False, True  # 1 or 2 of 10 items, with a limit of 10 %
    assert actions(Policy("drop", 0.1), below) == ["drop", "keep"]
    assert actions(Policy("keep", 0.1), below) == ["keep", "keep"]
    assert actions(Policy("keep", 0.1, "drop_rows"), above) == ["drop", "keep", "drop"]
    assert actions(Policy("keep", 0.1, "drop_source"), above) == ["drop", "drop", "drop"]
    assert actions(Policy("drop", 0.1, "accept"), above) == ["keep", "keep", "keep"]
    with pytest.raises(Failure, match=r"sources.s: 20.0% of the items of task t .* more than 10.0%"):
        actions(Policy("drop", 0.1, "stop"), above)
    assert actions(Policy("drop", 0.1, "stop", unseen_above_limit="accept"), above) == ["keep", "keep", "keep"]
    with pytest.raises(Failure):
        actions(Policy("drop", 0.1, "accept", unseen_above_limit="stop"), above)


def test_text_is_shown_for_development_tasks_and_never_for_unseen_ones() -> None:
    text, other = ITEM, ITEM.replace("one", "uno")  # a row with `text` overlaps both
    development = hash_items("dev", [("0", [text])], ngram=8, unseen=False)
    unseen = hash_items("sealed", [("0", [other])], ngram=8, unseen=True)
    rows = [batch(example(text, "a"))]
    shown = findings_json(find(rows, index_of(development)), Policy(), index_of(development))
    assert shown["examples"][0]["text"] == text[:200]
    both = index_of(development, unseen)
    hidden = findings_json(find(rows, both), Policy(), both)
    assert hidden["examples"] == [] and "one two" not in json.dumps(hidden)
    assert [(pair["task"], pair["items"], pair["unseen"]) for pair in hidden["pairs"]] == [
        ("dev", 1, False),
        ("sealed", 1, True),
    ]
    of_unseen = next(said for said in hidden["overlaps"] if said["task"] == "sealed")
    assert set(of_unseen) == {"source", "file", "row", "task", "item"}


def test_problems_are_compared_like_examples() -> None:
    assert find([batch(problem(ITEM))], index_of(hash_items("t", [("0", [ITEM])], ngram=8, unseen=False))).rows


def test_hashed_items_come_back_from_their_file_and_hold_no_text(tmp_path: Path) -> None:
    asked = [("x1", ["short one", ITEM]), ("x2", [""]), ("asks nothing", []), ("x1", [ITEM])]
    task = hash_items("t", asked, ngram=8, unseen=True)
    write_hashed_items(tmp_path / "t.hashed.parquet", task)
    read = read_hashed_items(tmp_path / "t.hashed.parquet")
    assert read == task and index_of(read).sizes == {"t": 4}  # what a share is a share of
    assert b"thirteen" not in (tmp_path / "t.hashed.parquet").read_bytes()
    (tmp_path / "t.hashed.parquet").write_bytes(b"PAR1")
    with pytest.raises(Failure):
        read_hashed_items(tmp_path / "t.hashed.parquet")


def test_wrong_settings_are_mistakes() -> None:
    task = hash_items("t", [], ngram=8, unseen=False)
    for wrong in (
        lambda: index_of(task, n=5),
        lambda: index_of(task, task),
        lambda: index_of(n=0),
        lambda: index_of(overlap=1.0),
        lambda: Policy("maybe"),
    ):  # type: ignore[arg-type]
        with pytest.raises(Mistake):
            wrong()
