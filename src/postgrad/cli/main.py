"""`postgrad`: reads the command line, calls one command, and says what went wrong in one line.

Exit codes: 0 done; 1 a failure that was not the user's; 2 a mistake in a recipe, an option or an argument; 130
interrupted (Ctrl-C or SIGTERM). Nothing heavy is imported before a command needs it.
"""

import argparse
import contextlib
import io
import os
import shlex
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from postgrad import __version__
from postgrad.cli import (
    chat,
    data,
    decontaminate,
    deduplicate,
    doctor,
    plan,
    redact,
    report,
    run,
    schema,
    store,
    trace,
    verify,
)
from postgrad.cli.parser import Parser
from postgrad.support.errors import ERROR_LOG, EXIT_FAILURE, EXIT_INTERRUPTED, Mistake, PostgradError
from postgrad.support.files import FULL
from postgrad.support.nearest import nearest
from postgrad.support.threads import wait_calmly
from postgrad.support.words import printable

COMMANDS = (run, plan, report, trace, verify, chat, data, decontaminate, deduplicate, redact, store, doctor, schema)
GOES_ON = "from the last finished step or checkpoint"
EXIT_CLOSED_PIPE = 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else EXIT_FAILURE
FOLDERS = ("out", "store")
"""Options that name where things are written."""


def parser() -> tuple[Parser, dict[str, Parser]]:
    """The parser, and those of its commands by name."""
    top = Parser(prog="postgrad", description="From a raw language model to a useful one: one recipe in; weights, "
                 "scores and the whole story of how they came about out.")
    top.add_argument("--version", action="version", version=f"postgrad {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, dest="command")
    return top, {command.NAME: command.add(commands) for command in COMMANDS}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments read. Mistake for whatever does not fit; SystemExit(0) after --help and --version."""
    top, commands = parser()
    if not arguments:
        raise Mistake("wants a command", where="postgrad", mend=f"one of {', '.join(commands)}")
    for word in arguments:
        if (shown := os.fsencode(word).decode("utf-8", "replace")) != word:  # no file that we write could name it
            raise Mistake(f"{shown} is not UTF-8", where="postgrad", mend="use another name or text")
    first = arguments[0]
    if first not in commands and not first.startswith("-"):
        raise Mistake(f"unknown command {first}", where="postgrad", mend=nearest(first, commands))
    options, rest = top.parse_known_args(arguments)
    if rest:
        raise commands[options.command].unknown(rest)
    for name in FOLDERS:
        if getattr(options, name, None) == "":  # a path of no letters is the current folder
            raise Mistake(f"--{name} is empty", where=f"postgrad {options.command}", mend="name a folder")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; the exit code."""
    wait_calmly()
    _open_what_is_closed()
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")      # a terminal that cannot show ≈ must not end a run
    options: argparse.Namespace | None = None
    try:
        with _interruptible(for_good=arguments is None):
            options = parse(words)
            code: int = options.call(options)
            sys.stdout.flush()
            return code
    except SystemExit as end:              # argparse, after --help and --version
        return int(end.code or 0)
    except PostgradError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say(_how_to_go_on(words, options), EXIT_INTERRUPTED)
    except BrokenPipeError:                # the reader of our output has gone: nothing to say, and nobody to say it to
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CLOSED_PIPE
    except OSError as error:
        if error.errno in FULL:
            at = f" at {error.filename}" if error.filename else ""
            again = f", which goes on {GOES_ON}" if _is_run(options) else ""
            return _say(f"the disk is full{at}; make room, then run the same command again{again}", EXIT_FAILURE)
        return _say(_unexpected(error, words, options), EXIT_FAILURE)
    except Exception as error:
        return _say(_unexpected(error, words, options), EXIT_FAILURE)


def _open_what_is_closed() -> None:
    """A standard stream that our caller closed (`>&-`) is the null device: no other file may take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (open to the end)


@contextlib.contextmanager
def _interruptible(*, for_good: bool) -> Iterator[None]:
    """The first SIGINT or SIGTERM raises KeyboardInterrupt within the block, so that both leave the same resumable run;
    further ones are ignored while it ends. `for_good`: after it too, since the process ends.
    """
    before: dict[int, Any] = {}
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():  # else whoever runs us there handles its own signals
        before = {one: handler for one in (signal.SIGINT, signal.SIGTERM)
                  if (handler := signal.getsignal(one)) not in (signal.SIG_IGN, None)}
        for one in before:
            signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one, handler in before.items() if not (interrupted and for_good) else ():
            signal.signal(one, handler)


def _say(line: str, code: int) -> int:
    """One line on stderr, whatever the message holds."""
    with contextlib.suppress(OSError, ValueError):
        print(printable(" ".join(line.splitlines())), file=sys.stderr, flush=True)
    return code


def _is_run(options: argparse.Namespace | None) -> bool:
    """Whether the command is the one that keeps what it reached, in a folder that may hold more than results."""
    return getattr(options, "command", None) == run.NAME


def _how_to_go_on(words: Sequence[str], options: argparse.Namespace | None) -> str:
    if _is_run(options):
        return f"interrupted; to go on {GOES_ON}: {shlex.join(['postgrad', *words])}"
    return "interrupted"


def _unexpected(error: BaseException, words: Sequence[str], options: argparse.Namespace | None) -> str:
    """Write the traceback to a file in the run's folder, else the system's for temporary files, and say where."""
    first = (str(error).strip().splitlines() or [""])[0][:200]
    what = f"unexpected {type(error).__name__}{': ' if first else ''}{first}"
    called = f"postgrad {__version__}\n{shlex.join(['postgrad', *words])}\n\n"
    text = called + "".join(traceback.format_exception(error))
    name = ERROR_LOG.replace("*", f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    for folder in ([Path(options.out)] if options and _is_run(options) else []) + [Path(tempfile.gettempdir())]:
        try:
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue                       # not a folder, or full: the next one
        return f"{what}; the traceback is in {folder / name}"
    return f"{what}; the traceback could not be written anywhere"


if __name__ == "__main__":
    sys.exit(main())
