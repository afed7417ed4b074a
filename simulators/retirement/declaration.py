"""The retirement simulator as the public sees it."""

from simulators.contract.simulator import Model, Simulator
from simulators.contract.texts import Text
from simulators.retirement.inputs import (
    FIELDS,
    L161_17_2,
    OUT_OF_SCOPE,
    POINTS,
    R351_29,
    settle,
    supported,
)

# An example that is answered: a career known by its statement.
SAMPLE = {
    "average_salary": 26000.0, "quarters": 169, "contributed_quarters": 165, "points": 5200.0,
}  # fmt: skip


def declare(models: tuple[Model, ...]) -> Simulator:
    """The simulator, computed by these models."""
    return Simulator(
        id="retirement",
        title=Text("Retraite", "Retirement pension"),
        summary=Text(
            "La retraite d'un salarié du privé à son départ : régime général et Agirc-Arrco.",
            "The pension of a private-sector employee at departure: base scheme and Agirc-Arrco.",
        ),
        fields=FIELDS,
        principal="delay_months",
        settle=settle,
        models=models,
        out_of_scope=OUT_OF_SCOPE,
        law=(L161_17_2, R351_29, POINTS),
        supported=supported(),
        sample=SAMPLE,
    )
