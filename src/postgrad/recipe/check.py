"""What the keys of a recipe must agree on: names that exist, stages that follow something, data for every priority."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from postgrad.recipe.complain import mistake_at
from postgrad.recipe.document import Document, Keys
from postgrad.recipe.models import Recipe
from postgrad.recipe.regimen import DpoStage, PreferStage, RlvrStage, SftStage, StagePart
from postgrad.support.nearest import nearest

POLICY, BASE = "policy", "base"
# What a stage may not be called: models that every recipe has, and the plan's own steps (stages/plan.py).
TAKEN = (POLICY, BASE, "base_plain", "unseen", "make", "read", "task", "hash", "model", "deduplicate",
         "decontaminate", "mixture", "scores", "canaries")
MAKES_NO_PROBLEMS = ("messages", "sharegpt", "alpaca", "prompt_completion", "prompts")
PAIRED = ("auto", "preference", "ultrafeedback")


@dataclass(frozen=True)
class Shipped:
    """The names that a recipe may use without an entry of its own.

    `tasks`: name → its split, `development` or `unseen`. `generators`, `verifiers`: names; `canaries`: the generators
    that plant secrets.
    """

    tasks: Mapping[str, str] = field(default_factory=dict)
    generators: Collection[str] = ()
    verifiers: Collection[str] = ()
    canaries: Collection[str] = ()


def check(recipe: Recipe, document: Document, shipped: Shipped, top_level: Collection[str]) -> None:
    """Raise the first Mistake that only several keys together show."""
    for fault in _faults(recipe, shipped, top_level):
        path, what, mend = fault
        raise mistake_at(document, path, what, mend)


Fault = tuple[Keys, str, str]


def _faults(recipe: Recipe, shipped: Shipped, top_level: Collection[str]) -> Iterator[Fault]:
    yield from _sources(recipe, shipped)
    yield from _tasks(recipe, shipped)
    yield from _capabilities(recipe, shipped)
    yield from _mixture(recipe)
    yield from _canaries(recipe, shipped)
    yield from _names(recipe, top_level)
    yield from _stages(recipe)


def _sources(recipe: Recipe, shipped: Shipped) -> Iterator[Fault]:
    for name, source in recipe.sources.items():
        path: Keys = ("sources", name)
        if source.generate is not None and source.generate not in shipped.generators:
            mend = nearest(source.generate, shipped.generators)
            yield (*path, "generate"), f"unknown generator {source.generate}", mend
        if source.verifier is not None and source.verifier not in shipped.verifiers:
            mend = nearest(source.verifier, shipped.verifiers)
            yield (*path, "verifier"), f"unknown verifier {source.verifier}", mend


def _tasks(recipe: Recipe, shipped: Shipped) -> Iterator[Fault]:
    for name, task in recipe.tasks.items():
        if name in shipped.tasks:
            yield ("tasks", name), "is the name of a task that ships", "give yours another name"
        if task.verifier not in shipped.verifiers:
            mend = nearest(task.verifier, shipped.verifiers)
            yield ("tasks", name, "verifier"), f"unknown verifier {task.verifier}", mend


def _capabilities(recipe: Recipe, shipped: Shipped) -> Iterator[Fault]:
    known = [*recipe.tasks, *shipped.tasks]
    source_of: dict[str, str] = {}
    task_of: dict[str, str] = {}
    for name, capability in recipe.capabilities.items():
        path: Keys = ("capabilities", name)
        if capability.priority > 0 and not capability.sources:
            yield path, "has a priority but no sources", "list its sources, or set its priority to 0"
        for index, source in enumerate(capability.sources):
            here = (*path, "sources", index)
            if source not in recipe.sources:
                yield here, f"unknown source {source}", nearest(source, recipe.sources) or "add it under `sources`"
            if source in source_of:
                yield here, f"{source} is already a source of {source_of[source]}", "a source belongs to one capability"
            source_of[source] = name
        for split in ("development", "unseen"):
            for index, task in enumerate(getattr(capability, split)):
                here = (*path, split, index)
                if task not in known:
                    yield here, f"unknown task {task}", nearest(task, known) or "add it under `tasks`"
                if task in task_of:
                    yield here, f"{task} is already {task_of[task]}", "list a task once"
                if shipped.tasks.get(task, split) != split:
                    mend = "move it to `unseen`" if split == "development" else "move it to `development`"
                    yield here, f"{task} is {_an(shipped.tasks[task])} task", mend
                task_of[task] = f"{_an(split)} task of {name}"
    if not any(capability.priority > 0 for capability in recipe.capabilities.values()):
        yield ("capabilities",), "no capability has a priority above 0", "give at least one a priority"


def _an(split: str) -> str:
    return f"an {split}" if split == "unseen" else f"a {split}"


def _mixture(recipe: Recipe) -> Iterator[Fault]:
    capabilities = recipe.capabilities
    trained = [name for capability in capabilities.values() if capability.priority > 0 for name in capability.sources]
    known = [*trained, *capabilities]
    gone: set[str] = set()
    for index, name in enumerate(recipe.curate.mixture.leave_out):
        here: Keys = ("curate", "mixture", "leave_out", index)
        own = capabilities[name].sources if name in capabilities else (name,)
        if name not in recipe.sources and name not in capabilities:
            yield here, f"unknown source or capability {name}", nearest(name, known)
        if name in recipe.sources and own != (name,):
            yield here, f"{name} is a source and a capability", "rename one of them"
        gone |= set(own)
    if gone and gone >= set(trained):
        yield ("curate", "mixture", "leave_out"), "leaves no source to train on", "leave out fewer"


def _canaries(recipe: Recipe, shipped: Shipped) -> Iterator[Fault]:
    planted = [source.generate for source in recipe.sources.values() if source.generate in shipped.canaries]
    if recipe.evaluate.canaries and len(planted) != 1:
        what = f"wants one source with planted secrets, and there are {len(planted)}"
        makers = " or ".join(shipped.canaries) or "a generator"
        yield ("evaluate", "canaries"), what, f"have one source made by {makers}"


def _names(recipe: Recipe, top_level: Collection[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, stage in enumerate(recipe.stages):
        here: Keys = ("stages", index, "name")
        if stage.name in seen:
            yield here, "two stages have this name", "give each stage a name of its own"
        if stage.name in top_level:
            yield here, "is a top-level key", f"call the stage something else, e.g. {stage.name}_stage"
        if stage.name in TAKEN:
            yield here, "is a name with a meaning of its own", f"call the stage something else, e.g. {stage.name}_stage"
        seen.add(stage.name)
    for name in recipe.models:
        if name in seen or name in (POLICY, BASE):
            yield ("models", name), "is also the name of a stage, or policy or base", "give the model another name"


def _stages(recipe: Recipe) -> Iterator[Fault]:
    development = [task for capability in recipe.capabilities.values() for task in capability.development]
    unseen = [task for capability in recipe.capabilities.values() for task in capability.unseen]
    order = [stage.name for stage in recipe.stages]
    weights: list[str] = []
    preferred = False
    for index, stage in enumerate(recipe.stages):
        path: Keys = ("stages", index)
        yield from _follows(stage, path, weights, order, preferred)
        for position, task in enumerate(stage.primary):
            here = (*path, "primary", position)
            if task in unseen:
                yield here, f"{task} is an unseen task", "a stage is judged by development tasks"
            elif task not in development:
                mend = nearest(task, development) or "list it under a capability's `development`"
                yield here, f"unknown task {task}", mend
        match stage:
            case SftStage() | DpoStage() if stage.micro_batch_tokens < stage.max_length:
                what = f"is {stage.micro_batch_tokens}, less than max_length ({stage.max_length})"
                yield (*path, "micro_batch_tokens"), what, "make it at least as large"
            case DpoStage():
                yield from _rows(recipe, stage.preferences, (*path, "preferences"))
                yield from _pairs(recipe, stage, path)
            case PreferStage():
                yield from _rows(recipe, stage.prompts, (*path, "prompts"))
                yield from _pool(recipe, stage, path, weights, order)
                if stage.rows is not None:
                    yield from _share(recipe, stage.prompts, (*path, "prompts"))
            case RlvrStage():
                yield from _rows(recipe, stage.problems, (*path, "problems"))
                yield from _problems(recipe, stage, path)
                yield from _share(recipe, stage.problems, (*path, "problems"))
        preferred = preferred or isinstance(stage, PreferStage)
        if not isinstance(stage, PreferStage):
            weights.append(stage.name)


def _follows(stage: StagePart, path: Keys, weights: list[str], order: list[str], preferred: bool) -> Iterator[Fault]:
    if isinstance(stage, DpoStage) and not preferred and not stage.preferences:
        mend = "put a stage of kind prefer before it, or name sources of pairs under `preferences`"
        yield path, "follows no prefer stage, so it has no preferences", mend
    if stage.from_ is None or stage.from_ in (BASE, *weights):
        return
    here = (*path, "from")
    if stage.from_ in order[int(path[1]):]:
        yield here, f"{stage.from_} does not come before this stage", "name an earlier one, or change the order"
    elif stage.from_ in order:
        yield here, f"{stage.from_} yields no weights", nearest(stage.from_, [*weights, BASE])
    else:
        yield here, f"unknown stage {stage.from_}", nearest(stage.from_, [*weights, BASE])


def _pool(recipe: Recipe, stage: PreferStage, path: Keys, weights: list[str], order: list[str]) -> Iterator[Fault]:
    known = [POLICY, BASE, *weights, *recipe.models]
    for position, member in enumerate(stage.pool):
        here = (*path, "pool", position)
        if member in order and member not in weights:
            yield here, f"{member} is no earlier stage with weights", nearest(member, known)
        elif member not in known:
            yield here, f"unknown model {member}", nearest(member, known)


def _rows(recipe: Recipe, names: tuple[str, ...], path: Keys) -> Iterator[Fault]:
    """The sources that a stage reads are there, and belong to a capability (whose priority gives them their share)."""
    owned = {source for capability in recipe.capabilities.values() for source in capability.sources}
    for position, name in enumerate(names):
        if name not in recipe.sources:
            yield (*path, position), f"unknown source {name}", nearest(name, recipe.sources) or "add it under `sources`"
        elif name not in owned:
            yield (*path, position), f"source {name} belongs to no capability", "add it to a capability's `sources`"
        elif name in names[:position]:
            yield (*path, position), f"{name} is listed twice", "list it once"


def _share(recipe: Recipe, names: tuple[str, ...], path: Keys) -> Iterator[Fault]:
    """Rows that are shared out by priority: someone gets a share."""
    owners = [capability for capability in recipe.capabilities.values() if set(names) & set(capability.sources)]
    if not any(capability.priority > 0 for capability in owners):
        yield path, "all of them belong to capabilities of priority 0, which get no share", "give one a priority"


def _pairs(recipe: Recipe, stage: DpoStage, path: Keys) -> Iterator[Fault]:
    for position, name in enumerate(stage.preferences):
        source = recipe.sources[name]
        if source.generate is not None or source.format not in PAIRED:
            what = f"source {name} holds {source.format if source.generate is None else 'generated rows'}, no pairs"
            yield (*path, "preferences", position), what, "use rows with chosen and rejected answers"


def _problems(recipe: Recipe, stage: RlvrStage, path: Keys) -> Iterator[Fault]:
    for position, name in enumerate(stage.problems):
        source = recipe.sources[name]
        if source.path is not None and source.verifier is None and source.format == "question_answer":
            yield (*path, "problems", position), f"source {name} has no verifier", f"add `verifier:` to sources.{name}"
        if source.format in MAKES_NO_PROBLEMS and source.verifier is None:
            what = f"source {name} holds {source.format}, which has nothing to check against"
            yield (*path, "problems", position), what, "use question_answer with a verifier, or problems"
