"""Contributions that arrive in one process, written together: one transaction, one wait for the
disk, for all that came within a few milliseconds.

Each sender waits for the commit of their own: what is answered is durable. One connection is used,
however many arrive, so a flood leaves the others to readers of the map.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import psycopg_pool

from config.errors import Unavailable
from config.settings import CrowdSettings
from crowd import receiving
from crowd.receiving import Arrival, Receipt
from crowd.signing import Keyring

MOST_TOGETHER = 64  # forms of one transaction: a few milliseconds of locks
LOOK_SECONDS = 1.0  # between two counts of the moderators' queue
log = logging.getLogger("guichet.intake")
# One of a batch may be to blame, and the others are tried without it.
_OF_ONE = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    marks: frozenset[str]
    receipt: "asyncio.Future[Receipt]"

    def fail(self, error: BaseException) -> None:
        if not self.receipt.done():
            self.receipt.set_exception(error)


class Intake:
    """The line in which contributions wait for the next transaction of this process."""

    def __init__(
        self, pool: psycopg_pool.AsyncConnectionPool, keyring: Keyring, settings: CrowdSettings
    ) -> None:
        self._pool = pool
        self._keyring = keyring
        self._settings = settings
        self._line: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._full = False
        self._looked = -LOOK_SECONDS

    async def submit(self, arrival: Arrival) -> Receipt:
        """Receive one form; its receipt, once it is durable. Raises Unavailable when too many wait,
        here for the disk or there for a moderator."""
        if len(self._line) >= self._settings.most_in_line:
            raise Unavailable("Too many contributions arrive at once; send this one in a moment.")
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._line.append(_Waiting(arrival, receiving.marks(arrival.sent), receipt))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await receipt

    async def _write(self) -> None:
        try:
            while self._line:
                if len(self._line) < MOST_TOGETHER:
                    await asyncio.sleep(self._settings.gather_ms / 1000)
                await self._receive(take_apart(self._line, MOST_TOGETHER))
        finally:
            self._writer = None

    async def _receive(self, batch: Sequence[_Waiting]) -> None:
        """Write a batch; when one of it cannot be, each alone. Never raises."""
        try:
            await self._together(batch)
        except Exception as error:
            away = isinstance(error, (psycopg.OperationalError, OSError))
            away = away or isinstance(error, psycopg_pool.PoolTimeout)
            if len(batch) == 1 or (away and not isinstance(error, _OF_ONE)):
                for one in batch:
                    one.fail(error)
                return
            log.warning("%d contributions are received one by one", len(batch), exc_info=True)
            for one in batch:
                await self._receive([one])

    async def _together(self, batch: Sequence[_Waiting]) -> None:
        async with self._pool.connection() as conn:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._full = await receiving.queue_is_full(conn, self._settings.most_open)
                self._looked = time.monotonic()
            keys = await self._keyring.keys(conn)
            arrivals = [one.arrival for one in batch]
            receipts = await receiving.submit_together(conn, keys, arrivals, full=self._full)
        for one, receipt in zip(batch, receipts, strict=True):
            if receipt is None:
                one.fail(receiving.too_many())
            elif not one.receipt.done():  # else its sender went away: it is received all the same
                one.receipt.set_result(receipt)


def take_apart(line: "deque[_Waiting]", most: int) -> list[_Waiting]:
    """Take from a line, in its order, those that share no mark with one taken or left before them.

    What is left keeps its order: two of one author are received in the order in which they came.
    """
    taken: list[_Waiting] = []
    left: list[_Waiting] = []
    known: set[str] = set()
    while line and len(taken) < most:
        one = line.popleft()
        (taken if known.isdisjoint(one.marks) else left).append(one)
        known |= one.marks
    line.extendleft(reversed(left))
    return taken
