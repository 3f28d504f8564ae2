"""The same work past one machine: `parallel.in_order` by actors of a Ray cluster that is there, or of a local one.

What a piece names must be readable on every node (a shared disk). Pieces are handed over as they are needed, which
Ray Data does not do: it takes all that it is given before it begins.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from postgrad.support.errors import Failure, Mistake
from postgrad.support.extras import to_install
from postgrad.support.network import VARIABLE
from postgrad.support.parallel import AHEAD, begin

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
    except ImportError:
        raise Mistake("Ray is not installed", where="--ray", mend=to_install("ray")) from None
    quiet: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(address=address, num_cpus=workers if address == LOCAL else None, log_to_driver=False, **quiet)
    except (ConnectionError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise Mistake(f"no cluster answers ({first})", where=f"--ray {address}", mend="`ray start --head`") from error
    try:
        actor = ray.remote(_Worker).options(scheduling_strategy="SPREAD")
        work = ray.put((make, arguments))
        actors = [actor.remote(work, os.environ.get(VARIABLE)) for _ in range(workers)]
        waiting: deque[Any] = deque()
        for number, piece in enumerate(pieces):
            waiting.append(actors[number % workers].do.remote(piece))
            if len(waiting) >= AHEAD * workers:
                yield _result(ray.get(waiting.popleft()))
        while waiting:
            yield _result(ray.get(waiting.popleft()))
    except ray.exceptions.RayError as error:
        raise Failure(f"a worker of the cluster was lost ({type(error).__name__})", where=f"--ray {address}",
                      mend="it may have run out of memory: see Ray's logs, or use fewer workers") from error
    finally:
        ray.shutdown()


def _result(said: tuple[Any, Exception | None]) -> Any:
    """What the work gave, or what it raised, which Ray would hand over as an error of its own."""
    result, error = said
    if error is not None:
        raise error
    return result


class _Worker:
    """One actor: what is large (an index) is made once in it, with the first piece."""

    def __init__(self, work: tuple[Callable[..., Callable[[Any], Any]], tuple[Any, ...]], network: str | None) -> None:
        if network is not None:
            os.environ[VARIABLE] = network
        begin()
        self._make, self._arguments = work
        self._work: Callable[[Any], Any] | None = None

    def do(self, piece: Any) -> tuple[Any, Exception | None]:
        try:
            if self._work is None:
                self._work = self._make(*self._arguments)
            return self._work(piece), None
        except Exception as error:
            return None, error
