"""`postgrad chat RUN`: talk to the final model of a run, or to one of its stages."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postgrad.cli.parser import Parser
from postgrad.support.errors import Failure, Mistake
from postgrad.support.nearest import nearest
from postgrad.support.words import whole_number

NAME = "chat"
END = ("/quit", "/exit")
Conversation = list[dict[str, str]]


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="talk to a model of a run", description=(
        "Talk to the final model of a run, or to the model of one stage. /new begins anew, /quit or Ctrl-D ends."))
    parser.add_argument("run", metavar="RUN", help="the folder given to `postgrad run --out`")
    parser.option("--stage", metavar="STAGE", help="the stage whose model answers (else the final one)")
    parser.option("--prompt", metavar="TEXT", help="answer this and end")
    parser.option("--temperature", type=float, metavar="T",
                  help="0 always gives the likeliest answer (as the run was scored)")
    parser.option("--max-tokens", type=int, default=256, metavar="N", help="longest answer (256)")
    parser.option("--seed", type=seed, default=17, metavar="N", help="of the drawing, with a temperature (17)")
    parser.set_defaults(call=call)
    return parser


def seed(said: str) -> int:
    """The number that an option says; an error of argparse for one that no generator takes."""
    number = whole_number(said)
    if number is None:
        raise argparse.ArgumentTypeError(f"{said} is no whole number of at most 18 digits")
    return number


def call(options: argparse.Namespace) -> int:
    folder, recipe = find_model(Path(options.run), options.stage)
    speaker = Speaker(folder, recipe, options)
    if options.prompt is not None:
        speaker.say([{"role": "user", "content": options.prompt}])
        return 0
    return _talk(speaker, f"{folder}: /new begins anew, /quit ends" if sys.stdin.isatty() else "")


def find_model(run: Path, stage: str | None) -> tuple[Path, dict[str, Any]]:
    """The model folder that is asked for, and the recipe that it comes of."""
    from postgrad.pipeline.runs import read_record

    record = read_record(run)
    known = [name for name, said in record["stages"].items() if said.get("kind") != "prefer"]
    if stage is not None and stage not in known:
        mend = nearest(stage, known) or "let the run go on"
        raise Mistake(f"no stage {stage} with a model", where=str(run), mend=mend)
    folder = run / "model" if stage is None else _link(run / "stages" / stage) / "model"
    if not folder.is_dir():
        choose = f"let the run end, or choose a stage: --stage {known[-1]}" if known else "let the run go on"
        mend = choose if stage is None else "run the recipe again"
        raise Failure("the model is not there", where=str(folder), mend=mend)
    return folder, record["recipe"]


def _link(path: Path) -> Path:
    """A stage's artifact; where the file system has no links, `path` is a text file that names it."""
    return path.parent / path.read_text().strip() if path.is_file() else path


class Speaker:
    """A model that answers a conversation."""

    def __init__(self, folder: Path, recipe: dict[str, Any], options: argparse.Namespace) -> None:
        from postgrad.chat import template
        from postgrad.generation.native import NativeEngine
        from postgrad.generation.protocol import Sampling
        from postgrad.models import load

        self.template = template(recipe["template"])
        loaded = load(folder)
        self.tokenizer = loaded.tokenizer
        self.engine = NativeEngine(loaded, "chat", slots=1)
        ends = (self.template.end_id(self.tokenizer),)
        scored_at = recipe["evaluate"]["temperature"]
        temperature = scored_at if options.temperature is None else options.temperature
        self.sampling = Sampling(temperature, max_tokens=options.max_tokens, stop_ids=ends)
        self.seed = options.seed

    def answer(self, conversation: Conversation) -> Iterator[str]:
        """What the model says next, piece by piece. Mistake if the conversation has outgrown what it can read."""
        ids = self.template.encode(conversation, self.tokenizer, generation_prompt=True).ids
        return self.engine.stream(ids, self.sampling, self.seed)

    def say(self, conversation: Conversation) -> str:
        """Print the answer as it comes, and return it without the blanks around it."""
        pieces = []
        for piece in self.answer(conversation):
            pieces.append(piece)
            print(piece, end="", flush=True)
        print()
        return "".join(pieces).strip()


def _talk(speaker: Speaker, greeting: str) -> int:
    """Lines in, answers out, until the end of the input."""
    if greeting:
        print(greeting)
    conversation: Conversation = []
    while True:
        try:
            said = input("> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            return 0
        except UnicodeDecodeError:
            raise Mistake("is not UTF-8", where="what was typed", mend="set the terminal to UTF-8") from None
        if said in END:
            return 0
        if said == "/new":
            conversation = []
        elif said:
            conversation.append({"role": "user", "content": said})
            try:
                answer = speaker.say(conversation)
            except Mistake as error:       # the conversation has outgrown the model
                print(f"{error}; beginning anew", file=sys.stderr)
                conversation = []
                continue
            conversation.append({"role": "assistant", "content": answer})
