"""What became of the real cases: read from validation.json, which a test writes.

The page of the method shows these and nothing else: a case that differs is there with its reason.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from simulators.contract.texts import Text

PATH = Path(__file__).with_name("validation.json")
STATES = ("agrees", "differs", "refused")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One real case. `tier` says how official its source is, `stage` what it tests."""

    id: str
    year: int
    stage: str
    tier: str
    source: str
    tolerance: float
    state: str
    differences: dict[str, float]
    reason: str | None

    @property
    def simulator(self) -> str:
        """The identifier of the simulator that was tried: `hiring_cost-004` is of hiring-cost."""
        name = self.id.rpartition("-")[0].replace("_", "-")
        return "retirement" if name == "pension" else name

    @property
    def why(self) -> Text:
        """The reason in both languages, where it was written in both."""
        french, _, english = (self.reason or "").partition(" / ")
        return Text(french, english or french)


class Validation(msgspec.Struct, frozen=True):
    """The whole of the file: the model that was tried and its cases."""

    model: str
    cases: tuple[Case, ...]


class Count(msgspec.Struct, frozen=True):
    """How many cases of one kind there are, by what became of them."""

    name: str
    agrees: int
    differs: int
    refused: int

    @property
    def all(self) -> int:
        return self.agrees + self.differs + self.refused


@cache
def published() -> Validation:
    return msgspec.json.decode(PATH.read_bytes(), type=Validation)


def counted(named: Iterable[tuple[str, Case]]) -> tuple[Count, ...]:
    """Counts by name, the most numerous first. Each case is in one of them."""
    found: dict[str, dict[str, int]] = {}
    for name, case in named:
        states = found.setdefault(name, dict.fromkeys(STATES, 0))
        states[case.state] += 1
    counts = [Count(name, **states) for name, states in found.items()]
    return tuple(sorted(counts, key=lambda count: (-count.all, count.name)))
