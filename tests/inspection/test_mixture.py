"""What the report says of the mixture: shares of its unit, and sources that are left out."""

from typing import Any

from postgrad.inspection.mixture import mixture


class FakeRun:
    def __init__(self, parts: list[dict[str, Any]]) -> None:
        self.parts = parts
        self.recipe = {"capabilities": {
            "math": {"priority": 3.0}, "tales": {"priority": 1.0}, "code": {"priority": 6.0}}}

    def json(self, step: str, name: str) -> Any:
        return {"unit": "rows", "parts": self.parts} if self.parts else None


def part(source: str, capability: str, share: float, left_out: bool = False) -> dict[str, Any]:
    return {"source": source, "capability": capability, "rows": 1, "tokens": 999, "epochs": 1.0, "target_share": 0.0,
            "reached_share": share, "left_out": left_out}


def test_shares_are_those_of_the_mixture_and_what_is_left_out_aims_at_nothing() -> None:
    parts = [part("sums", "math", 0.5), part("proofs", "math", 0.0, True), part("old", "tales", 0.5),
             part("c", "code", 0.0, True)]
    capabilities, sources = mixture(FakeRun(parts))  # type: ignore[arg-type]
    assert [(one.name, one.aimed, one.reached, one.left_out) for one in capabilities] == [
        ("math", 0.75, 0.5, False), ("tales", 0.25, 0.5, False), ("code", 0.0, 0.0, True)]
    assert [one.left_out for one in sources] == [False, True, False, True]
    assert mixture(FakeRun([])) == ([], [])  # type: ignore[arg-type]
