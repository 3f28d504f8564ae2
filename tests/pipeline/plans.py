"""Small plans for the tests of the pipeline: steps that join texts, and count how often they ran."""

from pathlib import Path

from postgrad.pipeline import Config, File, Inputs, Resources, Step

ran: list[str] = []


def join(inputs: Inputs, config: Config, resources: Resources) -> None:
    """`out.txt` is all inputs' texts and the config's word, in the order of the inputs' names."""
    ran.append(config["word"])
    texts = [text_of(path) for _, path in sorted(inputs.items())]
    (resources.out / "out.txt").write_text("(" + " ".join([*texts, config["word"]]) + ")")


def first_letter(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Keeps so little of its input that most changes end here."""
    ran.append(config["word"])
    (resources.out / "out.txt").write_text("".join(sorted({text_of(path)[1:2] for path in inputs.values()})))


def text_of(path: Path) -> str:
    return (path / "out.txt" if path.is_dir() else path).read_text()


def step(name: str, word: str = "", function=join, **more) -> Step:  # type: ignore[no-untyped-def]
    inputs = more.pop("inputs", {})
    return Step(name, function, {"word": word or name}, inputs, **more)


def chain(source: Path, words: str = "abc") -> list[Step]:
    """file → a → b → c, each a stage of its own."""
    steps: list[Step] = []
    for word in words:
        inputs: dict[str, Step | File] = {"from": steps[-1] if steps else File(source)}
        steps.append(step(f"step {len(steps)}", word, inputs=inputs, stage=f"stage{len(steps)}"))
    return steps
