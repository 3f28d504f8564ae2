"""What the report says of the mixture: shares of its unit, and sources that are left out."""

from typing import Any

from postgrad.inspection.mixture import mixture


class FakeRun:
    def __init__(self, parts: list[dict[str, Any]]) -> None:
        self.parts = parts
        names = ("prompts", "math", "tales", "code")  # SFT has no rows of the first
        self.recipe = {"capabilities": {name: {"priority": 1.0} for name in names}}

    def json(self, step: str, name: str) -> Any:
        return {"unit": "rows", "parts": self.parts} if self.parts else None


def part(source: str, capability: str, aimed: float, share: float, left_out: bool = False) -> dict[str, Any]:
    return {"source": source, "capability": capability, "rows": 1, "tokens": 999, "epochs": 1.0, "target_share": aimed,
            "reached_share": share, "left_out": left_out}


def test_shares_are_those_of_the_mixture_and_what_is_left_out_aims_at_nothing() -> None:
    parts = [part("c", "code", 0.0, 0.0, True), part("sums", "math", 0.5, 0.3), part("books", "math", 0.25, 0.2),
             part("proofs", "math", 0.0, 0.0, True), part("old", "tales", 0.25, 0.5)]
    capabilities, sources = mixture(FakeRun(parts))  # type: ignore[arg-type]
    assert [(one.name, one.aimed, one.reached, one.left_out) for one in capabilities] == [
        ("math", 0.75, 0.5, False), ("tales", 0.25, 0.5, False), ("code", 0.0, 0.0, True)]
    assert [one.left_out for one in sources] == [True, False, False, True, False]
    assert mixture(FakeRun([])) == ([], [])  # type: ignore[arg-type]
