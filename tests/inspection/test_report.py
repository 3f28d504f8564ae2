"""The page is whole, asks nothing of the network, escapes what it quotes, and says the numbers of the artifacts."""

import json
import re
import shutil
import warnings
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fake_choices import CAPABILITIES, LEAVE, STAGES, TASKS
from fake_run import make

from postgrad.inspection import headline, pairs, report, rollouts
from postgrad.inspection import scores as scoring
from postgrad.inspection.curation import Curation
from postgrad.inspection.run_folder import read
from postgrad.records.tables import read_records
from postgrad.records.types import LedgerEntry, Verdict
from postgrad.support.errors import Failure, Mistake

VOID = {"meta", "br", "wbr", "img", "input", "link", "hr"}


class Outline(HTMLParser):
    """What a browser would fetch, and whether tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.scripts = 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attrs:
            local = tag == "a" or (tag == "use" and (value or "").startswith("#")) or (value or "").startswith("#")
            if name in ("src", "href", "xlink:href", "srcset", "action", "data") and not local:
                self.fetched.append(f"{tag} {value}")
            assert not name.startswith("on"), f"inline handler {name} on {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("full"), items=40)


@pytest.fixture(scope="module")
def text(run: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return report.page(read(run))


def outline(text: str) -> Outline:
    parsed = Outline()
    parsed.feed(text)
    assert not parsed.open
    return parsed


def test_the_page_is_self_contained_and_light(text: str) -> None:
    parsed = outline(text)
    assert parsed.fetched == []
    assert parsed.scripts == 1
    assert "url(http" not in text and "@import" not in text
    assert "default-src 'none'" in text
    assert len(text.encode()) < 1_000_000


def test_quoted_text_is_escaped(text: str) -> None:
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; " in text


def test_the_same_run_gives_the_same_bytes(run: Path, text: str, tmp_path: Path) -> None:
    report.write(run, tmp_path / "a" / "report.html")
    assert (tmp_path / "a" / "report.html").read_text() == text


def test_every_score_and_difference_is_on_the_page(run: Path, text: str) -> None:
    words = " ".join(outline(text).words)
    told = json.loads((run / "scores.json").read_text())
    for score in told["scores"]:
        assert f"{100 * score['value']:.1f}" in words
    for one in told["comparisons"]:
        assert f"{abs(100 * one['difference']):.1f}" in words


def test_every_lowered_capability_is_named(run: Path, text: str) -> None:
    """Against plain arithmetic over scores.json."""
    told = json.loads((run / "scores.json").read_text())["comparisons"]
    words = re.sub(r"\s+", " ", " ".join(outline(text).words))
    lowered = 0
    for start, to in pairwise(("base", *STAGES)):
        for split in ("development", "unseen"):
            for capability in CAPABILITIES:
                found = [
                    c["difference"]
                    for c in told
                    if (c["from"], c["to"], c["split"]) == (start, to, split) and TASKS[c["task"]][0] == capability
                ]
                if found and sum(found) / len(found) < 0:
                    lowered += 1
                    assert f"{to} lowers {capability} ({split})" in words.replace("  ", " ")
    assert lowered


def test_a_verdict_is_a_gain_only_if_the_interval_is_above_zero(run: Path) -> None:
    for change in scoring.changes(read(run)):
        assert (change.verdict == "gain") == (change.low > 0)
        assert (change.verdict == "loss") == (change.high < 0)


def test_averages_by_hand(run: Path) -> None:
    told = json.loads((run / "scores.json").read_text())["scores"]
    for average in scoring.averages(read(run)):
        own = [s for s in told if (s["stage"], s["split"]) == (average.stage, average.split)]
        assert average.unweighted == pytest.approx(100 * sum(s["value"] for s in own) / len(own))
        means = {name: [s["value"] for s in own if s["capability"] == name] for name in CAPABILITIES}
        weight = {name: CAPABILITIES[name] for name, values in means.items() if values}
        by_hand = sum(100 * w * sum(means[n]) / len(means[n]) for n, w in weight.items()) / sum(weight.values())
        assert average.weighted == pytest.approx(by_hand)


def test_rows_in_are_rows_out_at_every_passage(run: Path) -> None:
    opened = read(run)
    way = Curation(opened).way("sft")
    assert [passage.part for passage in way] == [
        "read",
        "filter",
        "redact",
        "deduplicate",
        "decontaminate",
        "mix",
    ]
    for before, after in pairwise(way):
        assert before.kept == after.entered
    entries = [
        entry
        for step in opened.paths
        if (path := opened.file(step, "ledger.parquet"))
        for entry in read_records(path, LedgerEntry)
    ]
    dropped = Counter(entry.reason for entry in entries if entry.action == "drop")
    assert sum((Counter(passage.dropped) for passage in way), Counter()) == dropped
    assert way[-1].kept == pq.read_metadata(opened.file("mixture", "examples.parquet")).num_rows
    assert way[2].changed == {"e-mail address": 44}


def test_rows_that_overlap_are_quoted_only_after_redaction(tmp_path: Path) -> None:
    run = make(tmp_path, items=8)
    assert "Rows that were found, to judge by eye" in report.page(read(run))
    for path in (tmp_path / ".store" / "artifacts").glob("*/manifest.json"):
        said = json.loads(path.read_text())
        said["config"] = {}
        path.write_text(json.dumps(said))
    page = report.page(read(run))
    assert "Rows that were found, to judge by eye" not in page and "Rows are not quoted" in page


def test_texts_of_unseen_tasks_stay_off_the_page(text: str) -> None:
    assert "[arithmetic " in text
    assert "[long_arithmetic " not in text and "[lookalikes " not in text


def test_best_and_worst_groups_by_brute_force(run: Path) -> None:
    opened = read(run)
    found = rollouts.of_stage(opened, "rlvr")
    assert found and found.unverified == 0
    rewards = [verdict.reward for verdict in read_records(opened.file("rlvr", "verdicts.parquet"), Verdict)]
    groups = [rewards[start : start + 8] for start in range(0, len(rewards), 8)]  # the generator writes eight a group
    means = sorted(sum(group) / 8 for group in groups if len(set(group)) > 1)
    assert found.groups == len(groups) and found.without_variance == len(groups) - len(means)
    assert [group.mean for group in found.best] == means[::-1][:2]
    assert [group.mean for group in found.worst] == means[:2]


def test_pairs_are_counted(run: Path) -> None:
    found = pairs.of_stage(read(run), "pairs")
    assert found and (found.pairs, found.completions, found.longer_chosen) == (120, 480, 1.0)
    assert {aspect.name for aspect in found.aspects} == {
        "helpfulness",
        "instruction_following",
        "honesty",
        "truthfulness",
    }
    assert all(sum(aspect.shares) == pytest.approx(1) for aspect in found.aspects)


@pytest.mark.parametrize(
    ("kind", "heading", "missing"),
    [("prefer", "Preference pairs", "No preference pairs were made"),
     ("rlvr", "What reinforcement learning saw", "No rollouts")],
)  # fmt: skip
def test_a_section_is_there_where_the_recipe_has_a_stage_for_it(
    tmp_path: Path, kind: str, heading: str, missing: str
) -> None:
    run = make(tmp_path, until="none", items=8)
    page = report.page(read(run))
    assert heading in page and missing in page
    about = json.loads((run / "run.json").read_text())
    about["recipe"]["stages"] = [stage for stage in about["recipe"]["stages"] if stage["kind"] != kind]
    (run / "run.json").write_text(json.dumps(about))
    page = report.page(read(run))
    assert heading not in page and missing not in page
    linked = set(re.findall(r'<a href="#(\w+)"', page))
    assert linked == set(re.findall(r'<section id="(\w+)"', page))


def test_what_left_and_what_was_changed_is_in_the_table(run: Path, text: str) -> None:
    table = text.partition("Rows that left, were changed or copied")[2].partition("</table>")[0]
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", line) for line in table.split("<tr>")[2:]]
    assert ["forum", "redact personal data", "changed", "e-mail address", "44"] in cells
    left = Counter[str]()
    for _, _, fate, reason, number in cells:
        left[reason] += int(number) if fate == "left" else 0
    assert +left == {reason: number for _, reasons in LEAVE for _, reason, number in reasons}


def test_a_mean_is_called_unweighted_and_a_base_plain(text: str) -> None:
    assert "base, plain" in text and "unweighted" in text
    assert not re.search(r"<th[^>]*>plain</th>", text) and "Plain: every task" not in text


def test_values_may_break_at_underscores_and_slashes_alone() -> None:
    assert report.breakable("/a/own_names.txt <b>") == "/a/<wbr>own_<wbr>names.txt &lt;b&gt;"


@pytest.mark.parametrize("until", ["none", "base", *STAGES[:2]])
def test_a_partial_run_has_a_page_that_says_what_is_missing(tmp_path: Path, until: str) -> None:
    words = " ".join(outline(report.page(read(make(tmp_path, until=until, items=8)))).words)
    assert "No rollouts are in this run." in words
    assert ("No stage has been scored in this run." in words) == (until == "none")
    assert ("No preference pairs were made in this run." in words) == (until != "dpo")


def test_a_run_whose_store_is_gone_still_has_a_page(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    words = " ".join(outline(report.page(read(tmp_path / "run"))).words)
    assert "No example has been read in this run." in words


def test_an_empty_run_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"format": 2, "store": "../.store", "stages": {}, "steps": []}')
    words = " ".join(outline(report.page(read(tmp_path))).words)
    assert "Scores" in words and "Traceback" not in words


def test_no_run_and_a_broken_one_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="is no run folder"):
        report.write(tmp_path, tmp_path / "report.html")
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(Failure, match=r"run\.json: cannot be read"):
        report.write(tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_the_headline_counts_against_the_better_way_of_the_base(run: Path) -> None:
    told = json.loads((run / "scores.json").read_text())
    value = {(s["stage"], s["task"]): s["value"] for s in told["scores"]}
    by_hand: Counter[str] = Counter()
    for c in told["comparisons"]:
        better = "base_plain" if value["base_plain", c["task"]] > value["base", c["task"]] else "base"
        if c["to"] == "rlvr" and c["from"] == better:
            by_hand["gain" if c["low"] > 0 else "loss" if c["high"] < 0 else "unsure"] += 1
    found = headline.against_base(read(run))
    assert found and Counter(change.verdict for change in found.changes) == by_hand
    assert by_hand.total() == len(TASKS)


def test_a_task_with_two_metrics_is_two_scores(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    told = json.loads((run / "scores.json").read_text())
    told["scores"] += [{**s, "metric": "strict", "value": 0.123} for s in told["scores"] if s["task"] == "refusals"]
    (tmp_path / "run" / "scores.json").write_text(json.dumps(told))
    tasks = {task.task: task for task in scoring.by_task(read(tmp_path / "run"))["development"]}
    assert {"refusals: accuracy", "refusals: strict"} <= tasks.keys() and "refusals" not in tasks
    assert {score.value for score in tasks["refusals: strict"].scores} == {12.3}
    assert scoring.averages(read(tmp_path / "run")) == scoring.averages(read(run))  # a task counts once
    own = {(step.to, step.start): step.lowered for step in scoring.steps(read(run))}
    told["comparisons"] += [
        {**c, "metric": "strict", "difference": -0.9} for c in told["comparisons"] if c["task"] == "refusals"
    ]
    (tmp_path / "run" / "scores.json").write_text(json.dumps(told))
    for step in scoring.steps(read(tmp_path / "run")):
        assert [found[:3] for found in step.lowered] == [found[:3] for found in own[step.to, step.start]]
    outline(report.page(read(tmp_path / "run")))
