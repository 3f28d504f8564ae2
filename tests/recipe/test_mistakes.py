"""Each mistake in a recipe is one line: the file and line, the key, what is wrong, and the mend."""

from pathlib import Path

import pytest

from postgrad.recipe import load
from postgrad.support.errors import EXIT_MISTAKE, Mistake
from recipe.writing import SHIPPED, SOUND, write


def said(folder: Path, text: str, *sets: str) -> str:
    """The one line that loading `text` ends in."""
    with pytest.raises(Mistake) as caught:
        load(str(write(folder, text)), sets, SHIPPED)
    assert caught.value.exit_code == EXIT_MISTAKE == 2
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


SPOILED = [
    # (what to replace, by what, where and key, what is wrong and the mend)
    (
        "base_model: embedded",
        "base_modle: embedded",
        "recipe.yaml:1: base_modle",
        "unknown key; did you mean base_model?",
    ),
    ("priority: 2", "priorty: 2", "recipe.yaml:4: capabilities.math.priorty", "unknown key; did you mean priority?"),
    ("epochs: 2", "epoch: 2", "recipe.yaml:20: sft.epoch", "unknown key; did you mean epochs?"),
    ("epochs: 2", "epochs: two", "recipe.yaml:20: sft.epochs", "is 'two', must be a number; give a number"),
    ("epochs: 2", "epochs: 0", "recipe.yaml:20: sft.epochs", "is 0, must be more than 0; give such a number"),
    ("epochs: 2", "epochs: .inf", "recipe.yaml:20: sft.epochs", "is inf, must be a finite number; give such a number"),
    (
        "epochs: 2",
        "epochs: 1.0e+300",
        "recipe.yaml:20: sft.epochs",
        "is 1e+300, must be at most 1e+06; give such a number",
    ),
    (
        "epochs: 2",
        "batch_size: 99999999999999999999",
        "recipe.yaml:20: sft.batch_size",
        "is 99999999999999999999, must be at most 1e+12; give such a number",
    ),
    ("epochs: 2", "epochs: true", "recipe.yaml:20: sft.epochs", "is true, must be a number; give a number"),
    (
        "epochs: 2",
        "batch_size: 1.5",
        "recipe.yaml:20: sft.batch_size",
        "is 1.5, must be a whole number; give a whole number",
    ),
    (
        "epochs: 2",
        "batch_size: '128'",
        "recipe.yaml:20: sft.batch_size",
        "is '128', must be a whole number; give a whole number",
    ),
    (
        "epochs: 2",
        "schedule: liner",
        "recipe.yaml:20: sft.schedule",
        "is 'liner', must be 'linear', 'cosine' or 'constant'; did you mean linear?",
    ),
    (
        "epochs: 2",
        "max_length: 9000",
        "recipe.yaml:18: sft.micro_batch_tokens",
        "is 8192, less than max_length (9000); make it at least as large",
    ),
    (
        "priority: 2",
        "priority: -1",
        "recipe.yaml:4: capabilities.math.priority",
        "is -1, must be at least 0; give such a number",
    ),
    (
        "    licence: MIT\n",
        "    licence: MIT\n    weight: -0.5\n",
        "recipe.yaml:12: sources.sums.weight",
        "is -0.5, must be at least 0; give such a number",
    ),
    (
        "path: sums.jsonl\n    licence: MIT",
        "path: sums.jsonl",
        "recipe.yaml:9: sources.sums.licence",
        "is missing; add it, or --set sources.sums.licence=…: under which licence the rows may be used, such as MIT",
    ),
    (
        "licence: MIT\n  problems",
        "licence: ''\n  problems",
        "recipe.yaml:11: sources.sums.licence",
        "is empty; give at least 1 character",
    ),
    (
        "    path: sums.jsonl\n",
        "",
        "recipe.yaml:9: sources.sums",
        "has none of path, hub and generate; give one: --set sources.sums.path=FILE, or a generator",
    ),
    (
        "    path: sums.jsonl\n",
        "    path: sums.jsonl\n    generate: world_math\n",
        "recipe.yaml:9: sources.sums",
        "has both path and generate; give exactly one of the two",
    ),
    (
        "    rows: 50\n",
        "",
        "recipe.yaml:12: sources.problems",
        "does not say how many rows to generate; add e.g. `rows: 1000`",
    ),
    (
        "generate: world_math_problems",
        "generate: world_maths_problems",
        "recipe.yaml:13: sources.problems.generate",
        "unknown generator world_maths_problems; did you mean world_math_problems?",
    ),
    (
        "verifier: math",
        "verifier: maths",
        "recipe.yaml:16: tasks.mine.verifier",
        "unknown verifier maths; did you mean math?",
    ),
    (
        "sources: [sums, problems]",
        "sources: []",
        "recipe.yaml:3: capabilities.math",
        "has a priority but no sources; list its sources, or set its priority to 0",
    ),
    (
        "sources: [sums, problems]",
        "sources: [sum, problems]",
        "recipe.yaml:5: capabilities.math.sources[0]",
        "unknown source sum; did you mean sums?",
    ),
    (
        "sources: [sums, problems]",
        "sources: [sums]",
        "recipe.yaml:24: pairs.prompts[0]",
        "source problems belongs to no capability; add it to a capability's `sources`",
    ),
    (
        "priority: 2",
        "priority: 0",
        "recipe.yaml:2: capabilities",
        "no capability has a priority above 0; give at least one a priority",
    ),
    (
        "development: [world_math]",
        "development: [world_maths]",
        "recipe.yaml:6: capabilities.math.development[0]",
        "unknown task world_maths; did you mean world_math?",
    ),
    (
        "development: [world_math]",
        "development: [world_math_hard]",
        "recipe.yaml:6: capabilities.math.development[0]",
        "world_math_hard is an unseen task; move it to `unseen`",
    ),
    (
        "unseen: [world_math_hard]",
        "unseen: [world_safety]",
        "recipe.yaml:7: capabilities.math.unseen[0]",
        "world_safety is a development task; move it to `development`",
    ),
    (
        "development: [world_math]",
        "development: [mine]\n    unseen: [mine]",
        "recipe.yaml:8: capabilities.math.unseen",
        "is said twice (first on line 7); keep one of the two",
    ),
    (
        "primary: [world_math]",
        "primary: [world_mth]",
        "recipe.yaml:21: sft.primary[0]",
        "unknown task world_mth; did you mean world_math?",
    ),
    (
        "primary: [world_math]",
        "primary: [world_math_hard]",
        "recipe.yaml:21: sft.primary[0]",
        "world_math_hard is an unseen task; a stage is judged by development tasks",
    ),
    (
        "  mine:",
        "  world_math:",
        "recipe.yaml:16: tasks.world_math",
        "is the name of a task that ships; give yours another name",
    ),
    (
        "kind: prefer\n    prompts: [problems]",
        "kind: sft",
        "recipe.yaml:24: dpo",
        "follows no prefer stage, so it has no preferences; put a stage of kind prefer before it, or name sources of "
        "pairs under `preferences`",
    ),
    ("kind: dpo", "kind: dop", "recipe.yaml:26: dpo.kind", "unknown kind dop; did you mean dpo?"),
    ("    kind: dpo\n", "", "recipe.yaml:25: dpo", "has no kind; add `kind:`, one of dpo, prefer, rlvr, sft"),
    ("    steps: 10\n", "", "recipe.yaml:27: rlvr.steps", "is missing; add it, or --set rlvr.steps=…: optimiser steps"),
    (
        "    steps: 10\n",
        "    steps: 10\n    from: pairs\n",
        "recipe.yaml:31: rlvr.from",
        "pairs yields no weights; known: sft, dpo, base",
    ),
    (
        "    epochs: 2\n",
        "    epochs: 2\n    from: dpo\n",
        "recipe.yaml:21: sft.from",
        "dpo does not come before this stage; name an earlier one, or change the order",
    ),
    (
        "    steps: 10\n",
        "    steps: 10\n    from: dpoo\n",
        "recipe.yaml:31: rlvr.from",
        "unknown stage dpoo; did you mean dpo?",
    ),
    (
        "prompts: [problems]",
        "prompts: [problems]\n    pool: [policy, dpo]",
        "recipe.yaml:25: pairs.pool[1]",
        "dpo is no earlier stage with weights; known: policy, base, sft",
    ),
    (
        "prompts: [problems]",
        "prompts: [problems]\n    pool: [polic]",
        "recipe.yaml:25: pairs.pool[0]",
        "unknown model polic; did you mean policy?",
    ),
    (
        "prompts: [problems]",
        "prompts: [problems]\n    completions: 1",
        "recipe.yaml:25: pairs.completions",
        "is 1, must be at least 2; give such a number",
    ),
    (
        "name: rlvr",
        "name: sft",
        "recipe.yaml:27: sft.name",
        "two stages have this name; give each stage a name of its own",
    ),
    (
        "name: rlvr",
        "name: tasks",
        "recipe.yaml:27: tasks.name",
        "is a top-level key; call the stage something else, e.g. tasks_stage",
    ),
    (
        "name: rlvr",
        "name: policy",
        "recipe.yaml:27: policy.name",
        "is a name with a meaning of its own; call the stage something else, e.g. policy_stage",
    ),
    (
        "name: rlvr",
        "name: mixture",
        "recipe.yaml:27: mixture.name",
        "is a name with a meaning of its own; call the stage something else, e.g. mixture_stage",
    ),
    (
        "name: rlvr",
        "name: r.l",
        "recipe.yaml:27: r.l.name",
        "'r.l' is not a name; use up to 80 letters, digits, - and _, beginning with a letter",
    ),
    ("path: sums.jsonl", "path: sum.jsonl", "recipe.yaml:10: sources.sums.path", None),
    ("base_model: embedded", "base_model: ./none.gguf", "recipe.yaml:1: base_model", None),
    ("base_model: embedded", "base_model: .", "recipe.yaml:1: base_model", None),
    ("base_model: embedded", "base_model: recipe.yaml", "recipe.yaml:1: base_model", None),
    (
        "base_model: embedded",
        "base_model: embeded",
        "recipe.yaml:1: base_model",
        "no model embeded; did you mean embedded?",
    ),
    (
        "base_model: embedded",
        "schema: 2\nbase_model: embedded",
        "recipe.yaml:1: schema",
        "is 2, must be 1; choose one of them",
    ),
    (
        "base_model: embedded",
        "seed: 1\nbase_model: {a: 1}",
        "recipe.yaml:2: base_model",
        "is a mapping, must be text; give text",
    ),
    (
        "base_model: embedded\n",
        "",
        "recipe.yaml:1: base_model",
        "is missing; add it, or --set base_model=…: "
        "hub id (in the local cache), folder, .gguf file, or `embedded`, the base that ships",
    ),
    (
        "base_model: embedded",
        "base_model: embedded\nevaluate: {unseal: yes}",
        "recipe.yaml:2: evaluate.unseal",
        "is 'yes'; give at least 8 characters",
    ),
    (
        "base_model: embedded",
        "base_model: embedded\nmodels: {sft: {path: owner/name}}",
        "recipe.yaml:2: models.sft",
        "is also the name of a stage, or policy or base; give the model another name",
    ),
    (
        "base_model: embedded",
        "base_model: embedded\nbase_model: other",
        "recipe.yaml:2: base_model",
        "is said twice (first on line 1); keep one of the two",
    ),
    (
        "base_model: embedded",
        "base_model: !path embedded",
        "recipe.yaml:1: base_model",
        "has the tag !path; recipes use no tags",
    ),
    (
        "base_model: embedded",
        "base_model: embedded\n<<: {seed: 1}",
        "recipe.yaml:2: <<",
        "merge keys (<<) are not used in recipes; use `extends`",
    ),
    (
        "base_model: embedded",
        "base_model: embedded\n[1, 2]: 3",
        "recipe.yaml:2",
        "has a key that is not text; keys are plain names",
    ),
    (
        "base_model: embedded",
        "base_model: &a [*a]",
        "recipe.yaml:1: base_model.0",
        "refers to itself; write the value out",
    ),
    (
        "base_model: embedded",
        'base_model: "\\ud800"',
        "recipe.yaml:1: base_model",
        "holds a character that is not text; remove it",
    ),
    (
        "licence: MIT}",
        "licence MIT}",
        "recipe.yaml:16: tasks.mine.licence MIT",
        "has no colon after its name; write `licence: MIT`",
    ),
    (
        "capabilities:",
        "capabilities: [",
        "recipe.yaml:4",
        "is not YAML: expected ',' or ']', but got ':'; mend the YAML on or just above that line",
    ),
    ("priority: 2", "\tpriority: 2", "recipe.yaml:4", None),
]


@pytest.mark.parametrize(("old", "new", "where", "what"), SPOILED)
def test_a_spoiled_recipe_is_one_line(tmp_path: Path, old: str, new: str, where: str, what: str | None) -> None:
    assert SOUND.count(old)
    line = said(tmp_path, SOUND.replace(old, new, 1))
    assert line.startswith(f"{where}: ")
    assert what is None or line == f"{where}: {what}"
    assert ";" in line  # every line has a mend


def test_a_source_that_nothing_can_check_is_no_problem_source(tmp_path: Path) -> None:
    text = SOUND.replace("problems: [problems]", "problems: [sums]")
    spoiled = text.replace("path: sums.jsonl", "path: sums.jsonl\n    format: question_answer")
    assert (
        said(tmp_path, spoiled) == "recipe.yaml:30: rlvr.problems[0]: source sums has no verifier; "
        "add `verifier:` to sources.sums"
    )


def test_rows_that_are_shared_out_by_priority_need_one(tmp_path: Path) -> None:
    split = "    priority: 0\n    sources: [problems]\n"
    text = SOUND.replace("    priority: 2\n    sources: [sums, problems]\n", split).replace(
        "sources:\n  sums:", "  other: {priority: 1, sources: [sums]}\nsources:\n  sums:")
    none = "all of them belong to capabilities of priority 0, which get no share; give one a priority"
    assert said(tmp_path, text) == f"recipe.yaml:30: rlvr.problems: {none}"
    some = text.replace("prompts: [problems]", "prompts: [problems]\n    rows: 10")
    assert said(tmp_path, some) == f"recipe.yaml:25: pairs.prompts: {none}"


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    line = said(tmp_path, SOUND.replace("sums.jsonl", "summs.jsonl"))
    assert line == f"recipe.yaml:10: sources.sums.path: no such file: {tmp_path}/summs.jsonl; did you mean sums.jsonl?"


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("sft.epoch=1", "--set sft.epoch: unknown key; did you mean epochs?"),
        ("sft.epochs=x", "--set sft.epochs: is 'x', must be a number; give a number"),
        ("sff.epochs=1", "--set sff.epochs: unknown key; did you mean sft?"),
        ("stages.sff.epochs=1", "--set stages.sff.epochs: no stage is called sff; did you mean sft?"),
        ("sft.epochs", "--set sft.epochs: wants KEY=VALUE; write e.g. --set sft.epochs=1"),
        ("=1", "--set =1: wants KEY=VALUE; write e.g. --set sft.epochs=1"),
        ("sft..epochs=1", "--set sft..epochs=1: wants KEY=VALUE; write e.g. --set sft.epochs=1"),
        ("base_model.x=1", "--set base_model.x: base_model is a single value and has no keys; set base_model itself"),
        ("seed.x=1", "--set seed.x: seed: is a mapping, must be a whole number; give a whole number"),
        ("sft.primary.x=1", "--set sft.primary.x: a list has no keys; set the whole list, e.g. [a, b]"),
        (
            "seed=[1",
            "--set seed: is not YAML: expected ',' or ']', but got '<stream end>'; mend the YAML on or just above "
            "that line",
        ),
        (
            "capabilities.math.priority=-3",
            "--set capabilities.math.priority: is -3, must be at least 0; give such a number",
        ),
        (
            "sources.sums.licence=null",
            "recipe.yaml:9: sources.sums.licence: is missing; add it, or --set "
            "sources.sums.licence=…: under which licence the rows may be used, such as MIT",
        ),
        (
            "sft.primary=[world_safety]",
            "--set sft.primary: sft.primary[0]: unknown task world_safety; did you mean world_math?",
        ),
        (
            "pairs=null",
            "recipe.yaml:25: dpo: follows no prefer stage, so it has no preferences; "
            "put a stage of kind prefer before it, or name sources of pairs under `preferences`",
        ),
        ("extends=quickstart", "--set extends: cannot be set on the command line; write it in a recipe file"),
        ("sft.kind=sftt", "--set sft.kind: unknown kind sftt; did you mean sft?"),
    ],
)
def test_a_bad_set_is_one_line(tmp_path: Path, setting: str, line: str) -> None:
    assert said(tmp_path, SOUND, setting) == line


def test_a_path_on_the_command_line_is_relative_to_the_current_folder(tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (tmp_path / "other.jsonl").write_text("{}")
    made = load(str(write(folder)), ["sources.sums.path=other.jsonl"], SHIPPED)
    assert made.sources["sums"].path == tmp_path / "other.jsonl"
    assert load(str(write(folder)), [], SHIPPED).sources["sums"].path == folder / "sums.jsonl"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"", "recipe.yaml: is empty; a recipe has at least base_model, capabilities and stages"),
        (b"# nothing\n", "recipe.yaml: is empty; a recipe has at least base_model, capabilities and stages"),
        (b"- a\n", "recipe.yaml:1: is a list, must be a mapping of keys; begin with e.g. `base_model: embedded`"),
        (
            b"\nhello\n",
            "recipe.yaml:2: is a single value, must be a mapping of keys; begin with e.g. `base_model: embedded`",
        ),
        (b"seed: 1\nname: \xff\n", "recipe.yaml:2: byte 0xff is not UTF-8; save the recipe as UTF-8"),
        (
            b"seed: 1\n---\nseed: 2\n",
            "recipe.yaml:2: is not YAML: a second document begins; keep one document a file",
        ),
        (
            b"a: \x01",
            "recipe.yaml: is not YAML: special characters are not allowed; remove the character that is not text",
        ),
        (b"[" * 5000, "recipe.yaml: is not YAML: nested too deeply; a recipe needs no more than five levels"),
    ],
)
def test_a_file_that_is_no_recipe_is_one_line(tmp_path: Path, raw: bytes, line: str) -> None:
    (tmp_path / "recipe.yaml").write_bytes(raw)
    with pytest.raises(Mistake) as caught:
        load("recipe.yaml", [], SHIPPED)
    assert str(caught.value) == line


def test_a_device_that_never_ends_is_no_recipe() -> None:
    with pytest.raises(Mistake, match=r"/dev/zero: is longer than 4 MiB; name a recipe file"):
        load("/dev/zero", [], SHIPPED)


def test_a_recipe_that_is_not_there_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(Mistake) as caught:
        load("quickstrat", [], SHIPPED)
    assert (
        str(caught.value) == "recipe: no recipe file quickstrat, and none of that name ships; did you mean quickstart?"
    )
    with pytest.raises(Mistake, match="is a folder"):
        load(str(tmp_path), [], SHIPPED)


def test_a_bomb_of_aliases_is_refused_before_it_grows(tmp_path: Path) -> None:
    levels = [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 12)]
    (tmp_path / "recipe.yaml").write_text("a0: &a0 [x, x]\n" + "\n".join(levels))
    with pytest.raises(Mistake, match="more than 100,000 values"):
        load("recipe.yaml", [], SHIPPED)


def test_a_temperature_too_small_to_draw_with(tmp_path: Path) -> None:
    line = said(tmp_path, SOUND, "evaluate.temperature=1.0e-300")
    assert line.endswith("evaluate.temperature: is 1e-300, too small to draw with; use 0 (greedy), or at least 0.001")
