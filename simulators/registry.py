"""Which simulators there are, and what must run for them. Adding one is adding a line."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from simulators.contract.simulator import Simulator
from simulators.in_process import InProcess
from simulators.openfisca_france import hiring_cost, income_tax
from simulators.openfisca_france.model import CURRENT, OpenFiscaModel, pool_of
from simulators.openfisca_france.pool import EnginePool, Limits
from simulators.retirement import declaration as retirement
from simulators.retirement.model import VERSION, compute

THREADS = 2  # for arithmetic of our own: it is short, and shares the process's lock


@dataclass(frozen=True)
class Simulators:
    """The simulators of one process, with the engines and threads that they use."""

    by_id: Mapping[str, Simulator]
    pools: tuple[EnginePool, ...]
    executor: ThreadPoolExecutor

    def needs_engines(self, name: str) -> bool:
        """Whether what computes this simulator must be started first."""
        held = self.by_id.get(name)
        return held is not None and any(isinstance(one, OpenFiscaModel) for one in held.models)

    def start(self) -> None:
        """Start the engines without waiting for them. Needs a running event loop."""
        for pool in self.pools:
            pool.start()

    async def close(self) -> None:
        """Stop what `start` started."""
        for pool in self.pools:
            await pool.close()
        self.executor.shutdown(wait=False, cancel_futures=True)


def described() -> tuple[Simulator, ...]:
    """The simulators without anything that computes them: what documentation needs."""
    return (income_tax.declare(()), hiring_cost.declare(()), retirement.declare(()))


def open_simulators(limits: Limits) -> Simulators:
    """Everything declared, nothing started."""
    executor = ThreadPoolExecutor(THREADS, thread_name_prefix="simulators")
    pool = pool_of(CURRENT, limits)
    declared = (
        income_tax.declare((OpenFiscaModel(CURRENT, pool, income_tax.PROGRAM),)),
        hiring_cost.declare((OpenFiscaModel(CURRENT, pool, hiring_cost.PROGRAM),)),
        retirement.declare((InProcess(VERSION, compute, executor),)),
    )
    return Simulators({one.id: one for one in declared}, (pool,), executor)
