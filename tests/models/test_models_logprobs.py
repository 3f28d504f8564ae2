"""Chunked log-probabilities against plain torch and against finite differences."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.models.logprobs import token_logprobs, token_logprobs_and_entropy


def made(
    tokens: int, width: int, vocabulary: int, seed: int, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    hidden = torch.randn(tokens, width, generator=draw, dtype=dtype, requires_grad=True)
    weight = torch.randn(vocabulary, width, generator=draw, dtype=dtype, requires_grad=True)
    return hidden, weight, torch.randint(0, vocabulary, (tokens,), generator=draw)


@settings(max_examples=40, deadline=None)
@given(tokens=st.integers(0, 40), chunk=st.integers(1, 50), temperature=st.floats(0.3, 3), seed=st.integers(0, 99))
def test_values_and_gradients_are_those_of_plain_torch(tokens: int, chunk: int, temperature: float, seed: int) -> None:
    hidden, weight, targets = made(tokens, 6, 13, seed, torch.float64)
    outer = torch.randn(tokens, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + 1))
    ours, entropy = token_logprobs_and_entropy(hidden, weight, targets, temperature=temperature, chunk=chunk)
    (ours * outer).sum().backward()
    found = [hidden.grad, weight.grad]
    hidden.grad = weight.grad = None
    plain = (hidden @ weight.T / temperature).log_softmax(1)
    theirs = plain.gather(1, targets[:, None])[:, 0]
    (theirs * outer).sum().backward()
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(entropy, -(plain.exp() * plain).sum(1).detach())
    torch.testing.assert_close(found, [hidden.grad, weight.grad])
    assert not entropy.requires_grad


def test_gradients_are_those_of_finite_differences() -> None:
    hidden, weight, targets = made(7, 3, 5, 0, torch.float64)
    assert torch.autograd.gradcheck(
        lambda h, w: token_logprobs(h, w, targets, temperature=1.3, chunk=3), (hidden, weight)
    )


def test_half_precision_is_summed_in_float32() -> None:
    hidden, weight, targets = made(9, 16, 50, 0, torch.float32)
    low = token_logprobs(hidden.bfloat16(), weight.bfloat16(), targets)
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, token_logprobs(hidden, weight, targets), rtol=0.05, atol=0.2)


def test_the_vocabulary_sized_tensor_never_exists_whole() -> None:
    hidden, weight, targets = made(4000, 4, 3000, 0, torch.float32)
    largest = 0
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t),
        torch.profiler.profile(profile_memory=True) as seen,
    ):
        token_logprobs(hidden, weight, targets, chunk=100).sum().backward()
    for event in seen.events():
        largest = max(largest, event.cpu_memory_usage)
    assert largest < 4000 * 3000 * 4 / 10
