"""A model whose arithmetic is ours: pure Python, run in a few threads of the web process."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from config.errors import Unavailable
from simulators.contract.faults import Faulty
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call

DEADLINE_SECONDS = 10.0
MOST_WAITING = 256  # calls that wait for a thread, a millisecond each; more must come back

type Compute = Callable[[Sequence[Call]], Sequence[Outcome | Faulty]]


@dataclass
class InProcess:
    """A pure function as a `Model`. The executor is shared and bounded by who makes it."""

    version: str
    function: Compute
    executor: ThreadPoolExecutor
    waiting: int = 0

    async def compute(self, calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
        """Raises Unavailable when too many wait already, or after the deadline."""
        if self.waiting >= MOST_WAITING:
            raise Unavailable("Too many simulations are waiting; try again in a moment.")
        self.waiting += 1
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self.executor, self.function, calls)
        except TimeoutError:
            raise Unavailable("The simulation takes too long; try again in a moment.") from None
        finally:
            self.waiting -= 1
