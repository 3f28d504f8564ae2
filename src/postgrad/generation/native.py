"""The native engine: any transformers causal language model, batched, on CPU or a GPU.

Rows run side by side in a fixed number of slots. When enough of them have finished, the next requests of the queue take
their places (continuous batching); when the queue is empty, the running rows close ranks. Both depend on nothing but
the requests and what was drawn for them, never on the clock or on free memory, so the same call gives the same bits. A
prompt that several requests in a row share is computed once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from postgrad.generation.cache import Prefill, SlotCache, attending
from postgrad.generation.protocol import OnBatch, Request, Sampling
from postgrad.generation.sampling import choose
from postgrad.generation.stops import cut, held_back, window_tokens
from postgrad.records.types import Completion, FinishReason, Turn
from postgrad.support.errors import Mistake
from postgrad.support.hashing import hash_json

REFILL_SHARE = 8
"""One slot in so many must be free before new prompts are computed, so that they come in worthwhile batches."""
COMPACT_SHARE = 4
"""With nothing left to refill from, rows close ranks once this part of them has finished."""
PREFILL_TOKENS = 8192
"""Prompt tokens, padding included, in one forward."""


class Tokenizer(Protocol):
    """What the engine needs of `chat.Tokenizer`."""

    eos_id: int

    def decode(self, ids: Sequence[int]) -> str: ...


class Loaded(Protocol):
    """What the engine needs of `models.LoadedModel`."""

    @property
    def model(self) -> Any: ...

    @property
    def tokenizer(self) -> Any: ...


@dataclass
class Row:
    """One running completion: which request, where it starts in the buffers, what it has said."""

    request: int
    start: int
    limit: int
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    policy: list[float] = field(default_factory=list)
    finish: FinishReason | None = None


def context_of(model: Any) -> int:
    """Tokens that a model reads at most; without a said limit, more than anybody asks for."""
    return int(getattr(model.config, "max_position_embeddings", 0) or 1 << 40)


class Run:
    """One call of the engine: requests wait in a queue, rows run in slots. `advance` makes one token in each running
    row.
    """

    def __init__(
        self, model: Any, tokenizer: Tokenizer, requests: Sequence[Request], sampling: Sampling, slots: int
    ) -> None:
        self.model, self.tokenizer, self.requests, self.sampling = model, tokenizer, requests, sampling
        self.device = next(model.parameters()).device
        self.ends = {tokenizer.eos_id, *sampling.stop_ids}
        self.context = context_of(model)
        for request in requests:
            self._check(request)
        self.slots = min(slots, len(requests))
        longest = max(len(request.ids) for request in requests)
        first = max(len(request.ids) for request in requests[: self.slots])
        self.cache = SlotCache(self.slots, longest + sampling.max_tokens, first)
        self.rows: list[Row | None] = [None] * self.slots
        self.next = 0
        self.last_B = torch.zeros(self.slots, dtype=torch.int64, device=self.device)
        self.starts_B = np.zeros(self.slots, dtype=np.int64)
        self.seeds_B = np.zeros(self.slots, dtype=np.int64)

    def _check(self, request: Request) -> None:
        if not request.ids:
            raise Mistake("is empty", where=f"prompt {request.prompt_id}", mend="give the model at least one token")
        if len(request.ids) >= self.context:
            raise Mistake(
                f"{len(request.ids)} tokens, and the model reads {self.context}", where=f"prompt {request.prompt_id}",
                mend="leave the row out, or filter long ones with `curate.filter.max_tokens`")

    def advance(self) -> Iterator[Row]:
        """Refill or close ranks if it is time, then one step; yields the rows that finished."""
        free = [slot for slot, row in enumerate(self.rows) if row is None]
        waiting = len(self.requests) - self.next
        if waiting and len(free) >= min(max(1, self.slots // REFILL_SHARE), waiting):
            yield from self._admit(free[:waiting])
        elif not waiting and len(free) * COMPACT_SHARE >= len(self.rows) and len(free) < len(self.rows):
            self._close_ranks()
        if any(row is not None for row in self.rows):
            if self.cache.column == self.cache.width:
                self._lay_out()
            yield from self._step()

    def _lo(self) -> int:
        return min((row.start for row in self.rows if row is not None), default=self.cache.column)

    def _lay_out(self, keep: list[int] | None = None, at_least: int = 0) -> None:
        """Lay the cache out anew, from where the first running row starts."""
        moved = self.cache.lay_out(self._lo(), keep, at_least)
        self.starts_B += moved
        for row in self.rows:
            if row is not None:
                row.start += moved

    def _admit(self, slots: list[int]) -> Iterator[Row]:
        """Take requests from the queue into these slots, prompts that stand side by side once, in bounded forwards."""
        while slots:
            prompts: list[tuple[int, ...]] = []
            members: list[int] = []
            width = 0
            for request in self.requests[self.next : self.next + len(slots)]:
                if not prompts or request.ids != prompts[-1]:
                    width = max(width, len(request.ids))
                    if prompts and (len(prompts) + 1) * width > PREFILL_TOKENS:
                        break
                    prompts.append(request.ids)
                members.append(len(prompts) - 1)
            yield from self._prefill(prompts, members, slots[: len(members)])
            slots = slots[len(members) :]

    def _prefill(self, prompts: list[tuple[int, ...]], members: list[int], slots: list[int]) -> Iterator[Row]:
        lengths_P = torch.tensor([len(ids) for ids in prompts])
        length = int(lengths_P.max())
        if length > self.cache.column:
            self._lay_out(at_least=length)
        pads_P = length - lengths_P
        ids_PT = torch.tensor([[0] * (length - len(ids)) + list(ids) for ids in prompts])
        places_T = torch.arange(length)
        positions_PT = (places_T - pads_P[:, None]).clamp_(min=0)
        later_TT = places_T > places_T[:, None]
        # A place before the prompt sees itself, so that no row of the softmax is empty.
        hidden_PTT = later_TT | ((places_T < pads_P[:, None])[:, None, :] & (places_T != places_T[:, None]))
        chosen_N = torch.tensor(members, device=self.device)
        self.cache.prefill = Prefill(torch.tensor(slots, device=self.device), chosen_N, hidden_PTT.to(self.device))
        logits_PV = self._forward(ids_PT.to(self.device), positions_PT.to(self.device))
        self.cache.prefill = None
        for slot in slots:
            request = self.requests[self.next]
            limit = min(self.sampling.max_tokens, self.context - len(request.ids))
            self.rows[slot] = Row(self.next, self.cache.column - len(request.ids), limit)
            self.starts_B[slot], self.seeds_B[slot] = self.cache.column - len(request.ids), request.seed
            self.next += 1
        yield from self._take(logits_PV[chosen_N], slots)

    def _step(self) -> Iterator[Row]:
        starts_B = torch.from_numpy(self.starts_B).to(self.device)
        # A free slot goes on reading what stands in its row; nobody looks at what it says.
        self.cache.look(starts_B)
        positions_B1 = (self.cache.column - starts_B)[:, None].clamp(max=self.context - 1)
        logits_BV = self._forward(self.last_B[:, None], positions_B1)
        self.cache.column += 1
        running = [slot for slot, row in enumerate(self.rows) if row is not None]
        yield from self._take(logits_BV if len(running) == len(self.rows) else logits_BV[running], running)

    def _forward(self, ids_BT: torch.Tensor, positions_BT: torch.Tensor) -> torch.Tensor:
        output = self.model(
            input_ids=ids_BT, position_ids=positions_BT, use_cache=False, logits_to_keep=1, postgrad_cache=self.cache)
        logits_BV: torch.Tensor = output.logits[:, -1]
        return logits_BV

    def _take(self, logits_NV: torch.Tensor, slots: list[int]) -> Iterator[Row]:
        """Draw a token for each of these slots, note it, and yield the rows that it finishes."""
        rows = [row for slot in slots if (row := self.rows[slot]) is not None]
        positions_N = np.array([len(row.ids) for row in rows])
        tokens_N, logprobs_N, policy_N = choose(logits_NV, self.sampling, self.seeds_B[slots], positions_N)
        self.last_B[slots] = tokens_N
        drawn = zip(slots, rows, tokens_N.tolist(), logprobs_N.tolist(), policy_N.tolist(), strict=True)
        for slot, row, token, logprob, policy in drawn:
            row.ids.append(token)
            row.logprobs.append(logprob)
            row.policy.append(policy)
            if token in self.ends or (self.sampling.stop and self._stopped(row)):
                row.finish = "stop"
            elif len(row.ids) == row.limit:
                row.finish = "length"
            if row.finish is not None:
                self.rows[slot] = None
                yield row

    def _stopped(self, row: Row) -> bool:
        tail = self.tokenizer.decode(row.ids[-window_tokens(self.sampling.stop) :])
        return cut(tail, self.sampling.stop) is not None

    def _close_ranks(self) -> None:
        keep = [slot for slot, row in enumerate(self.rows) if row is not None]
        self._lay_out(keep)
        self.rows = [self.rows[slot] for slot in keep]
        self.last_B, self.starts_B, self.seeds_B = self.last_B[keep], self.starts_B[keep], self.seeds_B[keep]

    def done(self) -> bool:
        return self.next == len(self.requests) and not any(row is not None for row in self.rows)

    def text(self, row: Row) -> str:
        """What the row says, without the token or the string that ended it."""
        ids = row.ids[:-1] if row.ids and row.ids[-1] in self.ends else row.ids
        text = self.tokenizer.decode(ids)
        end = cut(text, self.sampling.stop)
        return text if end is None else text[:end]


class NativeEngine:
    """Completions from a transformers model. It shares the module: weights trained between two calls are what the next
    uses.

    `model_key` names the weights, `policy_step` (settable) the RL step; `slots` bounds how many rows run at once, and
    with the longest prompt and `max_tokens` the memory: slots × columns × layers × 2 × key-value heads × head width
    numbers.
    """

    def __init__(self, loaded: Loaded, model_key: str, slots: int = 64, policy_step: int = 0) -> None:
        if slots < 1:
            raise Mistake(f"slots is {slots}", where="engine", mend="use 1 or more")
        self.model, self.tokenizer = loaded.model, loaded.tokenizer
        self.model_key, self.slots, self.policy_step = model_key, slots, policy_step

    @property
    def context(self) -> int:
        """Tokens that the model reads at most, prompt and answer together."""
        return context_of(self.model)

    @property
    def key(self) -> str:
        """Names the weights, the step and the composition of batches; threads and versions are in the step's own
        key.
        """
        dtype = str(next(self.model.parameters()).dtype)
        return hash_json(["native", self.model_key, self.policy_step, self.slots, dtype])

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, on_batch: OnBatch | None = None
    ) -> list[Completion]:
        """One completion a request, in the order asked. Mistake for an empty prompt or one longer than the model reads.

        A turn has every token drawn, the one that ended it included, and both log-probabilities of each.
        """
        if not requests:
            return []
        run = Run(self.model, self.tokenizer, requests, sampling, self.slots)
        completions: list[Completion | None] = [None] * len(requests)
        with attending(self.model):
            while not run.done():
                finished = list(run.advance())
                for row in finished:
                    completions[row.request] = self._completion(run, row, sampling)
                if finished and on_batch is not None:
                    on_batch(len(finished), sum(len(row.ids) for row in finished))
        return [completion for completion in completions if completion is not None]

    def _completion(self, run: Run, row: Row, sampling: Sampling) -> Completion:
        request = run.requests[row.request]
        turn = Turn(run.text(row), tuple(row.ids), (True,) * len(row.ids), tuple(row.logprobs), tuple(row.policy))
        return Completion(
            request.prompt_id, request.sample, self.model_key, self.policy_step, sampling.json(), request.seed, (turn,),
            row.finish or "error")

    def stream(self, ids: Sequence[int], sampling: Sampling, seed: int = 0) -> Iterator[str]:
        """The text of one completion, piece by piece; the pieces joined are the text that `generate` gives."""
        run = Run(self.model, self.tokenizer, [Request("stream", tuple(ids), 0, seed)], sampling, 1)
        said = ""
        row: Row | None = None
        while not run.done():
            with attending(self.model):
                finished = list(run.advance())
            row = finished[0] if finished else run.rows[0]
            if row is None:
                continue
            text = run.text(row)
            sure = text if finished else text[: len(text) - held_back(text, sampling.stop)]
            if len(sure) > len(said) and sure.startswith(said):
                yield sure[len(said) :]
                said = sure
