"""Packed attention against plain transformers, one document at a time; and that nothing leaks between documents."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.making import VOCABULARY, write_model
from postgrad.models import LoadedModel, load
from postgrad.models.logprobs import batch_logprobs, batch_logprobs_and_entropy
from postgrad.models.packed import Segment, hidden_states, pack
from postgrad.support.errors import Mistake


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def loaded(folder: Path) -> LoadedModel:
    return load(folder)


@pytest.fixture(scope="module")
def plain(folder: Path) -> LoadedModel:
    return load(folder, attention="sdpa")


@st.composite
def documents(draw: st.DrawFn) -> list[Segment]:
    segments: list[Segment] = []
    for number in range(draw(st.integers(1, 12))):
        roots = [s for s, segment in enumerate(segments) if segment.parent == -1]
        parent = draw(st.sampled_from([-1, *roots])) if number else -1
        length = draw(st.integers(1, 50))
        seed = draw(st.integers(0, 10_000))
        ids = torch.randint(0, VOCABULARY, (length,), generator=torch.Generator().manual_seed(seed)).tolist()
        segments.append(Segment(ids, [(place * seed) % 3 != 1 for place in range(length)], parent))
    return segments


def one_at_a_time(model: torch.nn.Module, segments: list[Segment], temperature: float = 1.0) -> Tensor:
    """Log-probabilities of the trained tokens by plain transformers, a forward a segment with its parent before it."""
    found = [torch.empty(0, dtype=next(model.parameters()).dtype)]
    for segment in segments:
        before = [] if segment.parent == -1 else list(segments[segment.parent].ids)
        ids = torch.tensor([before + list(segment.ids)])
        logits = model(input_ids=ids).logits[0] / temperature
        places = [
            len(before) + place for place, trained in enumerate(segment.trained) if trained and len(before) + place
        ]
        index = torch.tensor(places, dtype=torch.int64)
        found.append(logits.log_softmax(-1)[index - 1, ids[0, index]])
    return torch.cat(found)


@settings(max_examples=25, deadline=None)
@given(segments=documents(), temperature=st.sampled_from([1.0, 0.7]))
def test_log_probabilities_are_those_of_plain_transformers(
    loaded: LoadedModel, plain: LoadedModel, segments: list[Segment], temperature: float
) -> None:
    with torch.no_grad():
        ours = batch_logprobs(loaded.model, pack(segments), temperature=temperature)
        theirs = one_at_a_time(plain.model, segments, temperature)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("heads", [4, 1])
@pytest.mark.parametrize("tied", [True, False])
def test_gradients_are_those_of_plain_transformers_in_double_precision(tmp_path: Path, tied: bool, heads: int) -> None:
    folder = write_model(tmp_path, tied=tied, num_key_value_heads=heads)
    ours, theirs = load(folder, dtype=torch.float64).model, load(folder, dtype=torch.float64, attention="sdpa").model
    draw = torch.Generator().manual_seed(1)
    segments = [
        Segment(torch.randint(0, VOCABULARY, (length,), generator=draw).tolist(), [True] * length, parent)
        for length, parent in [(9, -1), (30, -1), (7, 0), (11, 0), (5, 1), (1, 1), (1, -1), (40, -1)]]
    weights = torch.rand(sum(len(s.ids) for s in segments) - 4, dtype=torch.float64, generator=draw)
    (batch_logprobs(ours, pack(segments)) * weights).sum().backward()
    (one_at_a_time(theirs, segments) * weights).sum().backward()
    for (name, mine), (_, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        # Llama's norm and rotary tables compute in float32 whatever the model's dtype, so the two agree to that.
        torch.testing.assert_close(
            mine.grad, other.grad, rtol=1e-5, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


@settings(max_examples=15, deadline=None)
@given(segments=documents(), data=st.data())
def test_a_changed_token_changes_no_other_document_by_a_bit(
    loaded: LoadedModel, segments: list[Segment], data: st.DataObject
) -> None:
    victim = data.draw(st.integers(0, len(segments) - 1))
    ids = list(segments[victim].ids)
    ids[data.draw(st.integers(0, len(ids) - 1))] += 1
    ids = [index % VOCABULARY for index in ids]
    changed = [Segment(ids, s.trained, s.parent) if number == victim else s for number, s in enumerate(segments)]
    batch = pack(segments)
    with torch.no_grad():
        before, after = (hidden_states(loaded.model, pack(rows)) for rows in (segments, changed))
    start = 0
    for number, segment in enumerate(segments):
        same = torch.equal(before[start : start + len(segment.ids)], after[start : start + len(segment.ids)])
        assert same or number == victim or segment.parent == victim
        start += len(segment.ids)
    assert start == batch.tokens


def test_no_gradient_reaches_another_document(loaded: LoadedModel) -> None:
    rows = [Segment(list(range(start, start + 20)), [True] * 20) for start in (10, 40, 70)]
    batch = pack(rows)
    loaded.model.zero_grad()
    batch_logprobs(loaded.model, batch)[batch.owner == 1].sum().backward()
    embedding = loaded.model.base_model.embed_tokens.weight
    # Rows of the tied matrix get gradient as outputs too; so look at the inputs' part alone.
    inputs = embedding[batch.ids].detach().requires_grad_()
    out = loaded.model.base_model(inputs_embeds=inputs[None], position_ids=batch.positions[None],
                                  attention_mask=torch.zeros(1, 1, 1, 1), use_cache=False, plan=batch.plan)
    out.last_hidden_state[0, 20:40].sum().backward()
    assert inputs.grad is not None
    assert inputs.grad[20:40].abs().min() > 0
    assert torch.equal(inputs.grad[:20], torch.zeros(20, 32)) and torch.equal(inputs.grad[40:], torch.zeros(20, 32))


def test_entropy_is_that_of_the_plain_distribution(loaded: LoadedModel, plain: LoadedModel) -> None:
    rows = [Segment(list(range(5, 35)), [True] * 30)]
    with torch.no_grad():
        _, entropy = batch_logprobs_and_entropy(loaded.model, pack(rows), temperature=0.8)
        logits = plain.model(input_ids=torch.tensor([rows[0].ids])).logits[0, :-1] / 0.8
    torch.testing.assert_close(entropy, torch.distributions.Categorical(logits=logits).entropy(), rtol=0, atol=1e-5)


def test_an_ordinary_batch_and_a_cache_work_as_with_sdpa(loaded: LoadedModel, plain: LoadedModel) -> None:
    ids = torch.arange(10, 26).view(2, 8)
    mask = torch.ones(2, 8, dtype=torch.int64)
    mask[0, :3] = 0
    ours, theirs = (one.model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=6, do_sample=False)
                    for one in (loaded, plain))
    assert torch.equal(ours, theirs)


def test_what_cannot_be_packed_is_said() -> None:
    with pytest.raises(ValueError, match="segment 0: 0 ids"):
        pack([Segment([], [])])
    with pytest.raises(ValueError, match="cannot be its parent"):
        pack([Segment([1], [True]), Segment([1], [True], 0), Segment([1], [True], 1)])


def test_a_window_shorter_than_a_segment_is_a_mistake(loaded: LoadedModel) -> None:
    from postgrad.models.packed import packed_attention

    batch = pack([Segment(list(range(20)), [True] * 20)])
    q = torch.zeros(1, 4, 20, 8)
    with pytest.raises(Mistake, match="cannot be packed"):
        packed_attention(loaded.model, q, q, q, None, plan=batch.plan, sliding_window=8)
    with pytest.raises(Mistake, match="cannot be packed"):
        packed_attention(loaded.model, q, q, q, None, plan=batch.plan, softcap=30.0)
