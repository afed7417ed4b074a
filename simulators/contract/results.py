"""What a simulation answers: a figure with its unit, how it is made, and what was supposed."""

from datetime import date
from typing import Any

import msgspec

from simulators.contract.texts import Law, Text

NOTICE = Text(
    "Simulation à titre d'information : ce n'est pas une décision de l'administration.",
    "A simulation, for information: this is not a decision of the administration.",
)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One amount that people look for (net salary, tax, pension...)."""

    id: str
    label: Text
    value: float | None  # None: it cannot be known from these inputs
    unit: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the breakdown: `amount` is `base` x `rate` when both are given.

    Amounts are signed as they add up: a reduction is negative. `group` says which lines make
    which sum; `rate` is a share (0.153), not a percentage.
    """

    id: str
    label: Text
    amount: float
    unit: str
    base: float | None = None
    rate: float | None = None
    group: str = ""
    law: Law | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a model computes for one case; `value` is the figure that names the simulator.

    `marginal_rate` is the share of one more euro of the principal input which goes to the
    value; None when it has no meaning here.
    """

    value: float
    unit: str
    figures: tuple[Figure, ...]
    breakdown: tuple[Line, ...]
    marginal_rate: float | None
    warnings: tuple[Text, ...] = ()


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """A default that was used because the caller said nothing of it."""

    input: str
    label: Text
    value: Any
    unit: str | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the three simulators. The same inputs give the same bytes, for ever."""

    simulator: str
    model: str
    law_date: date
    value: float
    unit: str
    figures: tuple[Figure, ...]
    breakdown: tuple[Line, ...]
    assumptions: tuple[Assumption, ...]
    marginal_rate: float | None
    warnings: tuple[Text, ...]
    inputs: dict[str, Any]
    notice: Text = NOTICE
