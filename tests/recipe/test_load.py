"""What a recipe that is sound becomes: defaults, extends, --set, and its resolved form."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgrad.recipe import DpoStage, Recipe, RlvrStage, SftStage, load, resolved
from postgrad.recipe.document import Place, read_value
from postgrad.support.errors import Mistake
from recipe.writing import SHIPPED, SOUND, write


def test_the_defaults_are_those_published_for_8b(tmp_path: Path) -> None:
    """Tülu 3 (arXiv 2411.15124) Tables 11 and 20, and docs/tulu3.md of open-instruct for GRPO."""
    made = load(str(write(tmp_path, SOUND.replace("    epochs: 2\n", ""))), [], SHIPPED)
    sft, dpo, rlvr = made.stages[0], made.stages[2], made.stages[3]
    assert isinstance(sft, SftStage) and isinstance(dpo, DpoStage) and isinstance(rlvr, RlvrStage)
    assert (
        sft.learning_rate,
        sft.schedule,
        sft.warmup,
        sft.batch_size,
        sft.max_length,
        sft.epochs,
        sft.weight_decay,
    ) == (5e-6, "linear", 0.03, 128, 4096, 2, 0)
    assert (
        dpo.learning_rate,
        dpo.schedule,
        dpo.warmup,
        dpo.batch_size,
        dpo.max_length,
        dpo.epochs,
        dpo.beta,
        dpo.loss,
    ) == (5e-7, "linear", 0.1, 128, 2048, 1, 5, "dpo_norm")
    assert (rlvr.learning_rate, rlvr.schedule, rlvr.group_size, rlvr.kl, rlvr.temperature, rlvr.max_tokens) == (
        5e-7,
        "constant",
        16,
        0.01,
        1,
        2048,
    )
    clean = made.curate.decontaminate
    assert (clean.ngram, clean.overlap, clean.source_limit) == (8, 0.5, 0.02)


def test_the_resolved_form_loads_to_the_same_recipe(tmp_path: Path) -> None:
    made = load(str(write(tmp_path)), ["sft.from=base"], SHIPPED)
    said = resolved(made)
    assert Recipe.model_validate_json(json.dumps(said)) == made
    assert said["schema"] == 1 and said["stages"][0]["from"] == "base"


def test_a_recipe_is_named_after_its_file_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert load(str(write(tmp_path, name="my run.v2.yaml")), [], SHIPPED).name == "my-run-v2"
    write(tmp_path, "name: base_name\n" + SOUND, "base.yaml")
    assert load(str(write(tmp_path, "extends: base.yaml\n", "child.yaml")), [], SHIPPED).name == "child"
    assert load(str(tmp_path / "base.yaml"), [], SHIPPED).name == "base_name"


def test_generated_rows_have_our_licence(tmp_path: Path) -> None:
    assert load(str(write(tmp_path)), [], SHIPPED).sources["problems"].licence == "Apache-2.0"


def test_nothing_can_be_changed_afterwards(tmp_path: Path) -> None:
    made = load(str(write(tmp_path)), [], SHIPPED)
    with pytest.raises(ValueError, match="frozen"):
        made.seed = 3


@pytest.mark.parametrize(
    ("setting", "read", "value"),
    [
        ("sft.epochs=1", lambda r: r.stages[0].epochs, 1.0),
        ("stages.sft.epochs=1", lambda r: r.stages[0].epochs, 1.0),
        ("rlvr.steps=20_000", lambda r: r.stages[3].steps, 20_000),
        ("sft.learning_rate=5e-4", lambda r: r.stages[0].learning_rate, 5e-4),
        ("seed=3", lambda r: r.seed, 3),
        ("name=001", lambda r: r.name, None),
        ("curate.mixture.tokens=1000", lambda r: r.curate.mixture.tokens, 1000),
        ("curate={mixture: {max_epochs: 1}}", lambda r: r.curate.mixture.max_epochs, 1.0),
        ("capabilities.math.development=[]", lambda r: r.capabilities["math"].development, None),
        ("sources.problems.rows=7", lambda r: r.sources["problems"].rows, 7),
        ("sources.more={generate: world_math, rows: 5}", lambda r: r.sources["more"].rows, 5),
        ("rlvr=null", lambda r: [stage.name for stage in r.stages], ["sft", "pairs", "dpo"]),
        ("evaluate.unseal=2024-01-01", lambda r: r.evaluate.unseal, "2024-01-01"),
        ("evaluate.unseal='final: scores'", lambda r: r.evaluate.unseal, "final: scores"),
        ("sft.epochs=", lambda r: r.stages[0].epochs, 2.0),
    ],
)
def test_set_reaches_every_key(tmp_path: Path, setting: str, read: object, value: object) -> None:
    assert callable(read)
    path = str(write(tmp_path))
    if value is None:  # sound YAML, but the recipe does not hold with it
        with pytest.raises(Mistake):
            load(path, [setting], SHIPPED)
    else:
        assert read(load(path, [setting], SHIPPED)) == value


def test_the_last_set_wins(tmp_path: Path) -> None:
    assert load(str(write(tmp_path)), ["seed=1", "seed=2"], SHIPPED).seed == 2


def test_extends_merges_mappings_replaces_values_and_null_takes_back(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    write(folder)
    child = write(
        tmp_path,
        """\
extends: base/recipe.yaml
seed: 4
sources:
  problems: {rows: 9}
capabilities:
  math: {unseen: null, priority: 1}
stages:
  sft: {epochs: 1}
  rlvr: null
""",
        "child.yaml",
    )
    made = load(str(child), [], SHIPPED)
    assert made.seed == 4 and made.base_model == "embedded"
    assert made.sources["problems"].rows == 9 and made.sources["problems"].generate == "world_math_problems"
    assert made.sources["sums"].path == folder / "sums.jsonl"  # relative to the file that says it
    assert made.capabilities["math"].unseen == () and made.capabilities["math"].priority == 1
    assert [stage.name for stage in made.stages] == ["sft", "pairs", "dpo"]
    assert made.stages[0].epochs == 1 and made.stages[0].primary == ("world_math",)  # type: ignore[union-attr]


def test_a_list_of_stages_replaces_the_whole_list(tmp_path: Path) -> None:
    write(tmp_path)
    child = write(tmp_path, "extends: recipe.yaml\nstages: [{name: only, kind: sft}]\n", "child.yaml")
    assert [stage.name for stage in load(str(child), [], SHIPPED).stages] == ["only"]


def test_mistakes_keep_their_own_file_through_extends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SOUND.replace("epochs: 2", "epochs: -2"))
    write(tmp_path, "extends: recipe.yaml\nstages:\n  pairs: null\n  sft:\n    batch_size: 8\n", "child.yaml")
    with pytest.raises(Mistake, match=r"^recipe.yaml:20: sft.epochs: is -2"):
        load("child.yaml", [], SHIPPED)
    write(tmp_path, "extends: recipe.yaml\nstages:\n  sft:\n    epochs: -3\n", "child.yaml")
    with pytest.raises(Mistake, match=r"^child.yaml:4: sft.epochs: is -3"):
        load("child.yaml", [], SHIPPED)
    write(tmp_path, "extends: recipe.yaml\nstages:\n  stf: {epochs: 3}\n", "child.yaml")
    with pytest.raises(Mistake, match=r"^child.yaml:3: no stage is called stf; did you mean sft\?"):
        load("child.yaml", [], SHIPPED)


def test_extends_that_goes_round_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "extends: b.yaml\n", "a.yaml")
    write(tmp_path, "extends: a.yaml\n", "b.yaml")
    with pytest.raises(Mistake, match=r"^b.yaml:1: extends: a.yaml extends this recipe in turn"):
        load("a.yaml", [], SHIPPED)
    for bad in ("[a]", "''", "none.yaml", "3"):
        write(tmp_path, f"extends: {bad}\n", "c.yaml")
        with pytest.raises(Mistake, match=r"^c.yaml:1: extends: "):
            load("c.yaml", [], SHIPPED)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("20_000", 20_000),
        ("5e-6", 5e-6),
        ("-1.5", -1.5),
        ("", None),
        ("~", None),
        ("true", True),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("'1'", "1"),
    ],
)
def test_values_are_read_as_yaml_1_2(text: str, value: object) -> None:
    read, _ = read_value(text, Place("--set x", Path()))
    assert read == value and type(read) is type(value)


GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["sft", "dpo", "math", "sums", "world_math", "policy", "embedded", "\ud800", "a\0b", "~x", "*", "x" * 5000]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "kind", "path", "generate", "sources", "stages", "extends", "priority", "from", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
KEYS = [
    "base_model",
    "capabilities",
    "sources",
    "tasks",
    "models",
    "stages",
    "curate",
    "evaluate",
    "seed",
    "schema",
    "name",
    "extends",
    "template",
]
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(st.dictionaries(st.sampled_from(KEYS), GARBAGE))
def test_garbage_values_raise_nothing_but_mistakes(tmp_path: Path, garbage: dict[str, object]) -> None:
    said = {"base_model": "embedded", "capabilities": {}, "stages": [], **garbage}
    path = tmp_path / "garbage.yaml"
    path.write_text(json.dumps(said))  # JSON is YAML, NaN and lone surrogates (escaped) included
    held(path, [])


@QUIET
@given(st.binary(max_size=200) | st.text(alphabet="abc:-[]{}&*!|>'\"%@`#,? \n\t\\01.", max_size=60).map(str.encode))
def test_garbage_bytes_raise_nothing_but_mistakes(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "garbage.yaml"
    path.write_bytes(raw)
    held(path, [])


@QUIET
@given(
    st.lists(
        st.text(max_size=20)
        | st.builds(
            "{}={}".format,
            st.sampled_from([*KEYS, "sft", "sft.epochs", "stages.sft", "sources.sums.path", "stages.0.x", "dpo.from"]),
            GARBAGE.map(str) | GARBAGE.map(json.dumps),
        ),
        max_size=3,
    )
)
def test_garbage_on_the_command_line_raises_nothing_but_mistakes(tmp_path: Path, sets: list[str]) -> None:
    held(write(tmp_path), sets)


def held(path: Path, sets: list[str]) -> None:
    try:
        load(str(path), sets, SHIPPED)
    except Mistake as mistake:
        assert "\n" not in str(mistake)
