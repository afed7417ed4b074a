"""The question turned round: which input gives the figure that somebody wants?"""

from collections.abc import Mapping
from dataclasses import replace

from simulators.contract.faults import Fault, Faulty
from simulators.contract.fields import Number, Value
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call, Model, Simulator
from simulators.contract.texts import Text

POINTS = 65  # of one vectorised simulation, which costs what one point costs
PRECISION = 0.005  # in the unit of the input: half a cent


async def solve(
    simulator: Simulator, model: Model, call: Call, figure: str, wanted: float
) -> tuple[Call, Outcome]:
    """The smallest principal input at which `figure` reaches `wanted`, and its outcome.

    The figure grows with the input, with jumps where a threshold is crossed: after a jump the
    figure found may exceed the wanted one. Raises Faulty when no input within its bounds does.
    """
    field = simulator.by_name[simulator.principal]
    if not isinstance(field, Number):
        raise TypeError(f"{field.name} is not a number")
    low, high = field.minimum, field.maximum
    while True:
        places = [low + (high - low) * step / (POINTS - 1) for step in range(POINTS)]
        outcomes = await model.compute([_at(call, field.name, place) for place in places])
        reached = [_figure(one, figure) >= wanted for one in outcomes]
        if not any(reached):
            raise Faulty([_unreachable()])
        first = reached.index(True)
        if first == 0 or high - low <= PRECISION:
            break
        low, high = places[first - 1], places[first]
    cents = _at(call, field.name, round(places[first], 2))
    outcome = (await model.compute([cents]))[0]
    if isinstance(outcome, Faulty):
        raise outcome
    return cents, outcome


def _at(call: Call, name: str, value: float) -> Call:
    values: Mapping[str, Value] = {**call.values, name: value}
    return replace(call, values=values, given=call.given | {name})


def _figure(outcome: Outcome | Faulty, name: str) -> float:
    if isinstance(outcome, Faulty):
        return float("-inf")
    found = next(one.value for one in outcome.figures if one.id == name)
    return float("-inf") if found is None else found


def _unreachable() -> Fault:
    text = Text("Aucun salaire ne donne ce montant.", "No salary gives this amount.")
    return Fault(pointer="/wanted", code="too-large", message=text)
