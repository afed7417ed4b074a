"""One version of OpenFisca-France as a `Model`: calls become rows, rows become outcomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from simulators.contract.faults import Fault, Faulty
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call
from simulators.contract.texts import Text
from simulators.openfisca_france.engine.columns import WIDTHS
from simulators.openfisca_france.pool import EnginePool, Limits

ROOT = Path(__file__).resolve().parents[2]
CURRENT = "openfisca-france-176.1.8"
NOT_COMPUTABLE = Fault(
    pointer="",
    code="not-computable",
    message=Text("Le modèle ne sait pas calculer ce cas.", "The model cannot compute this case."),
)

type Outputs = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Program:
    """How one simulator uses the engine.

    `row` gives the cells of a call; `principal` is the cell that is raised by `step` to find the
    marginal rate; `outcome` reads what came back for the call and for the raised one.
    """

    number: int
    outputs: tuple[str, ...]
    when: Callable[[date], int]
    row: Callable[[Call], list[float]]
    principal: int
    step: float
    outcome: Callable[[Call, Outputs, Outputs], Outcome]


@dataclass
class OpenFiscaModel:
    """A program of a pool. Calls of several dates are as many simulations."""

    version: str
    pool: EnginePool
    program: Program

    async def compute(self, calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
        """Raises Unavailable when the engine does not answer."""
        found: list[Outcome | Faulty | None] = [None] * len(calls)
        places: dict[int, list[int]] = {}
        for place, call in enumerate(calls):
            places.setdefault(self.program.when(call.law_date), []).append(place)
        for when, here in places.items():
            rows = np.array([self.program.row(calls[place]) for place in here], dtype=np.float64)
            raised = rows.copy()
            raised[:, self.program.principal] += self.program.step
            computed = await self.pool.run(
                self.program.number, when, np.concatenate([rows, raised])
            )
            cells = computed.tolist()
            finite = np.isfinite(computed).all(axis=1).tolist()
            for turn, place in enumerate(here):
                base, more = cells[turn], cells[len(here) + turn]
                if not (finite[turn] and finite[len(here) + turn]):
                    found[place] = Faulty([NOT_COMPUTABLE])
                    continue
                found[place] = self.program.outcome(
                    calls[place],
                    dict(zip(self.program.outputs, base, strict=True)),
                    dict(zip(self.program.outputs, more, strict=True)),
                )
        return [one for one in found if one is not None]


def environment(version: str) -> Path:
    """The folder of a model's own environment, made by setup/engines.sh."""
    return ROOT / ".engines" / version


def pool_of(version: str, limits: Limits) -> EnginePool:
    """The engines of one version, not started."""
    program = (
        f"import runpy, sys; sys.path.append({str(ROOT)!r}); "
        "runpy.run_module('simulators.openfisca_france.engine.main', run_name='__main__')"
    )
    folder = environment(version)
    command = (str(folder / "bin" / "python"), "-I", "-B", "-c", program)
    return EnginePool(command, folder / ".installed", WIDTHS, limits)
