"""Every function that a plan may call, by its name. A test holds each version to the code that the function reaches."""

from collections.abc import Callable

from postgrad.stages import algorithms, rows, sourcing

STEPS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        sourcing.base, sourcing.make_source, sourcing.task, sourcing.hash_task,
        rows.read_source, rows.deduplicate, rows.decontaminate, rows.mix,
        algorithms.sft, algorithms.complete, algorithms.rate, algorithms.pair, algorithms.reference, algorithms.dpo,
        algorithms.prove, algorithms.rlvr, algorithms.evaluate, algorithms.compare, algorithms.canaries)
}
