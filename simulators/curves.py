"""What changes when one input does: a curve of the value and of its marginal rate."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec

from simulators.contract.faults import Fault, Faulty, nearest, pointer
from simulators.contract.fields import Number, Whole, Wrong
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call, Model, Simulator
from simulators.contract.texts import Text

MOST_POINTS = 500


class Point(msgspec.Struct, frozen=True):
    """`value` is None where the case cannot be simulated."""

    x: float
    value: float | None
    marginal_rate: float | None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a simulator along one of its inputs."""

    simulator: str
    model: str
    law_date: date
    variable: str
    variable_unit: str
    unit: str
    points: tuple[Point, ...]


async def curve(
    simulator: Simulator, model: Model, call: Call, variable: str | None,
    low: float, high: float, count: int,
) -> Curve:  # fmt: skip
    """The curve of a call when `variable` goes from `low` to `high`.

    Raises Faulty: the variable is not a number, the range is empty or out of its bounds.
    """
    field = _variable(simulator, variable or simulator.principal)
    _check_range(field, low, high)
    places = [low + (high - low) * step / (count - 1) for step in range(count)]
    if isinstance(field, Whole):
        places = sorted({float(round(place)) for place in places})
    calls = [replace(call, values={**call.values, field.name: place}) for place in places]
    outcomes = await model.compute(calls)
    return Curve(
        simulator=simulator.id,
        model=model.version,
        law_date=call.law_date,
        variable=field.name,
        variable_unit=field.unit,
        unit=next((one.unit for one in outcomes if isinstance(one, Outcome)), ""),
        points=tuple(
            Point(round(place, 4), one.value, one.marginal_rate)
            if isinstance(one, Outcome)
            else Point(round(place, 4), None, None)
            for place, one in zip(places, outcomes, strict=True)
        ),
    )


def _variable(simulator: Simulator, name: str) -> Number:
    known: Mapping[str, Any] = {
        one.name: one for one in simulator.fields if isinstance(one, Number)
    }
    if name in known:
        found: Number = known[name]
        return found
    near = nearest(name, known)
    text = Text(
        f"Une entrée numérique parmi : {', '.join(known)}.",
        f"A numeric input among: {', '.join(known)}.",
    )
    fault = Fault(pointer="/variable", code="not-a-choice", message=text, suggestion=near)
    raise Faulty([fault])


def _check_range(field: Number, low: float, high: float) -> None:
    faults = []
    for name, value in (("min", low), ("max", high)):
        try:
            Number.read(field, value)
        except Wrong as wrong:
            faults.append(Fault(pointer=pointer(name), code=wrong.code, message=wrong.message))
    if not faults and low >= high:
        text = Text("« max » doit dépasser « min ».", "max must be above min.")
        faults.append(Fault(pointer="/max", code="inconsistent", message=text))
    if faults:
        raise Faulty(faults)
