"""The same work past one machine: `parallel.in_order` by Ray Data, on a cluster that is there or a local one.

What a piece names must be readable on every node (a shared disk). Results come in the order of the pieces.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from postgrad.support.errors import Mistake

P = TypeVar("P")
R = TypeVar("R")
LOCAL = "local"


def in_order(make: Callable[..., Callable[[P], R]], arguments: tuple[Any, ...], pieces: Iterable[P], workers: int,
             address: str = LOCAL) -> Iterator[R]:
    """As `parallel.in_order`, by `workers` actors of the cluster at `address` ("local": one of our own here).

    Mistake if Ray is not installed or no cluster answers.
    """
    try:
        import ray
        import ray.data
    except ImportError:
        raise Mistake("Ray is not installed", where="--ray", mend="pip install 'postgrad[ray]'") from None
    quiet: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(address=address, num_cpus=workers if address == LOCAL else None, log_to_driver=False, **quiet)
    except (ConnectionError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise Mistake(f"no cluster answers ({first})", where=f"--ray {address}", mend="`ray start --head`") from error
    try:
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        boxes = [{"piece": pickle.dumps(piece)} for piece in pieces]
        if boxes:
            data = ray.data.from_items(boxes, override_num_blocks=len(boxes))
            done = data.map(_Worker, fn_constructor_args=(make, arguments), concurrency=workers)
            for row in done.iter_rows():
                yield pickle.loads(row["result"])
    finally:
        ray.shutdown()


class _Worker:
    """One actor: what is large (an index) is made once in it."""

    def __init__(self, make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
        self._work = make(*arguments)

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        return {"result": pickle.dumps(self._work(pickle.loads(row["piece"])))}
