"""The command line's manners: exit codes, one line a mistake, nothing heavy imported, interruptions that can go on."""

import errno
import json
import os
import resource
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from postgrad.cli import decontaminate, deduplicate, redact, report, run
from postgrad.cli.main import COMMANDS, main
from postgrad.recipe import shipped_recipes
from postgrad.support.errors import Failure, Mistake

HEAVY = ("torch", "transformers", "pydantic", "ruamel", "rich", "numpy", "pyarrow")


def python(code: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, **settings)  # type: ignore[call-overload,no-any-return]


def said(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """The one line on stderr that a command line ends in, with its exit code."""
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    line, end, rest = shown.err.partition("\n")
    assert (end, rest) == ("\n", "") and "Traceback" not in line
    return line


NAMES = [command.NAME for command in COMMANDS]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), f"postgrad: wants a command; one of {', '.join(NAMES)}"),
        (("runn",), "postgrad: unknown command runn; did you mean run?"),
        (
            ("zzz",),
            f"postgrad: unknown command zzz; known: {', '.join(NAMES[:12])}, …",
        ),
        (("run", "quickstart"), "postgrad run: the following arguments are required: --out; see `postgrad run --help`"),
        (
            ("run", "quickstart", "--out", "x", "--sett", "a=1"),
            "postgrad run: unknown option --sett; did you mean --set?",
        ),
        (("run", "quickstart", "--ou=x", "--out", "y"), "postgrad run: unknown option --ou; did you mean --out?"),
        (("plan", "quickstart", "extra"), "postgrad plan: unexpected argument extra; see `postgrad plan --help`"),
        (
            ("store", "lss"),
            "postgrad store: unknown word lss; did you mean ls?",
        ),
        (("--store", "x"), None),
        (
            ("run", "nosuch", "--out", "x"),
            f"recipe: no recipe file nosuch, and none of that name ships; known: {', '.join(shipped_recipes())}",
        ),
        (("plan", "quickstart", "--set", "sft.epoch=1"), "--set sft.epoch: unknown key; did you mean epochs?"),
        (("run", "quickstart", "--out", "x", "--only", "sfft"), "--only: no stage is called sfft; did you mean sft?"),
        (
            ("run", "quickstart", "--out", "x", "--from", "rlvr", "--until", "sft"),
            "--from: rlvr comes after sft; change the two",
        ),
        (
            ("run", "quickstart", "--out", "x", "--only", "sft", "--until", "dpo"),
            "postgrad run: --only goes with neither --from nor --until; give one or the other",
        ),
        (("run", "quickstart", "--out", ""), "postgrad run: --out is empty; name a folder"),
        (("plan", "quickstart", "--store="), "postgrad plan: --store is empty; name a folder"),
        (("store", "gc", "--store", ""), "postgrad store: --store is empty; name a folder"),
        (("redact", "--input", "x", "--out", ""), "postgrad redact: --out is empty; name a folder"),
        (("run", "quickstart", "--out", "a_file"), "--out a_file: is a file; name a folder for the run"),
        (("store", "ls", "--store", "none"), None),
        (("report", "none"), None),
        (("trace", "none", "sft/gsm8k"), None),
        (("chat", "none"), None),
        (("verify", "maths"), "postgrad verify: no verifier maths; did you mean math?"),
        (("verify", "--cases", "0"), "--cases: is 0; give 1 or more"),
        (
            ("verify", "--cases", "x"),
            "postgrad verify: argument --cases: invalid int value: 'x'; see `postgrad verify --help`",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    line: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a_file").touch()
    found = said(capsys, 2, *arguments)
    assert line is None or found.replace("choose from ls, verify, gc", "choose from 'ls', 'verify', 'gc'") == line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_file"]  # nothing half-written


def test_a_recipe_that_needs_files_says_how_to_give_them(capsys: pytest.CaptureFixture[str]) -> None:
    line = said(capsys, 2, "plan", "smollm2")
    assert "smollm2.yaml:" in line and "--set sources.gsm8k_train.path=FILE" in line


def raising(error: BaseException):  # type: ignore[no-untyped-def]
    def call(options: object) -> int:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Mistake("is wrong", where="here", mend="mend it"), 2, "here: is wrong; mend it"),
        (Failure("is broken", where="there", mend="run again"), 1, "there: is broken; run again"),
        (Failure("two\nlines"), 1, "two lines"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/data/x"),
            1,
            "the disk is full at /data/x; make room, then run the same command again, "
            "which goes on from the last finished step or checkpoint",
        ),
        (
            KeyboardInterrupt(),
            130,
            "interrupted; to go on from the last finished step or checkpoint: "
            "postgrad run 'my recipe.yaml' --out OUT --set seed=1",
        ),
    ],
)
def test_how_a_command_ends(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "call", raising(error))
    assert said(capsys, code, "run", "my recipe.yaml", "--out", "OUT", "--set", "seed=1") == line
    assert not any(tmp_path.iterdir())


def test_an_interrupted_command_that_keeps_nothing_promises_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "call", raising(KeyboardInterrupt()))
    assert said(capsys, 130, "report", "x") == "interrupted"


def test_the_unexpected_is_one_line_and_a_log_in_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "call", raising(ZeroDivisionError("a\nb")))
    line = said(capsys, 1, "run", "x", "--out", str(tmp_path))
    (log,) = tmp_path.iterdir()
    assert line == f"unexpected ZeroDivisionError: a; the traceback is in {log}"
    text = log.read_text()
    assert "Traceback" in text and "ZeroDivisionError" in text and f"postgrad run x --out {tmp_path}" in text


@pytest.mark.parametrize("command", [decontaminate, deduplicate, redact])
def test_commands_that_keep_nothing_promise_nothing_and_leave_no_log_in_an_output(
    command: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read = ["--train", "x", "--against", "y"] if command is decontaminate else ["--input", "x"]
    words = [command.NAME, *read, "--out", str(tmp_path / "out")]
    monkeypatch.setattr(command, "call", raising(RuntimeError("a")))
    assert "the traceback is in" in said(capsys, 1, *words)
    assert list((tmp_path / "out").iterdir()) == [] and list(tmp_path.glob("*.log"))
    monkeypatch.setattr(command, "call", raising(OSError(errno.ENOSPC, "No space left on device")))
    assert said(capsys, 1, *words) == "the disk is full; make room, then run the same command again"


def test_without_a_run_folder_the_log_is_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(run, "call", raising(RuntimeError()))
    line = said(capsys, 1, "run", "x", "--out", str(tmp_path / "not" / "there"))
    (log,) = tmp_path.iterdir()
    assert line == f"unexpected RuntimeError; the traceback is in {log}"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert (
        said(capsys, 1, "run", "x", "--out", "gone")
        == "unexpected RuntimeError; the traceback could not be written anywhere"
    )


def test_help_and_a_wrong_command_import_nothing_heavy() -> None:
    for arguments in (["--help"], ["--version"], ["run", "--help"], ["runn"], ["chat", "--help"]):
        code = (
            f"import sys\nfrom postgrad.cli.main import main\nmain({arguments!r})\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
        )
        done = python(code)
        assert done.stderr.splitlines()[-1] == "[]", arguments


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert main([command.NAME, "--help"]) == 0
        assert f"postgrad {command.NAME}" in capsys.readouterr().out


def test_help_is_there_at_once() -> None:
    """0.3 seconds, in processor time so that a busy machine does not matter: the best of three."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "postgrad.cli.main", "--help"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.3


def test_loading_a_recipe_that_ships_imports_no_torch() -> None:
    done = python(
        "import sys\nfrom postgrad.cli.recipes import load_recipe\nload_recipe('quickstart', [])\n"
        "print([name for name in ('torch', 'transformers', 'plotly', 'scipy') if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_130_and_the_way_on(number: signal.Signals) -> None:
    code = (
        "import sys, time\nfrom postgrad.cli import run\nfrom postgrad.cli.main import main\n"
        "def call(options):\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "run.call = call\nsys.exit(main(['run', 'x', '--out', 'o']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        child.send_signal(number)
        _, error = child.communicate(timeout=20)
    assert (child.returncode, error) == (
        130,
        "interrupted; to go on from the last finished step or checkpoint: postgrad run x --out o\n",
    )


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import sys\nfrom postgrad.cli import report\nfrom postgrad.cli.main import main\n"
        "def call(options):\n    [print('x' * 1000) for _ in range(10000)]\n    return 0\n"
        "report.call = call\nsys.exit(main(['report', 'x']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 128 + signal.SIGPIPE


def test_a_terminal_without_unicode_ends_no_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "postgrad.cli.main", "schema", "--tables"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        timeout=60,
    )
    assert done.returncode == 0 and b"\\xd7" in done.stdout  # × written out


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[object, ...]]:
    """Stands in for the stages: notes what the command asked of them."""
    asked: list[tuple[object, ...]] = []

    def carry_out(recipe, out, store, **how):  # type: ignore[no-untyped-def]
        asked.append((recipe.name, recipe.seed, out, store, how["only"], how["from_"], how["until"], how["seal_log"]))
        out.mkdir()
        (out / "report.html").touch()
        return SimpleNamespace(ran=3, cached=4)

    monkeypatch.setitem(sys.modules, "postgrad.stages.run", SimpleNamespace(run=carry_out))  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
    for name in ("POSTGRAD_STORE", "POSTGRAD_SEAL_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    return asked


def test_a_run_says_before_its_first_step_what_the_recipe_is_going_to_regret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = SimpleNamespace(estimate=lambda recipe, store: SimpleNamespace(notes=[f"{recipe}: 2 optimiser steps"]))
    monkeypatch.setitem(sys.modules, "postgrad.stages.estimate", made)  # type: ignore[arg-type]
    tell = run.Teller("sft", Path("store"))  # type: ignore[arg-type]
    step = SimpleNamespace(name="read.x", numeric=False)
    for kind in ("cached", "start", "start"):
        tell(SimpleNamespace(kind=kind, step=step, number=1, total=2))  # type: ignore[arg-type]
    assert capsys.readouterr().err.splitlines() == ["note: sft: 2 optimiser steps", *2 * ["[1/2] read.x"]]


def test_run_hands_on_what_was_asked(
    engine: list[tuple[object, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "quickstart", "--out", "one", "--set", "seed=5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) | {"seconds": 0} == {
        "out": "one",
        "seconds": 0,
        "steps_run": 3,
        "steps_in_store": 4,
        "made": {"report.html": "one/report.html"},
    }
    monkeypatch.setenv("POSTGRAD_STORE", "/shelf")
    assert main(["run", "quickstart", "--out", "two", "--from", "dpo", "--until", "rlvr", "--seal-log", "log"]) == 0
    assert capsys.readouterr().out.startswith("3 steps done, 4 were in the store, in ")
    assert main(["run", "quickstart", "--out", "three", "--only", "sft", "--store", "mine"]) == 0
    beside = tmp_path / ".store"
    assert engine == [
        ("quickstart", 5, Path("one"), beside, None, None, None, Path("/data/postgrad/seal.log")),
        ("quickstart", 17, Path("two"), Path("/shelf"), None, "dpo", "rlvr", Path("log")),
        ("quickstart", 17, Path("three"), tmp_path / "mine", "sft", None, None, Path("/data/postgrad/seal.log")),
    ]


def test_a_path_that_is_not_utf8_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    line = said(capsys, 2, "run", "quickstart", "--out", os.fsdecode(b"caf\xe9"))
    assert line == "postgrad: caf\ufffd is not UTF-8; use another name or text"


def test_nothing_that_was_said_moves_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["plan", "quickstart", "--set", "\x1b[2J=1"], ["plan", "\x1b]0;title\x07"], ["\x1b[31m"]):
        assert "\x1b" not in said(capsys, 2, *words)


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_ends_no_command(closed: int, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "one"}\n')
    words = ["deduplicate", "--input", str(rows), "--field", "text", "--out", str(tmp_path / "out"), "--workers", "1"]
    command = shlex.join([sys.executable, "-m", "postgrad", *words])
    done = subprocess.run(f"{command} {closed}>&-", shell=True, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "kept.jsonl").read_text() == rows.read_text()


def test_a_second_interrupt_while_a_command_ends_is_ignored() -> None:
    code = (
        "import atexit, os, signal, sys\nfrom postgrad.cli import run\nfrom postgrad.cli.main import main\n"
        "def again():\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "def call(options):\n    try:\n        again()\n    finally:\n        again()\n"
        "atexit.register(again)\nrun.call = call\nsys.argv = ['postgrad', 'run', 'x', '--out', 'o']\nsys.exit(main())"
    )
    done = python(code)
    assert done.returncode == 130
    assert done.stderr.startswith("interrupted") and done.stderr.count("\n") == 1
